// The entry of the live chart: finds the chart that stands in an element, or builds it, and hands it the new data.

import { createFrontier } from "./frontier.js";
import { createGraph } from "./graph.js";
import { createHeatmap } from "./heatmap.js";
import { make, unhurried, watchWidth } from "./parts.js";
import { createPlain } from "./plain.js";
import { readTheme } from "./theme.js";

const KINDS = { heatmap: createHeatmap, graph: createGraph, frontier: createFrontier, plain: createPlain };
const charts = new WeakMap(); // element → its chart
const seen = new Map(); // key → {number, view}: what a chart showed, should Streamlit build its element anew
let plotly = null;

function loadPlotly(url) {
  plotly ??= new Promise((resolve, reject) => {
    const script = make("script", { src: url, onload: () => resolve(window.Plotly), onerror: reject });
    document.head.append(script);
  });
  plotly.catch(() => (plotly = null));
  return plotly;
}

/** Called by Streamlit when the element appears, and again whenever its data or the theme changed. */
export async function render({ data, parentElement, setStateValue }, plotlyUrl) {
  const waiting = charts.get(parentElement) ?? { latest: null };
  charts.set(parentElement, waiting);
  waiting.latest = data;
  waiting.report = (view) => setStateValue("view", view);
  const Plotly = await loadPlotly(plotlyUrl);
  waiting.chart ??= build(Plotly, parentElement, waiting);
  waiting.chart.update(waiting.latest);
  return () => {
    waiting.chart?.destroy();
    charts.delete(parentElement);
  };
}

function build(Plotly, parentElement, waiting) {
  const { kind, key } = waiting.latest;
  const root = make("div", { class: `kindred kindred-${kind}`, "data-kind": kind, "data-redraws": 0 });
  parentElement.append(root);
  const settle = unhurried((view) => waiting.report(view));
  const commit = (view) => {
    seen.set(key, { number: chart.number, view });
    settle(view);
  };
  const chart = KINDS[kind]({ Plotly, root, commit });
  let latest = null;
  const draw = () => {
    const width = Math.floor(root.clientWidth);
    if (!latest || width <= 0) return; // hidden, for instance in a tab: drawn once it has a width
    root.classList.toggle("kindred-narrow", width < 560);
    chart.draw(latest, readTheme(root, latest.palettes), width);
    root.dataset.ready = "true";
  };
  const unwatch = watchWidth(root, draw);
  return {
    update(data) {
      const { number, ...told } = data.view;
      const obey = chart.number !== number;
      const before = seen.get(key);
      const view = before?.number === number ? before.view : told;
      chart.number = number;
      latest = data;
      chart.take(data, obey ? view : null);
      draw();
    },
    destroy() {
      unwatch();
      chart.destroy();
    },
  };
}
