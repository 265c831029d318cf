// The numbers in a small heatmap's cells: text below plotly's axes, as plotly's own text takes 30 ms a redraw.

import { written } from "./exporting.js";
import { make } from "./parts.js";

export function createNumbers() {
  const element = make("div", { class: "kindred-numbers", "aria-hidden": "true" });
  let area = { left: 0, top: 0, width: 0, height: 0 };
  let size = 0;
  let letters = 0; // their height in pixels
  return {
    element,
    /** Lay a grid of `size` × `size` over the plot area; `size` 0 shows nothing. */
    place(cells, { margin, width, height }) {
      const [across, down] = [width - margin.l - margin.r, height - margin.t - margin.b];
      area = { left: margin.l, top: margin.t, width: across, height: down };
      size = cells;
      letters = Math.min(13, Math.max(9.5, across / size / 4));
      element.style.cssText =
        `left: ${margin.l}px; top: ${margin.t}px; width: ${across}px; height: ${down}px; ` +
        `grid-template: repeat(${size}, 1fr) / repeat(${size}, 1fr); font-size: ${letters}px`;
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
    /** The same for a figure that is saved: {left, top, width, height, markup}. */
    svg() {
      const at = (share, all) => Math.round((share * all) / size);
      const cells = [...element.children].map((cell, place) =>
        written(cell.textContent, at((place % size) + 0.5, area.width), at(Math.floor(place / size) + 0.5, area.height) + 0.35 * letters,
          { anchor: "middle", size: letters, colour: cell.style.color }));
      return { ...area, markup: cells.join("") };
    },
  };
}
