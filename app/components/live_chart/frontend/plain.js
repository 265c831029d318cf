// A figure without controls. It stays in place, with its zoom, while its data change.

import { counted, make } from "./parts.js";
import { PLOT_CONFIG, themed } from "./theme.js";

const HEIGHT = 320;

/** Lines keep their colours, which stand out from a light and a dark page; an area from nothing to blue cannot. */
function coloured(trace, { palette }) {
  if (trace.meta !== "sequential") return trace;
  const nothing = palette.scale[Math.floor(palette.scale.length / 2)][1];
  return { ...trace, colorscale: [[0, nothing], trace.colorscale.at(-1)] };
}

export function createPlain({ Plotly, root }) {
  const plot = make("div", { class: "kindred-plot", role: "img" });
  root.append(plot);
  return {
    take(data) {
      plot.setAttribute("aria-label", data.label);
    },
    draw({ figure }, theme, width) {
      const wide = Math.min(width, figure.layout.width ?? width);
      const layout = themed(figure.layout, theme, wide, figure.layout.height ?? HEIGHT);
      if (width < 560) layout.xaxis = { ...layout.xaxis, nticks: 5 };
      counted(root, () => Plotly.react(plot, figure.data.map((trace) => coloured(trace, theme)), layout, PLOT_CONFIG));
    },
    destroy: () => Plotly.purge(plot),
  };
}
