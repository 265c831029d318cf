// The colour scale below a heatmap: what is shown, and where the colours end.

import { make, tenTo, written } from "./parts.js";

export function createLegend() {
  const below = make("span");
  const above = make("span");
  const bar = make("span", { class: "kindred-colours", "aria-hidden": "true" });
  const hatch = make("span", { class: "kindred-key" },
    make("i", { class: "kindred-hatch", "aria-hidden": "true" }), make("span"));
  const measure = make("span", { class: "kindred-measure" });
  const element = make("div", { class: "kindred-legend" }, make("span", { class: "kindred-scale" }, below, bar, above), hatch, measure);
  return {
    element,
    paint(theme) {
      const stops = theme.palette.scale.map(([share, colour]) => `${colour} ${100 * share}%`);
      bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
    },
    /**
     * `note`: on the colours, or empty; `power`: of ten, of the numbers in the cells; `unsure`: how such cells
     * are drawn, null where none is marked.
     */
    show(data, { limit, note, power, unsure }) {
      const { ends, measure: shown } = data.words;
      below.textContent = `${ends[0]} ${written(-limit, 2)}`;
      above.textContent = `${written(limit, 2)} ${ends[1]}`;
      hatch.hidden = unsure === null;
      hatch.firstChild.hidden = unsure !== "hatched";
      hatch.lastChild.textContent =
        `${unsure}: within 2 standard errors of ${data.scale === "centred" ? "the target's average" : "zero"}`;
      measure.textContent =
        `Colour: ${shown}${note && `; ${note}`}.` +
        (power ? ` Numbers in the cells: ×\u00a0${tenTo(power)}.` : "") +
        (data.show_self ? " The diagonal sets no limit." : "");
    },
  };
}
