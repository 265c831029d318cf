// A figure without controls. It stays in place, with its zoom, while its data change.

import { counted, make } from "./parts.js";
import { PLOT_CONFIG, themed } from "./theme.js";

const HEIGHT = 320;

/** Lines keep their colours, which stand out from a light and a dark page; an area from nothing to blue cannot, nor can
 * the lines of many tasks, whose colours each theme has its own of. */
function coloured(trace, { palette }) {
  if (Number.isInteger(trace.meta?.task)) return { ...trace, line: { ...trace.line, color: palette.tasks[trace.meta.task] } };
  if (trace.meta !== "sequential") return trace;
  const nothing = palette.scale[Math.floor(palette.scale.length / 2)][1];
  return { ...trace, colorscale: [[0, nothing], trace.colorscale.at(-1)] };
}

export function createPlain({ Plotly, root }) {
  const plot = make("div", { class: "kindred-plot", role: "img" });
  root.append(plot);
  let drawing = Promise.resolve();
  return {
    take(data) {
      plot.setAttribute("aria-label", data.label);
    },
    draw({ figure }, theme, width) {
      const wide = Math.min(width, figure.layout.width ?? width);
      const layout = themed(figure.layout, theme, wide, figure.layout.height ?? HEIGHT);
      if (width < 560) layout.xaxis = { ...layout.xaxis, nticks: 5 };
      const traces = figure.data.map((trace) => coloured(trace, theme));
      counted(root, () => { drawing = Plotly.react(plot, traces, layout, PLOT_CONFIG); });
    },
    destroy: () => drawing.finally(() => Plotly.purge(plot)), // plotly cannot end a drawing of what is gone
  };
}
