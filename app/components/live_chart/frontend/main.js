// The entry of the live chart: finds the chart that stands in an element, or builds it, and hands it the new data.

import { createFrontier } from "./frontier.js";
import { createGraph } from "./graph.js";
import { createHeatmap } from "./heatmap.js";
import { createLinked } from "./linked.js";
import { createMatrix } from "./matrix.js";
import { make, NARROW, unhurried, watchWidth } from "./parts.js";
import { createPlain } from "./plain.js";
import { withNumbers } from "./series.js";
import { speak } from "./texts.js";
import { readTheme } from "./theme.js";

const KINDS = {
  heatmap: createHeatmap, graph: createGraph, linked: createLinked, frontier: createFrontier, matrix: createMatrix, plain: createPlain,
};
const charts = new WeakMap(); // element → its chart
const pieces = new Map(); // of the series shown last, which the next page may show, too
const seen = new Map(); // key → {number, view}: what a chart showed, should Streamlit build its element anew

/** Called by Streamlit when the element appears, and again whenever its data or the theme changed. */
export async function render({ data, parentElement, setStateValue }, Plotly) {
  speak(data.texts);
  const stands = charts.get(parentElement);
  if (stands && stands.language !== data.language) { // much is said where a chart is built
    stands.calls += 1; // none of its calls goes on
    stands.destroy();
    charts.delete(parentElement);
  }
  if (!charts.has(parentElement)) charts.set(parentElement, build(Plotly, parentElement, data));
  const chart = charts.get(parentElement);
  chart.report = (view) => setStateValue("view", view);
  const call = (chart.calls = (chart.calls ?? 0) + 1);
  try {
    const complete = data.series ? { ...data, series: await withNumbers(data.series, pieces) } : data;
    if (call === chart.calls) chart.update(complete);
  } catch (error) {
    if (call === chart.calls && !chart.drawn()) {
      chart.destroy();
      charts.delete(parentElement);
      throw error;
    }
    console.error(error); // what is shown stays, and the next window asks again
  }
  return () => {
    if (call !== chart.calls) return; // Streamlit ends a call that was overtaken while it was loading
    chart.destroy();
    charts.delete(parentElement);
  };
}

function build(Plotly, parentElement, { kind, key, language }) {
  const root = make("div", { class: `kindred kindred-${kind}`, "data-kind": kind, "data-redraws": 0 });
  parentElement.append(root);
  let number = null; // of the last time the page moved the chart
  const settle = unhurried((view) => standing.report(view));
  const commit = (view) => {
    seen.set(key, { number, view });
    settle(view);
  };
  const chart = KINDS[kind]({ Plotly, root, commit });
  let latest = null;
  let drawnWidth = 0;
  const draw = () => {
    const width = Math.floor(root.clientWidth);
    if (width <= 0) return; // hidden, for instance in a tab: drawn once it has a width
    drawnWidth = width;
    root.classList.toggle("kindred-narrow", width < NARROW);
    chart.draw(latest, readTheme(root, latest.palettes), width);
    root.dataset.ready = "true";
  };
  const unwatch = watchWidth(root, (width) => latest && width !== drawnWidth && draw());
  const standing = {
    language,
    drawn: () => latest !== null,
    update(data) {
      const { number: told, ...view } = data.view;
      const before = seen.get(key);
      const obeyed = told === number ? null : before?.number === told ? before.view : view;
      number = told;
      latest = data;
      chart.take(data, obeyed);
      draw();
    },
    destroy() {
      unwatch();
      chart.destroy();
      root.remove();
    },
  };
  return standing;
}
