// The page's theme, read from Streamlit's CSS properties, and put onto a plotly layout.

/** Colours and font around an element; `palette` is the light or the dark one that Python sent. */
export function readTheme(element, palettes) {
  const style = getComputedStyle(element);
  const property = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  const background = property("--st-background-color", "#ffffff");
  const palette = luminance(background) < 0.35 ? palettes.dark : palettes.light;
  return {
    palette,
    background,
    raised: property("--st-secondary-background-color", palette.grid),
    text: property("--st-text-color", palette.text),
    primary: property("--st-primary-color", palette.helps),
    font: property("--st-font", "sans-serif"),
  };
}

function luminance(colour) {
  const probe = document.createElement("canvas").getContext("2d");
  probe.fillStyle = colour; // reads any CSS colour, and writes #rrggbb
  return luminanceOf(channels(probe.fillStyle));
}

const channels = (hex) => [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16) / 255);
const luminanceOf = ([red, green, blue]) => 0.2126 * red + 0.7152 * green + 0.0722 * blue;

/** Writing in a cell: a function from a value in -1 … 1 to black or white, whichever reads better on its colour. */
export function inkOn(scale) {
  const stops = scale.map(([at, colour]) => [at, luminanceOf(channels(colour).map((part) => part ** 2.2))]);
  return (value) => {
    const at = (Math.max(-1, Math.min(1, value)) + 1) / 2;
    const next = Math.max(1, stops.findIndex(([place]) => place >= at));
    const [[low, dark], [high, light]] = [stops[next - 1], stops[next]];
    return dark + ((light - dark) * (at - low)) / (high - low) > 0.18 ? "#10161d" : "#ffffff";
  };
}

/** A copy of a layout from Python in the theme's colours, without touching what the layout says itself. */
export function themed(layout, theme, width, height) {
  const axes = Object.keys(layout).filter((name) => /^[xy]axis\d*$/.test(name));
  const axis = { gridcolor: theme.palette.grid, linecolor: theme.palette.grid, zerolinecolor: theme.palette.muted };
  return {
    ...layout,
    ...Object.fromEntries(axes.map((name) => [name, { ...axis, ...layout[name] }])),
    template: undefined,
    width,
    height,
    autosize: false,
    uirevision: "kept", // zoom and pan survive new data
    font: { ...layout.font, color: theme.text, family: theme.font },
    hoverlabel: {
      ...layout.hoverlabel,
      bgcolor: theme.raised,
      bordercolor: theme.palette.muted,
      font: { color: theme.text, family: theme.font },
    },
  };
}

export const PLOT_CONFIG = {
  displaylogo: false,
  showSendToCloud: false, // nothing leaves this machine
  responsive: false,
  scrollZoom: false,
  doubleClick: "reset",
  modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
};

/** For charts with a layer below plotly's, which a picture made by plotly would lack. */
export const LAYERED_CONFIG = {
  ...PLOT_CONFIG,
  modeBarButtonsToRemove: [...PLOT_CONFIG.modeBarButtonsToRemove, "toImage"],
};
