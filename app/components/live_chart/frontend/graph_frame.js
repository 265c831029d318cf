// Where the tasks of a graph stand, in pixels.

import { themed } from "./theme.js";

/** Places in pixels, so that arrows keep their shape at every width. */
export function graphFrame(figure, theme, width) {
  const narrow = width < 560;
  const [nodes] = figure.data;
  const tasks = nodes.x.length;
  const labels = figure.layout.meta.labels[narrow || tasks > 60 ? "narrow" : "wide"];
  const font = narrow ? 11 : tasks > 60 ? 10 : tasks > 24 ? 12 : 14;
  const height = narrow ? Math.round(Math.min(1.15 * width, 460)) : Math.min(Math.round(0.62 * width), tasks > 15 ? 680 : 520);
  const radius = narrow ? (tasks > 24 ? 5 : 7) : tasks > 60 ? 6 : tasks > 24 ? 8 : 11;
  const longest = Math.max(...labels.map((text) => text.replace(/&\w+;/g, "x").length));
  const side = Math.min(0.2 * width, Math.max(24, longest * font * 0.3));
  const rim = radius + 2 * font;
  const across = (share) => side + ((share + 1) / 2) * (width - 2 * side);
  const down = (share) => rim + ((1 - share) / 2) * (height - 2 * rim);
  const places = nodes.x.map((x, task) => [across(x), down(nodes.y[task])]);
  const layout = themed(figure.layout, theme, width, height);
  layout.xaxis = { ...layout.xaxis, range: [0, width] };
  layout.yaxis = { ...layout.yaxis, range: [height, 0] };
  layout.uirevision = `${width}×${height}`;
  layout.dragmode = matchMedia("(pointer: coarse)").matches ? false : "pan";
  layout.hoverdistance = 8;
  const thickness = tasks > 60 ? 0.4 : tasks > 24 ? 0.6 : narrow ? 0.75 : 1;
  const above = places.map(([, y]) => y < height / 2);
  const free = withRoom(labels, places, above, radius, font);
  return { theme, layout, places, radius, thickness, labels, above, free, font, height };
}

/** Which labels lie on none before them; the others would make both unreadable. */
function withRoom(labels, places, above, radius, font) {
  const taken = [];
  return labels.map((label, task) => {
    const [x, y] = places[task];
    const half = 0.27 * font * label.replace(/&\w+;/g, "x").length;
    const middle = y + (above[task] ? -1 : 1) * (radius + 0.6 * font);
    const room = taken.every((other) => Math.abs(x - other.x) > half + other.half || Math.abs(middle - other.middle) > 0.8 * font);
    if (room) taken.push({ x, middle, half });
    return room;
  });
}

/** A shadow that parts writing from what is below it. */
export function halo(colour) {
  return [[1, 0], [-1, 0], [0, 1], [0, -1]].map(([x, y]) => `${x}px ${y}px 2px ${colour}`).join(", ");
}
