// The affinity matrix over any interval: redrawn from prefix sums at every frame of a drag.

import { createCells, HATCHED_FROM } from "./cells.js";
import { cellCursor } from "./cursor.js";
import { createDendrogram, treeWidth } from "./dendrogram.js";
import { createExports, figureSvg, layerSvg } from "./exporting.js";
import { createFinder } from "./finder.js";
import { light } from "./focus.js";
import { createLegend } from "./legend.js";
import { matrixLights } from "./lights.js";
import { createMarks } from "./marks.js";
import { axisTicks, heatmapLayout, NARROWEST_WRITTEN, WRITTEN_UP_TO, zoomable } from "./matrix_layout.js";
import { createNumbers } from "./numbers.js";
import { brief, capital, commonPower, counted, make, withError, written } from "./parts.js";
import { createFixedScale, scaleOver, unsureCells } from "./scaling.js";
import { decodeSeries, errorOver, meanOver, sameSeries } from "./series.js";
import { shownSpan } from "./span.js";
import { createTimeSlider } from "./slider.js";
import { say } from "./texts.js";
import { inkOn, LAYERED_CONFIG } from "./theme.js";
import { createZoom } from "./zoom.js";

const REST_MS = 150;
const NAMES_MS = 60;
// plotly only says a pair when its cell is hovered: what it draws itself is not seen, and need not be sharp
export const UNSEEN = { opacity: 0, zsmooth: "fast", xgap: 0, ygap: 0 };
const CONFIG = { ...LAYERED_CONFIG, displayModeBar: false, doubleClick: false };

/** `shared`: the time slider of several charts, which moves them itself; the chart has one of its own otherwise. */
export function createHeatmap({ Plotly, root, commit, shared }) {
  const slider = shared ?? createTimeSlider({ onInput: () => counted(root, move), onCommit: report });
  const plot = make("div", { class: "kindred-plot", tabindex: 0, role: "application" });
  const live = make("div", { class: "kindred-unseen", "aria-live": "polite" });
  const legend = createLegend();
  const numbers = createNumbers();
  const picture = createCells();
  const marks = createMarks();
  const tree = createDendrogram({ onInput: () => counted(root, mark), onCommit: report });
  const names = () => data.order.map((task) => data.tasks[task]);
  const finder = createFinder({ names, onFound: () => counted(root, showFound), onChosen: (places) => zoom.to(places) });
  const zoom = createZoom({ plot, size: () => series.tasks, onChange: () => counted(root, rezoom) });
  const tools = make("div", { class: "kindred-tools" }, finder.element, zoom.element);
  const saving = createExports({ name: fileName, picture: drawing, table });
  const stage = make("div", { class: "kindred-stage" }, picture.element, marks.element, numbers.element, tree.element, plot);
  root.append(slider.element, tools, tree.slider, stage, legend.element, saving.element, slider.list, live);
  const lights = matrixLights(stage, plot, names);
  const fixedScale = createFixedScale();

  let data = null;
  let series = null;
  let frozen = null; // in step mode, the scale over all windows
  let selected = null; // [source, target] as task numbers
  let theme = null;
  let layout = null;
  let shown = null; // {affinity, errors, values, limit, unsure}
  let ink = null; // the colour of the numbers on a cell
  let cellWidth = 0;
  let smallest = 0; // pixels across or down a cell, before any zoom
  let drawn = false;
  let naming = null; // a timer: names are written once a zoom rests
  let resting = null; // a timer: plotly learns the numbers, for hovering, once they rest

  const place = (row, column) => data.order[row] * series.tasks + data.order[column];
  const cursor = cellCursor(plot, {
    size: () => series.tasks,
    moved(row, column) {
      live.textContent = say("heatmap.cell", { pair: pairName(row, column), value: describe(row, column).join("; ") });
      light(cursor.shown() ? [row, column].map((at) => data.tasks[data.order[at]]) : []);
      if (cursor.shown()) zoom.reach(row, column);
      outline();
    },
    chosen: select,
  });

  function pairName(row, column) {
    return say("heatmap.pair", { source: data.tasks[data.order[row]], target: data.tasks[data.order[column]] });
  }

  /** What is known of a cell, in lines. */
  function describe(row, column) {
    if (row === column && !data.show_self) return [say("heatmap.not_shown", { own: data.words.own })];
    const cell = place(row, column);
    if (!Number.isFinite(shown.affinity[cell])) return [say("heatmap.not_observed")];
    const value = withError(shown.affinity[cell], shown.errors[cell]);
    const raw = shown.unsure[cell] ? say("heatmap.unsure", { value }) : value;
    return data.scale === "shared" ? [raw] : [raw, say("heatmap.on_scale", { value: written(shown.values[cell], 2) })];
  }

  function select(row, column) {
    if (row === column && !data.show_self) return;
    const [source, target] = [data.order[row], data.order[column]];
    const again = selected && selected[0] === source && selected[1] === target;
    selected = again ? null : [source, target];
    live.textContent = again
      ? say("heatmap.cleared")
      : say("heatmap.selected", { pair: pairName(row, column), value: describe(row, column).join("; ") });
    outline();
    report();
  }

  function report() {
    commit({
      interval: slider.interval(),
      mode: slider.mode(),
      selected: selected && selected.map((task) => data.tasks[task]),
      cut: data.merges ? tree.count() : null,
    });
  }

  /** What the slider's windows show, on the chosen scale. */
  function compute() {
    const affinity = meanOver(series, ...slider.shownWindows());
    const errors = errorOver(series, ...slider.shownWindows());
    const step = slider.mode() === "step";
    if (step) frozen ??= fixedScale(series, data.scale);
    const scaled = step ? frozen : scaleOver(affinity, series.tasks, data.scale);
    const unsure = data.mark_unsure ? unsureCells(affinity, errors, series.tasks, data.scale) : [];
    shown = { affinity, errors, unsure, ...scaled(affinity) };
    const note = say(`legend.${step ? "same" : "fitted"}_${data.words.unit}`);
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

  /**
   * What plotly needs to say a pair when its cell is hovered; it would be silent on a cell without a number. Texts are
   * written as they are read, as those of all pairs of 100 tasks would take a tenth of a second.
   */
  function hovered(rows) {
    const { full } = data.figure.layout.meta.labels;
    const text = (row, column) =>
      say("heatmap.cell", { pair: say("heatmap.pair", { source: full[row], target: full[column] }), value: describe(row, column).join("<br>") });
    const written = { get: (row, column, ...rest) => (/^\d+$/.test(String(column)) ? text(row.number, Number(column)) : Reflect.get(row, column, ...rest)) };
    return {
      z: rows.map((values) => values.map((value) => (Number.isNaN(value) ? 0 : value))),
      text: rows.map((values, number) => new Proxy(Object.assign(new Array(values.length), { number }), written)),
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

  function mark() {
    const starts = data.merges ? tree.starts() : [];
    root.dataset.clusters = starts.length;
    root.dataset.found = finder.places().length;
    marks.paint(theme, series.tasks, starts, finder.places());
  }

  /** Mark what was found, and write its names. */
  function showFound() {
    mark();
    clearTimeout(naming);
    naming = setTimeout(() => Plotly.relayout(plot, named()), NAMES_MS);
  }

  /** Cells follow at once; the names beside them once the zoom rests, which take longer. */
  function rezoom() {
    const { x, y } = zoom.shown();
    const ranges = { "xaxis.range": x, "yaxis.range": [...y].reverse() };
    follow(ranges);
    root.dataset.zoom = [...y, ...x].join();
    clearTimeout(naming);
    naming = setTimeout(() => Plotly.relayout(plot, { ...ranges, ...named() }), NAMES_MS);
  }

  function named() {
    const { x, y } = axisTicks(layout, zoom.shown(), finder.places());
    return { "xaxis.tickvals": x.tickvals, "xaxis.ticktext": x.ticktext, "yaxis.tickvals": y.tickvals, "yaxis.ticktext": y.ticktext };
  }

  function follow(change) {
    for (const layer of [picture, marks, tree]) layer.follow(plot, change);
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

  function fileName() {
    return [data.key, ...(data.kind === "heatmap" ? [] : ["heatmap"]), ...slider.shownWindows().map((edge) => series.edges[edge])].join("-");
  }

  function drawing() {
    const layers = [picture, marks, ...(data.merges ? [tree] : [])].map(layerSvg);
    if (writes()) layers.push(numbers.svg());
    const title = shownSpan(data.words, series, slider.shownWindows());
    return figureSvg(Plotly, { figure: { data: [], layout: plot.layout }, theme, title, layers, legend: legend.svg });
  }

  /** The entries as they are, whatever the scale, rows as shown. */
  function table() {
    return [["source", ...names()], ...inRows((row, column) => shown.affinity[place(row, column)]).map((row, at) => [names()[at], ...row])];
  }

  return {
    lights,
    move,
    /** Select a pair of task names, or none, without a report. */
    choose(pair) {
      selected = pair && pair.map((name) => data.tasks.indexOf(name));
      outline();
    },
    take(now, view) {
      if (!data || now.tasks.length !== series.tasks || !sameSeries(now.series, data.series)) {
        if (now.tasks.length !== series?.tasks) zoom.forget();
        series = decodeSeries(now.series, now.tasks.length);
        slider.setEdges(series.edges);
      }
      data = now;
      slider.setUnit(data.words.unit);
      slider.setMarks(data.marks);
      frozen = null;
      tools.hidden = !zoomable(series.tasks);
      tree.take(data.merges, data.order);
      plot.setAttribute("aria-label", say("heatmap.label", { name: capital(data.words.name) }));
      if (view) {
        slider.setView(view);
        selected = view.selected && view.selected.map((name) => data.tasks.indexOf(name));
        if (data.merges) tree.set(view.cut);
      }
    },
    draw(_, nowTheme, width) {
      clearTimeout(naming);
      clearTimeout(resting); // what a drag left to tell plotly is told below, or is no longer so
      theme = nowTheme;
      ink = inkOn(theme.palette.scale);
      finder.again();
      layout = heatmapLayout(data.figure.layout, theme, width, series.tasks, data.merges ? treeWidth(width) : 0);
      cellWidth = (layout.width - layout.margin.l - layout.margin.r) / series.tasks;
      smallest = Math.min(cellWidth, (layout.height - layout.margin.t - layout.margin.b) / series.tasks);
      const { x, y } = axisTicks(layout, zoom.shown(), finder.places());
      Object.assign(layout.xaxis, x, { range: zoom.shown().x });
      Object.assign(layout.yaxis, y, { range: [...zoom.shown().y].reverse() });
      stage.style.width = `${layout.width}px`;
      numbers.place(writes() ? series.tasks : 0, layout);
      for (const layer of [picture, marks, tree]) layer.place(layout);
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
        ...UNSEEN,
        showscale: false,
      };
      counted(root, () => {
        Plotly.react(plot, [trace], layout, CONFIG);
        paint(rows);
        tree.paint(theme);
        mark();
        follow();
        lights.follow();
      });
      root.dataset.resting = "true";
      if (!drawn) {
        drawn = true;
        plot.on("plotly_click", ({ points: [point] }) => select(Number(point.y), Number(point.x)));
        plot.on("plotly_relayout", (change) => {
          follow(change);
          zoom.heed(change);
        });
        plot.on("plotly_relayouting", follow);
        plot.on("plotly_doubleclick", () => zoom.set(null));
        plot.on("plotly_afterplot", lights.follow);
      }
    },
    destroy() {
      clearTimeout(naming);
      clearTimeout(resting);
      for (const part of [slider, lights, zoom, tree, saving]) part.destroy();
      Plotly.purge(plot);
    },
  };
}
