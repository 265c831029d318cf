// The colour scale below a heatmap: what is shown, and where the colours end.

import { wrapped, written as textSvg } from "./exporting.js";
import { make, tenTo, written } from "./parts.js";
import { quoted } from "./svg_pen.js";
import { say } from "./texts.js";

let gradients = 0;

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
      if (unsure) hatch.lastChild.textContent = say(`legend.${unsure}${data.scale === "centred" ? "_centred" : ""}`);
      const sentences = [
        note ? say("legend.colour_note", { measure: shown, note }) : say("legend.colour", { measure: shown }),
        ...(power ? [say("legend.numbers", { power: `×\u00a0${tenTo(power)}` })] : []),
        ...(data.show_self ? [say("legend.diagonal")] : []),
      ];
      measure.textContent = sentences.join(say("legend.space"));
    },
    /** The same below a figure that is saved. */
    svg(width, theme) {
      const id = `kindred-colours-${gradients++}`;
      const stops = theme.palette.scale.map(([share, colour]) => `<stop offset="${share}" stop-color="${quoted(colour)}"/>`);
      const middle = width / 2;
      const lines = [measure, ...(hatch.hidden ? [] : [hatch])].flatMap(({ textContent }) => wrapped(textContent, width - 28, 12));
      const markup =
        `<defs><linearGradient id="${id}">${stops.join("")}</linearGradient></defs>` +
        `<rect x="${middle - 75}" y="8" width="150" height="12" rx="3" fill="url(#${id})"/>` +
        textSvg(below.textContent, middle - 83, 18, { anchor: "end", size: 12 }) + textSvg(above.textContent, middle + 83, 18, { size: 12 }) +
        lines.map((line, place) => textSvg(line, middle, 40 + 17 * place, { anchor: "middle", size: 12 })).join("");
      return { markup, height: 34 + 17 * lines.length };
    },
  };
}
