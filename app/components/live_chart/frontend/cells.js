// The coloured cells of a heatmap, hatched where they are unsure.

import { createHatching } from "./hatching.js";
import { createLayer } from "./layer.js";

const GAP_FROM = 12; // pixels a cell; smaller ones touch
export const HATCHED_FROM = 8; // pixels a cell; a hatch on smaller ones would be a smear, so they fade
const FADING = 0.62;

export function createCells() {
  const picture = document.createElement("canvas"); // one pixel a cell
  const hatching = createHatching();
  let unsure = []; // [row, column, value in -1 … 1]
  let look = null;
  const layer = createLayer(draw);

  function draw(pen, { width, height, x, y }) {
    const size = picture.width;
    const across = width / (x[1] - x[0]);
    const down = height / (y[1] - y[0]);
    const [left, top] = [(column) => (column - 0.5 - x[0]) * across, (row) => (row - 0.5 - y[0]) * down];
    if (pen.vector) drawRectangles(pen, { left, top, across, down, width, height });
    else {
      pen.imageSmoothingEnabled = false;
      pen.drawImage(picture, left(0), top(0), size * across, size * down);
    }
    const rectangles = (cells) => {
      pen.beginPath();
      for (const [row, column] of cells) pen.rect(left(column), top(row), across, down);
      pen.fill();
    };
    if (Math.min(across, down) >= HATCHED_FROM) hatching.fill(pen, unsure, look?.ink, rectangles);
    else if (unsure.length) {
      pen.globalAlpha = FADING;
      pen.fillStyle = look.blank;
      rectangles(unsure);
      pen.globalAlpha = 1;
    }
    if (pen.vector || across < GAP_FROM || down < GAP_FROM) return;
    for (let line = 1; line < size; line++) {
      pen.clearRect(left(line) - 0.5, 0, 1, height);
      pen.clearRect(0, top(line) - 0.5, width, 1);
    }
  }

  /** A rectangle a cell, as a drawing has no pixels. */
  function drawRectangles(pen, { left, top, across, down, width, height }) {
    const { data } = picture.getContext("2d").getImageData(0, 0, picture.width, picture.height);
    const gap = across < GAP_FROM || down < GAP_FROM ? 0 : 1;
    for (let cell = 0; cell < picture.width ** 2; cell++) {
      const [row, column] = [Math.floor(cell / picture.width), cell % picture.width];
      if (left(column + 1) <= 0 || left(column) >= width || top(row + 1) <= 0 || top(row) >= height) continue;
      pen.fillStyle = `rgb(${data.slice(4 * cell, 4 * cell + 3).join(",")})`;
      pen.fillRect(left(column) + gap / 2, top(row) + gap / 2, across - gap, down - gap);
    }
  }

  return {
    ...layer,
    /**
     * Colour rows of values; null and NaN are blank. `doubts` are rows of booleans, true where a cell is unsure, or
     * null; `ink` gives the colour that is seen on a value from -1 to 1.
     */
    paint(rows, doubts, now) {
      look = now;
      picture.width = picture.height = rows.length;
      const pen = picture.getContext("2d");
      const image = pen.createImageData(rows.length, rows.length);
      const colourOf = diverging(look.scale);
      const none = channels(look.blank);
      unsure = [];
      rows.forEach((values, row) =>
        values.forEach((value, column) => {
          const place = 4 * (row * rows.length + column);
          const known = Number.isFinite(value);
          image.data.set(known ? colourOf(value / look.limit) : none, place);
          image.data[place + 3] = 255;
          if (known && doubts?.[row][column]) unsure.push([row, column, value / look.limit]);
        }),
      );
      pen.putImageData(image, 0, 0);
      layer.redraw();
    },
  };
}

const channels = (hex) => [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));

/** A function from a value in -1 … 1, clipped, to [red, green, blue], linear between the stops as plotly draws it. */
function diverging(scale) {
  const stops = scale.map(([at, colour]) => [at, channels(colour)]);
  return (value) => {
    const at = (Math.max(-1, Math.min(1, value)) + 1) / 2;
    let next = 1;
    while (stops[next][0] < at) next++;
    const [[low, from], [high, to]] = [stops[next - 1], stops[next]];
    const share = (at - low) / (high - low);
    return from.map((part, channel) => part + (to[channel] - part) * share);
  };
}
