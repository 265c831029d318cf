// What stands out over the cells of a matrix: the clusters, and the tasks that were found.

import { createLayer } from "./layer.js";

const VEIL = 0.72; // over all that was not found

export function createMarks() {
  let starts = []; // rows at which clusters begin
  let found = []; // rows and columns
  let size = 0;
  let theme = null;
  const layer = createLayer(draw);

  function draw(pen, { width, height, x, y }) {
    if (!theme) return;
    const across = (column) => ((column - 0.5 - x[0]) / (x[1] - x[0])) * width;
    const down = (row) => ((row - 0.5 - y[0]) / (y[1] - y[0])) * height;
    if (found.length) drawVeil(pen, across, down, width, height);
    if (starts.length > 1) drawClusters(pen, across, down, width, height);
  }

  /** All but rows and columns of what was found: the rectangles between them. */
  function drawVeil(pen, across, down, width, height) {
    const gaps = [];
    let from = 0;
    for (const place of [...found, size]) {
      if (place > from) gaps.push([from, place]);
      from = place + 1;
    }
    pen.globalAlpha = VEIL;
    pen.fillStyle = theme.background;
    for (const [top, bottom] of gaps) for (const [left, right] of gaps) {
      pen.fillRect(across(left), down(top), across(right) - across(left), down(bottom) - down(top));
    }
    pen.globalAlpha = 1;
  }

  function drawClusters(pen, across, down, width, height) {
    const ends = [...starts.slice(1), size];
    const lines = (colour, thickness) => {
      pen.strokeStyle = colour;
      pen.lineWidth = thickness;
      pen.beginPath();
      for (const start of starts.slice(1)) {
        pen.moveTo(across(start), 0);
        pen.lineTo(across(start), height);
        pen.moveTo(0, down(start));
        pen.lineTo(width, down(start));
      }
      pen.stroke();
    };
    lines(theme.background, 3);
    lines(theme.palette.muted, 1);
    for (const [colour, thickness] of [[theme.background, 4], [theme.text, 2]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = thickness;
      starts.forEach((start, cluster) =>
        pen.strokeRect(across(start), down(start), across(ends[cluster]) - across(start), down(ends[cluster]) - down(start)));
    }
  }

  return {
    ...layer,
    /** `clusters`: the rows at which they begin; `places`: rows and columns that were found, ascending. */
    paint(now, tasks, clusters, places) {
      theme = now;
      size = tasks;
      starts = clusters;
      found = places;
      layer.redraw();
    },
  };
}
