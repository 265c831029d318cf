// The coloured cells of a heatmap.

import { createLayer } from "./layer.js";

const GAP_FROM = 12; // pixels a cell; smaller ones touch

export function createCells() {
  const picture = document.createElement("canvas"); // one pixel a cell
  const layer = createLayer(draw);

  function draw(pen, { width, height, x, y }) {
    const size = picture.width;
    const across = width / (x[1] - x[0]);
    const down = height / (y[1] - y[0]);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(picture, (-0.5 - x[0]) * across, (-0.5 - y[0]) * down, size * across, size * down);
    if (across < GAP_FROM || down < GAP_FROM) return;
    for (let line = 1; line < size; line++) {
      pen.clearRect((line - 0.5 - x[0]) * across - 0.5, 0, 1, height);
      pen.clearRect(0, (line - 0.5 - y[0]) * down - 0.5, width, 1);
    }
  }

  return {
    ...layer,
    /** Colour rows of values; null and NaN are blank. */
    paint(rows, { limit, scale, blank }) {
      picture.width = picture.height = rows.length;
      const pen = picture.getContext("2d");
      const image = pen.createImageData(rows.length, rows.length);
      const colourOf = diverging(scale);
      const none = channels(blank);
      rows.flat().forEach((value, cell) => {
        image.data.set(Number.isFinite(value) ? colourOf(value / limit) : none, 4 * cell);
        image.data[4 * cell + 3] = 255;
      });
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
