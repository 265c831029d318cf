// The numbers in a small heatmap's cells: text below plotly's axes, as plotly's own text takes 30 ms a redraw.

import { make } from "./parts.js";

export function createNumbers() {
  const element = make("div", { class: "kindred-numbers", "aria-hidden": "true" });
  return {
    element,
    /** Lay a grid of `size` × `size` over the plot area; `size` 0 shows nothing. */
    place(size, { margin, width, height }) {
      const [across, down] = [width - margin.l - margin.r, height - margin.t - margin.b];
      element.style.cssText =
        `left: ${margin.l}px; top: ${margin.t}px; width: ${across}px; height: ${down}px; ` +
        `grid-template: repeat(${size}, 1fr) / repeat(${size}, 1fr); font-size: ${Math.min(13, Math.max(9.5, across / size / 4))}px`;
      const missing = size * size - element.childElementCount;
      if (missing < 0) element.replaceChildren();
      while (element.childElementCount < size * size) element.append(make("span"));
    },
    /** Show rows of [text, colour]. */
    write(rows) {
      let cell = element.firstElementChild;
      for (const [text, colour] of rows.flat()) {
        if (cell.textContent !== text) cell.textContent = text;
        cell.style.color = colour;
        cell = cell.nextElementSibling;
      }
    },
  };
}
