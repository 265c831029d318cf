// What chooses the arrows of a graph, and what explains them.

import { wrapped, written } from "./exporting.js";
import { make } from "./parts.js";
import { say } from "./texts.js";

/** Which arrows are drawn: from a share of the strongest on, and as many at most. */
export function createThreshold({ onInput, onCommit }) {
  const input = make("input", { type: "range", min: 0, max: 100, step: 1, "aria-label": say("graph.threshold") });
  const most = make("input", { type: "number", class: "kindred-most", min: 1, step: 1, inputmode: "numeric" });
  const fill = make("div", { class: "kindred-fill" });
  const readout = make("output", { class: "kindred-readout" });
  const show = () => {
    readout.textContent = say("graph.at_least", { share: input.value });
    input.setAttribute("aria-valuetext", readout.textContent);
    fill.style.left = 0;
    fill.style.width = `${input.value}%`;
  };
  input.addEventListener("input", () => {
    show();
    onInput();
  });
  input.addEventListener("change", onCommit);
  most.addEventListener("input", onInput);
  most.addEventListener("change", () => {
    most.value = top();
    onCommit();
  });
  const top = () => Math.max(1, Math.round(Number(most.value)) || 1);
  return {
    element: make("div", { class: "kindred-threshold kindred-arrows" },
      make("span", { "aria-hidden": "true" }, say("graph.shown")),
      make("div", { class: "kindred-track" }, fill, input), readout,
      make("label", { class: "kindred-top" }, say("graph.most"), most)),
    value: () => Number(input.value) / 100,
    top,
    setTop(value) {
      most.value = value;
    },
    set(value) {
      input.value = Math.round(100 * value);
      show();
    },
  };
}

/** What arrows mean, below the graph. */
export function createKey() {
  const solid = make("i", { "aria-hidden": "true" });
  const dashed = make("i", { "aria-hidden": "true", style: "border-top-style: dashed" });
  const [above, below] = [make("span"), make("span")];
  const faint = make("i", { "aria-hidden": "true", style: "opacity: 0.35" });
  const doubtful = make("span", { class: "kindred-key" });
  const count = make("span", { class: "kindred-measure" });
  const drawn = () => [solid, dashed, ...(doubtful.hidden ? [] : [faint])];
  return {
    element: make("div", { class: "kindred-legend" },
      make("span", { class: "kindred-key" }, solid, above),
      make("span", { class: "kindred-key" }, dashed, below), doubtful, count),
    paint(theme) {
      solid.style.borderColor = theme.palette.helps;
      dashed.style.borderColor = theme.palette.hurts;
      faint.style.borderColor = theme.palette.helps;
    },
    /** `unsure` arrows among them; null where no standard error is known or none is marked. */
    show(data, arrows, unsure) {
      [above.textContent, below.textContent] = data.words.arrows;
      doubtful.hidden = unsure === null;
      doubtful.replaceChildren(faint, say(`graph.faint${data.scale === "centred" ? "_centred" : ""}`));
      const what = `graph.${data.words.mutual ? "lines" : "arrows"}${unsure === null ? "" : "_unsure"}`;
      count.textContent = say(what, { count: arrows, unsure, measure: data.words.measure });
    },
    /** The same below a figure that is saved. */
    svg(width, { palette }) {
      const lines = drawn().map((line) => ({ line, said: line.parentElement.textContent }));
      const swatch = ({ line }, at) =>
        `<path d="M14 ${at}h34" stroke="${line === dashed ? palette.hurts : palette.helps}" stroke-width="3"` +
        `${line === dashed ? ' stroke-dasharray="9 5"' : ""}${line === faint ? ' opacity="0.35"' : ""}/>`;
      const keys = lines.map((each, place) => swatch(each, 14 + 18 * place) + written(each.said, 58, 18 + 18 * place, { size: 12 }));
      const counted = wrapped(count.textContent, width - 28, 12)
        .map((line, place) => written(line, 14, 18 + 18 * (lines.length + place), { size: 12 }));
      return { markup: keys.join("") + counted.join(""), height: 12 + 18 * (lines.length + counted.length) };
    },
  };
}
