// How a matrix of tasks is laid out at any width: margins, labels, the size of its cells.

import { themed } from "./theme.js";
import { sparse } from "./zoom.js";

export const WRITTEN_UP_TO = 15; // tasks, as in engine/charts/heatmap.py
export const NARROWEST_WRITTEN = 28; // pixels a cell

/** A small heatmap is read whole, and its numbers are a layer of their own, where no zoom reaches them. */
export const zoomable = (tasks) => tasks > WRITTEN_UP_TO;

/**
 * Margins from the labels' lengths, squarish cells, and fewer labels where there is no room for all. `beside`: pixels to
 * leave at the right of the matrix.
 */
export function heatmapLayout(base, theme, width, tasks, beside = 0) {
  const narrow = width < 560;
  const labels = base.meta.labels[narrow ? "narrow" : "wide"];
  const font = narrow || tasks > 24 ? 10 : 12;
  const longest = Math.round(Math.max(...labels.map((text) => text.replace(/&\w+;/g, "x").length)) * font * 0.55);
  const title = { size: narrow ? 12 : 13 };
  const left = longest + title.size + 18;
  const right = 12 + beside;
  const room = width - left - right;
  const plotHeight = Math.round(Math.min(Math.max(300, 48 * tasks), tasks > 60 ? 820 : 660, Math.max(room, 240)));
  const plotWidth = Math.min(room, Math.round(plotHeight * 1.6));
  const upright = longest + 10 > plotWidth / tasks; // labels wider than a column stand on end
  const bottom = (upright ? longest : font) + title.size + 22;
  const layout = themed(base, theme, plotWidth + left + right, plotHeight + bottom + 8);
  const own = { tickfont: { size: font }, title: undefined, fixedrange: !zoomable(tasks) };
  // plotly would place an axis title without regard to long labels
  const titles = { xref: "paper", yref: "paper", showarrow: false, font: title };
  const laid = {
    ...layout,
    meta: { ...base.meta, shown: labels },
    margin: { l: left, r: right, t: 8, b: bottom },
    plot_bgcolor: "rgba(0,0,0,0)",
    dragmode: matchMedia("(pointer: coarse)").matches ? (zoomable(tasks) ? "pan" : false) : "zoom",
    xaxis: { ...layout.xaxis, ...own, tickangle: upright ? -90 : 0 },
    yaxis: { ...layout.yaxis, ...own },
    annotations: [
      { ...titles, text: base.xaxis.title.text, x: 0.5, y: 0, yanchor: "bottom", yshift: -bottom },
      { ...titles, text: base.yaxis.title.text, x: 0, y: 0.5, textangle: -90, xanchor: "left", xshift: -left },
    ],
  };
  const whole = [-0.5, tasks - 0.5];
  const { x, y } = axisTicks(laid, { x: whole, y: whole });
  return { ...laid, xaxis: { ...laid.xaxis, ...x }, yaxis: { ...laid.yaxis, ...y } };
}

/** The names that there is room for on both axes, where the ranges `x` and `y` are shown; `found` ones in any case. */
export function axisTicks({ width, height, margin, meta, xaxis }, { x, y }, found = []) {
  const named = (range, pixels) => {
    const tickvals = sparse(range, pixels, xaxis.tickfont.size, found);
    return { tickvals, ticktext: tickvals.map((place) => meta.shown[place]) };
  };
  return { x: named(x, width - margin.l - margin.r), y: named(y, height - margin.t - margin.b) };
}
