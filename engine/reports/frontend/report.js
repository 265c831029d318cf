// Unpacks plotly.js, which lies compressed in the page, and draws every figure in the reader's theme and width.
(() => {
  "use strict";
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const NARROW = 600;
  const LABEL = 14; // pixels that a name takes
  const CONFIG = {
    displaylogo: false,
    showSendToCloud: false,
    scrollZoom: false,
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
  };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const plots = [...document.querySelectorAll(".plot")];
  let printing = false;

  async function unpackPlotly() {
    const packed = Uint8Array.from(atob(document.getElementById("plotly").textContent), (each) => each.charCodeAt(0));
    const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(unpacked).text();
    document.head.append(script);
  }

  /** A copy of plain data, with each colour of the light palette replaced by the dark one. */
  function coloured(value, colours) {
    if (Array.isArray(value)) return value.map((each) => coloured(each, colours));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, coloured(each, colours)]));
    }
    return typeof value === "string" && Object.hasOwn(colours, value) ? colours[value] : value;
  }

  function themed(layout, style, width) {
    const colour = (name) => style.getPropertyValue(name).trim();
    const axis = { gridcolor: colour("--line"), linecolor: colour("--line"), zerolinecolor: colour("--muted"), automargin: true };
    const axes = Object.keys(layout).filter((name) => /^[xy]axis\d*$/.test(name));
    return {
      ...layout,
      ...Object.fromEntries(axes.map((name) => [name, { ...axis, ...layout[name] }])),
      width: Math.min(width, layout.width ?? width),
      font: { ...layout.font, color: colour("--text"), family: style.fontFamily },
      hoverlabel: { ...layout.hoverlabel, bgcolor: colour("--raised"), bordercolor: colour("--muted"), font: { color: colour("--text") } },
    };
  }

  /** A matrix is as high as it is wide; on a narrow page its labels are short and its colour bar lies above it. */
  function fitted(traces, layout, width, theme) {
    const narrow = width < NARROW;
    if (narrow && layout.meta?.narrow) return [traces, { ...layout, yaxis: { ...layout.yaxis, ticktext: layout.meta.narrow } }];
    if (!traces.some((trace) => trace.type === "heatmap")) return [traces, layout];
    const count = layout.xaxis.tickvals.length;
    const labels = layout.meta?.labels;
    const bar = { orientation: "h", x: 0.5, y: 1.02, yanchor: "bottom", thickness: 10, len: 1 };
    const roomy = width / count > 56; // numbers can be read
    const shown = traces.map((trace) => {
      if (trace.meta?.ink) return { ...trace, visible: roomy, textfont: { ...trace.textfont, color: trace.meta.ink[theme] } };
      if (trace.type !== "heatmap") return trace;
      const title = { ...trace.colorbar?.title, side: "top" };
      return {
        ...trace,
        texttemplate: roomy ? trace.texttemplate : undefined,
        colorbar: narrow ? { ...trace.colorbar, ...bar, title } : trace.colorbar,
      };
    });
    if (!labels) return [shown, layout];
    const height = Math.max(320, Math.min(820, narrow ? 1.15 * width + 60 : 0.78 * width, 200 + 40 * count));
    const every = Math.ceil((LABEL * count) / (height - 130)); // no more names than can be read
    const names = narrow || count > 25 ? labels.narrow : labels.wide;
    const shownNames = {
      ticktext: names.filter((_, each) => each % every === 0),
      tickvals: layout.xaxis.tickvals.filter((_, each) => each % every === 0),
    };
    const fit = {
      xaxis: { ...layout.xaxis, ...shownNames, tickangle: -90 },
      yaxis: { ...layout.yaxis, ...shownNames },
      height,
      margin: { ...layout.margin, l: 24, b: 24, t: narrow ? 56 : 12 },
    };
    return [shown, { ...layout, ...fit }];
  }

  function draw(plot) {
    const theme = printing || !dark.matches ? "light" : "dark";
    const { data, layout } = read(plot.dataset.figure);
    const colours = theme === "light" ? {} : read("colours");
    const width = Math.floor(plot.getBoundingClientRect().width);
    if (!width) return undefined;
    const [traces, fittedLayout] = fitted(coloured(data, colours), coloured(layout, colours), width, theme);
    const drawing = Plotly.react(plot, traces, themed(fittedLayout, getComputedStyle(document.body), width), CONFIG);
    return drawing.then(() => { plot.dataset.drawn = theme; });
  }

  const drawAll = () => plots.forEach(draw);

  async function start() {
    try {
      await unpackPlotly();
    } catch {
      for (const plot of plots) plot.textContent = read("words").no_plot;
      return;
    }
    drawAll();
    dark.addEventListener("change", drawAll);
    let due;
    addEventListener("resize", () => { clearTimeout(due); due = setTimeout(drawAll, 150); });
    const print = matchMedia("print");
    print.addEventListener("change", () => { printing = print.matches; drawAll(); });
  }

  start();
})();
