// A figure without controls. It stays in place, with its zoom, while its data change.

import { figureTable } from "./csv.js";
import { createExports, figureSvg } from "./exporting.js";
import { curveLights } from "./lights.js";
import { counted, make } from "./parts.js";
import { PLOT_CONFIG, themed } from "./theme.js";

const HEIGHT = 320;

/** Lines keep their colours, which stand out from a light and a dark page; an area from nothing to blue cannot, nor can
 * the lines of many tasks, whose colours each theme has its own of. */
function coloured(trace, { palette }) {
  const place = trace.meta?.colour ?? trace.meta?.task; // where `task` is a name, the colour stands beside it
  if (Number.isInteger(place)) return { ...trace, line: { ...trace.line, color: palette.tasks[place] } };
  if (trace.meta !== "sequential") return trace;
  const nothing = palette.scale[Math.floor(palette.scale.length / 2)][1];
  return { ...trace, colorscale: [[0, nothing], trace.colorscale.at(-1)] };
}

export function createPlain({ Plotly, root }) {
  const plot = make("div", { class: "kindred-plot", role: "group" });
  const saving = createExports({
    name: () => data.key ?? data.label,
    picture: () => figureSvg(Plotly, { figure: plot, theme: shown.theme, title: data.label }),
    table: () => figureTable(shown.figure),
  });
  root.append(plot, saving.element);
  const lights = curveLights(plot);
  let data = null;
  let shown = null; // {figure, theme}
  let drawing = Promise.resolve();
  return {
    lights,
    take(now) {
      data = now;
      plot.setAttribute("aria-label", data.label);
    },
    draw({ figure }, theme, width) {
      shown = { figure, theme };
      const wide = Math.min(width, figure.layout.width ?? width);
      const layout = themed(figure.layout, theme, wide, figure.layout.height ?? HEIGHT);
      if (width < 560) layout.xaxis = { ...layout.xaxis, nticks: 5 };
      const traces = figure.data.map((trace) => coloured(trace, theme));
      counted(root, () => { drawing = Plotly.react(plot, traces, layout, PLOT_CONFIG); });
      drawing.then(lights.follow);
    },
    destroy() {
      lights.destroy();
      saving.destroy();
      return drawing.finally(() => Plotly.purge(plot)); // plotly cannot end a drawing of what is gone
    },
  };
}
