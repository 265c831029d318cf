// The affinity matrix over any interval: redrawn from prefix sums at every frame of a drag.

import { createCells, HATCHED_FROM } from "./cells.js";
import { cellCursor } from "./cursor.js";
import { createLegend } from "./legend.js";
import { heatmapLayout, NARROWEST_WRITTEN, WRITTEN_UP_TO, zoomable } from "./matrix_layout.js";
import { createNumbers } from "./numbers.js";
import { brief, capital, commonPower, counted, make, withError, written } from "./parts.js";
import { scaleOver, unsureCells } from "./scaling.js";
import { decodeSeries, errorOver, meanOver, sameSeries, windowMeans } from "./series.js";
import { createTimeSlider } from "./slider.js";
import { inkOn, LAYERED_CONFIG } from "./theme.js";

const REST_MS = 150;

export function createHeatmap({ Plotly, root, commit }) {
  const slider = createTimeSlider({ onInput: () => counted(root, move), onCommit: report });
  const plot = make("div", { class: "kindred-plot", tabindex: 0, role: "application" });
  const live = make("div", { class: "kindred-unseen", "aria-live": "polite" });
  const legend = createLegend();
  const numbers = createNumbers();
  const picture = createCells();
  const stage = make("div", { class: "kindred-stage" }, picture.element, numbers.element, plot);
  root.append(slider.element, stage, legend.element, live);

  let data = null;
  let series = null;
  let frozen = null; // in step mode, the scale over all windows
  let selected = null; // [source, target] as task numbers
  let theme = null;
  let shown = null; // {affinity, errors, values, limit, unsure}
  let ink = null; // the colour of the numbers on a cell
  let cellWidth = 0;
  let smallest = 0; // pixels across or down a cell, before any zoom
  let drawn = false;
  let resting = null; // a timer: plotly learns the numbers, for hovering, once they rest

  const place = (row, column) => data.order[row] * series.tasks + data.order[column];
  const cursor = cellCursor(plot, {
    size: () => series.tasks,
    moved(row, column) {
      live.textContent = `${pairName(row, column)}: ${describe(row, column)}`;
      outline();
    },
    chosen: select,
  });

  function pairName(row, column) {
    return `${data.tasks[data.order[row]]} → ${data.tasks[data.order[column]]}`;
  }

  function describe(row, column) {
    if (row === column && !data.show_self) return `${data.words.own}, not shown`;
    const cell = place(row, column);
    if (!Number.isFinite(shown.affinity[cell])) return "not observed";
    const raw = withError(shown.affinity[cell], shown.errors[cell]) + (shown.unsure[cell] ? ", unsure" : "");
    return data.scale === "shared" ? raw : `${raw}; on this scale ${written(shown.values[cell], 2)}`;
  }

  function select(row, column) {
    if (row === column && !data.show_self) return;
    const [source, target] = [data.order[row], data.order[column]];
    const again = selected && selected[0] === source && selected[1] === target;
    selected = again ? null : [source, target];
    live.textContent = again ? "Selection cleared" : `Selected ${pairName(row, column)}: ${describe(row, column)}`;
    outline();
    report();
  }

  function report() {
    commit({
      interval: slider.interval(),
      mode: slider.mode(),
      selected: selected && selected.map((task) => data.tasks[task]),
    });
  }

  /** What the slider's windows show, on the chosen scale. */
  function compute() {
    const affinity = meanOver(series, ...slider.shownWindows());
    const errors = errorOver(series, ...slider.shownWindows());
    const step = slider.mode() === "step";
    if (step) frozen ??= scaleOver(windowMeans(series), series.tasks, data.scale);
    const scaled = step ? frozen : scaleOver(affinity, series.tasks, data.scale);
    const unsure = data.mark_unsure ? unsureCells(affinity, errors, series.tasks, data.scale) : [];
    shown = { affinity, errors, unsure, ...scaled(affinity) };
    const some = data.words.unit === "seed" ? "these seeds" : "this interval";
    const note = step ? `the same colours at every ${data.words.unit}` : `colours fitted to ${some}`;
    legend.show(data, { limit: shown.limit, note, power: writes() ? commonPower(shown.limit) : 0, unsure: marking() });
  }

  const marking = () => (hatches() ? (smallest < HATCHED_FROM ? "faded" : "hatched") : null);
  const hatches = () => data.mark_unsure && shown.errors.some(Number.isFinite);
  const writes = () => series.tasks <= WRITTEN_UP_TO && cellWidth >= NARROWEST_WRITTEN;

  function writeNumbers(rows) {
    const power = commonPower(shown.limit);
    const number = (value) => (Number.isFinite(value) ? [brief(value, power), ink(value / shown.limit)] : ["", ""]);
    if (writes()) numbers.write(rows.map((row) => row.map(number)));
  }

  const inRows = (content) => data.order.map((_, row) => data.order.map((__, column) => content(row, column)));

  /** What is in the cells, row by row; null where nothing is shown. */
  function cellValues() {
    return inRows((row, column) => (row === column && !data.show_self ? null : shown.values[place(row, column)]));
  }

  function paint(rows) {
    const { scale, blank } = theme.palette;
    const doubts = hatches() ? inRows((row, column) => shown.unsure[place(row, column)]) : null;
    picture.paint(rows, doubts, { limit: shown.limit, scale, blank, ink });
    writeNumbers(rows);
  }

  /** What plotly needs to say a pair when its cell is hovered; it would be silent on a cell without a number. */
  function hovered(rows) {
    const names = data.figure.layout.meta.labels.full;
    return {
      z: rows.map((values) => values.map((value) => (Number.isNaN(value) ? 0 : value))),
      text: inRows((row, column) =>
        `${names[row]} → ${names[column]}: ${describe(row, column).replace("; ", "<br>")}`),
    };
  }

  function move() {
    compute();
    const rows = cellValues();
    paint(rows);
    root.dataset.resting = "false";
    clearTimeout(resting);
    resting = setTimeout(() => {
      const { z, text } = hovered(rows);
      Plotly.restyle(plot, { z: [z], text: [text] }, [0]);
      root.dataset.resting = "true";
    }, REST_MS);
  }

  function shapes() {
    const around = (row, column, line) => ({
      type: "rect", x0: column - 0.5, x1: column + 0.5, y0: row - 0.5, y1: row + 0.5, line,
    });
    const found = [];
    if (selected) {
      const [row, column] = selected.map((task) => data.order.indexOf(task));
      found.push(around(row, column, { color: theme.background, width: 5 }));
      found.push(around(row, column, { color: theme.text, width: 2.5 }));
    }
    if (cursor.shown()) found.push(around(...cursor.cell(), { color: theme.primary, width: 2.5, dash: "dot" }));
    return found;
  }

  function outline() {
    if (drawn) Plotly.relayout(plot, { shapes: shapes() });
  }

  return {
    take(now, view) {
      if (!data || now.tasks.length !== series.tasks || !sameSeries(now.series, data.series)) {
        series = decodeSeries(now.series, now.tasks.length);
        slider.setEdges(series.edges);
      }
      data = now;
      slider.setUnit(data.words.unit);
      frozen = null;
      plot.setAttribute(
        "aria-label",
        `${capital(data.words.name)} heatmap, rows are sources, columns are targets. ` +
          "Arrow keys move between cells, Enter selects.",
      );
      if (view) {
        slider.setView(view);
        selected = view.selected && view.selected.map((name) => data.tasks.indexOf(name));
      }
    },
    draw(_, nowTheme, width) {
      clearTimeout(resting); // what a drag left to tell plotly is told below, or is no longer so
      theme = nowTheme;
      ink = inkOn(theme.palette.scale);
      const layout = heatmapLayout(data.figure.layout, theme, width, series.tasks);
      cellWidth = (layout.width - layout.margin.l - layout.margin.r) / series.tasks;
      smallest = Math.min(cellWidth, (layout.height - layout.margin.t - layout.margin.b) / series.tasks);
      stage.style.width = `${layout.width}px`;
      numbers.place(writes() ? series.tasks : 0, layout);
      picture.place(layout);
      compute();
      legend.paint(theme);
      layout.shapes = shapes();
      const rows = cellValues();
      const trace = {
        ...data.figure.data[0],
        ...hovered(rows),
        zmin: -shown.limit,
        zmax: shown.limit,
        hovertemplate: "%{text}<extra></extra>",
        texttemplate: undefined,
        opacity: 0,
        showscale: false,
      };
      const config = { ...LAYERED_CONFIG, displayModeBar: zoomable(series.tasks) ? "hover" : false };
      counted(root, () => {
        Plotly.react(plot, [trace], layout, config);
        paint(rows);
        picture.follow(plot);
      });
      root.dataset.resting = "true";
      if (!drawn) {
        drawn = true;
        plot.on("plotly_click", ({ points: [point] }) => select(Number(point.y), Number(point.x)));
        plot.on("plotly_relayout", (change) => picture.follow(plot, change));
        plot.on("plotly_relayouting", (change) => picture.follow(plot, change));
      }
    },
    destroy() {
      clearTimeout(resting);
      slider.destroy();
      Plotly.purge(plot);
    },
  };
}
