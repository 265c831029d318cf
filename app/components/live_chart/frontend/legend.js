// The colour scale below a heatmap: what is shown, and where the colours end.

import { make, tenTo, written } from "./parts.js";

export function createLegend() {
  const hurts = make("span");
  const helps = make("span");
  const bar = make("span", { class: "kindred-colours", "aria-hidden": "true" });
  const measure = make("span", { class: "kindred-measure" });
  const element = make("div", { class: "kindred-legend" }, make("span", { class: "kindred-scale" }, hurts, bar, helps), measure);
  return {
    element,
    paint(theme) {
      const stops = theme.palette.scale.map(([share, colour]) => `${colour} ${100 * share}%`);
      bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
    },
    show(data, limit, frozen, power) {
      const ends = data.scale === "centred" ? ["worse than its average", "better"] : ["hurts", "helps"];
      hurts.textContent = `${ends[0]} ${written(-limit, 2)}`;
      helps.textContent = `${written(limit, 2)} ${ends[1]}`;
      measure.textContent =
        `Colour: ${data.measure}; ${frozen ? "the same colours at every step" : "colours fitted to this interval"}.` +
        (power ? ` Numbers in the cells: ×\u00a0${tenTo(power)}.` : "") +
        (data.show_self ? " A task's effect on itself sets no limit." : "");
    },
  };
}
