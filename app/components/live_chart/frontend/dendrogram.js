// The tree of the tasks beside the rows of a matrix, with a slider that cuts it into clusters: engine/charts/dendrogram.py
// in the browser.

import { createLayer } from "./layer.js";
import { make, oncePerFrame } from "./parts.js";
import { say } from "./texts.js";

const WIDTH = { wide: 96, narrow: 44 }; // pixels
const AIR = 6; // between matrix and tree
const FAINT = 0.5; // of what the cut leaves apart

/** Pixels that the tree takes at the right of a matrix. */
export const treeWidth = (width) => (width < 560 ? WIDTH.narrow : WIDTH.wide);

/**
 * Where each cluster begins in the order of the leaves, if the tree is cut into `count`.
 * @param {[number, number, number][]} merges of a `ClusterTree`.
 * @param {number[]} order the tasks as its leaves stand.
 */
export function clusterStarts(merges, order, count) {
  const cluster = order.map((_, task) => task);
  const members = new Map(cluster.map((task) => [task, [task]]));
  merges.slice(0, order.length - count).forEach(([left, right], merge) => {
    const joined = [...members.get(left), ...members.get(right)];
    members.set(order.length + merge, joined);
    for (const task of joined) cluster[task] = order.length + merge;
  });
  return order.map((_, place) => place).filter((place) => place === 0 || cluster[order[place]] !== cluster[order[place - 1]]);
}

/** The height at which as many clusters are left: halfway between two merges. */
function heightOf(merges, tasks, count) {
  const [below, above] = [merges[tasks - count - 1]?.[2], merges[tasks - count]?.[2]];
  if (below === undefined) return above / 2;
  return above === undefined ? below * 1.04 : (below + above) / 2;
}

/** `onInput` runs at most once a frame while the slider moves; `onCommit` when the visitor has settled. */
export function createDendrogram({ onInput, onCommit }) {
  let merges = null;
  let order = [];
  let brackets = []; // [{heights: [left, merged, right], rows: [left, right], merge}]
  let theme = null;
  const layer = createLayer(draw);
  const input = make("input", { type: "range", min: 1, step: 1, "aria-label": say("heatmap.cut") });
  const fill = make("div", { class: "kindred-fill" });
  const readout = make("output", { class: "kindred-clusters" });
  const element = make("div", { class: "kindred-threshold kindred-cut" },
    make("span", { "aria-hidden": "true" }, say("heatmap.cut")), make("div", { class: "kindred-track" }, fill, input), readout);
  const count = () => Number(input.value);
  const announce = oncePerFrame(() => {
    layer.redraw();
    onInput();
  });
  input.addEventListener("input", () => {
    show();
    announce();
  });
  input.addEventListener("change", onCommit);

  function show() {
    readout.textContent = say("heatmap.clusters", { count: count() });
    input.setAttribute("aria-valuetext", readout.textContent);
    fill.style.left = 0;
    fill.style.width = `${(100 * (count() - 1)) / Math.max(1, Number(input.max) - 1)}%`;
  }

  function draw(pen, { width, height, x, y }) {
    if (!merges?.length || !theme) return;
    const across = (distance) => AIR + ((distance - x[0]) / (x[1] - x[0])) * (width - AIR - 2);
    const down = (row) => ((row - y[0]) / (y[1] - y[0])) * height;
    pen.lineWidth = 1.2;
    pen.strokeStyle = theme.text;
    const kept = order.length - count(); // merges within clusters
    for (const within of [false, true]) {
      pen.globalAlpha = within ? 1 : FAINT;
      pen.beginPath();
      for (const { heights, rows, merge } of brackets) {
        if (merge < kept !== within) continue;
        pen.moveTo(across(heights[0]), down(rows[0]));
        pen.lineTo(across(heights[1]), down(rows[0]));
        pen.lineTo(across(heights[1]), down(rows[1]));
        pen.lineTo(across(heights[2]), down(rows[1]));
      }
      pen.stroke();
    }
    pen.globalAlpha = 1;
    const cut = across(heightOf(merges, order.length, count()));
    pen.strokeStyle = theme.primary;
    pen.lineWidth = 2;
    pen.setLineDash([5, 4]);
    pen.beginPath();
    pen.moveTo(cut, 0);
    pen.lineTo(cut, height);
    pen.stroke();
    pen.setLineDash([]);
  }

  return {
    ...layer,
    slider: element,
    count,
    starts: () => clusterStarts(merges, order, count()),
    take(tree, leaves) {
      merges = tree;
      order = leaves;
      element.hidden = layer.element.hidden = !merges;
      if (!merges) return;
      input.max = Math.max(2, Math.ceil(order.length / 2)); // finer clusters are hardly any
      const row = new Map(order.map((task, place) => [task, place]));
      const reached = new Map(order.map((task) => [task, 0]));
      brackets = merges.map(([left, right, height], merge) => {
        const rows = [row.get(left), row.get(right)];
        const heights = [reached.get(left), height, reached.get(right)];
        row.set(order.length + merge, (rows[0] + rows[1]) / 2);
        reached.set(order.length + merge, height);
        return { rows, heights, merge };
      });
      show();
    },
    set(clusters) {
      input.value = clusters;
      show();
    },
    paint(now) {
      theme = now;
      layer.redraw();
    },
    place({ margin, width, height }) {
      layer.place({ margin: { ...margin, l: width - margin.r, r: 0 }, width, height });
    },
    /** Take up the rows that plotly shows. */
    follow(plot, change = {}) {
      const rows = Object.fromEntries(Object.entries(change).filter(([name]) => name.startsWith("yaxis")));
      const tallest = (merges?.at(-1)?.[2] || 1) * 1.06;
      layer.follow({ layout: { xaxis: { range: [0, tallest] }, yaxis: plot.layout.yaxis } }, rows);
    },
    destroy: () => announce.cancel(),
  };
}
