// A matrix that stands still, drawn as the live heatmap is.

import { createCells } from "./cells.js";
import { unmarked } from "./csv.js";
import { createExports, figureSvg, layerSvg } from "./exporting.js";
import { createLegend } from "./legend.js";
import { matrixLights } from "./lights.js";
import { heatmapLayout, NARROWEST_WRITTEN, WRITTEN_UP_TO, zoomable } from "./matrix_layout.js";
import { createNumbers } from "./numbers.js";
import { brief, commonPower, counted, make } from "./parts.js";
import { inkOn, LAYERED_CONFIG } from "./theme.js";

export function createMatrix({ Plotly, root }) {
  const plot = make("div", { class: "kindred-plot", role: "group" });
  const legend = createLegend();
  const numbers = createNumbers();
  const picture = createCells();
  const stage = make("div", { class: "kindred-stage" }, picture.element, numbers.element, plot);
  const saving = createExports({ name: () => data.key, picture: drawing, table });
  root.append(stage, legend.element, saving.element);
  let names = []; // of the rows
  const lights = matrixLights(stage, plot, () => names);
  let data = null;
  let theme = null;
  let drawn = false;

  function drawing() {
    const layers = [layerSvg(picture), numbers.svg()];
    return figureSvg(Plotly, { figure: { data: [], layout: plot.layout }, theme, title: data.label, layers, legend: legend.svg });
  }

  /** The entries as they are, whatever the scale. */
  function table() {
    const cells = data.figure.data[0].customdata;
    return [["source", ...names], ...cells.map((row, at) => [names[at], ...row.map(([, value]) => value ?? NaN)])];
  }

  return {
    take(now) {
      data = now;
      names = data.figure.layout.meta.labels.full.map(unmarked);
      plot.setAttribute("aria-label", data.label);
    },
    draw({ figure, rows }, nowTheme, width) {
      theme = nowTheme;
      const tasks = rows.length;
      const [trace] = figure.data;
      const limit = trace.zmax;
      const layout = heatmapLayout(figure.layout, theme, width, tasks);
      const written = tasks <= WRITTEN_UP_TO && (layout.width - layout.margin.l - layout.margin.r) / tasks >= NARROWEST_WRITTEN;
      const power = written ? commonPower(limit) : 0;
      const { scale, blank } = theme.palette;
      const ink = inkOn(scale);
      stage.style.width = `${layout.width}px`;
      picture.place(layout);
      numbers.place(written ? tasks : 0, layout);
      legend.paint(theme);
      legend.show(figure.layout.meta, { limit, note: "", power, unsure: null });
      // plotly only says a pair when its cell is hovered
      const hovered = { ...trace, z: rows, texttemplate: undefined, opacity: 0, showscale: false };
      counted(root, () => {
        Plotly.react(plot, [hovered], layout, { ...LAYERED_CONFIG, displayModeBar: zoomable(tasks) ? "hover" : false });
        picture.paint(rows, null, { limit, scale, blank, ink });
        if (written) numbers.write(rows.map((row) => row.map((value) => (value === null ? ["", ""] : [brief(value, power), ink(value / limit)]))));
        picture.follow(plot);
        lights.follow();
      });
      if (!drawn) {
        drawn = true;
        plot.on("plotly_relayout", (change) => picture.follow(plot, change));
        plot.on("plotly_afterplot", lights.follow);
        plot.on("plotly_relayouting", (change) => picture.follow(plot, change));
      }
    },
    destroy() {
      saving.destroy();
      lights.destroy();
      Plotly.purge(plot);
    },
  };
}
