// Which arrows a graph shows, and how they are drawn.

import { createLayer } from "./layer.js";

const WIDTHS = [1.2, 2.2, 3.6, 5.4]; // by quarter of the strongest effect
const HEADS = [8, 10, 13, 17];
const BEND = 0.18; // how far an arrow's control point stands off, as a share of its length, so that both directions show
const FADED = 0.16;
const UNSURE = 0.35;
const DASHED_IN_MOTION = 200; // arrows; more than these are dashed once they rest, for 30 frames a second

/** The arrows of at least `threshold` of the strongest effect, faintest first: [{source, target, value, share}]. */
export function strongArrows(values, limit, tasks, threshold) {
  const arrows = [];
  for (let source = 0; source < tasks; source++) {
    for (let target = 0; target < tasks; target++) {
      const value = values[source * tasks + target];
      if (source === target || !Number.isFinite(value) || value === 0) continue;
      const share = Math.min(1, Math.abs(value) / limit);
      if (share >= threshold) arrows.push({ source, target, value, share });
    }
  }
  return arrows.sort((one, other) => Math.abs(one.value) - Math.abs(other.value)); // beyond the limit all have one share
}

export function createArrows() {
  let curves = [];
  let look = null;
  const layer = createLayer((pen, { width, height, x, y }) => {
    const across = width / (x[1] - x[0]);
    const down = height / (y[1] - y[0]);
    pen.transform(across, 0, 0, down, -x[0] * across, -y[0] * down);
    const dashed = !look.moving || curves.length <= DASHED_IN_MOTION;
    for (const curve of curves) drawCurve(pen, curve, look, dashed);
  });
  return {
    ...layer,
    /**
     * Draw arrows between places; with a task in focus, arrows of other tasks fade; `thickness` shrinks all of them in
     * a crowd; `moving` means that they will be drawn anew in a moment; `lines`: without heads, as neither end is the
     * source. Returns [{arrow, tip}].
     */
    paint(arrows, places, now) {
      look = now;
      curves = [];
      for (const arrow of arrows) {
        const bin = Math.min(WIDTHS.length - 1, Math.floor(arrow.share * WIDTHS.length));
        const faded = look.focus !== null && arrow.source !== look.focus && arrow.target !== look.focus;
        const head = faded ? 6 : Math.max(6, HEADS[bin] * look.thickness);
        const bowed = bow(places[arrow.source], places[arrow.target], look.radius, head);
        const width = faded ? 1 : Math.max(1, WIDTHS[bin] * look.thickness);
        if (bowed) curves.push({ ...bowed, arrow, faded, width });
      }
      layer.redraw();
      return curves;
    },
  };
}

function drawCurve(pen, { arrow, faded, width, start, control, neck, tip, wings }, { palette, lines }, dashed) {
  const helps = arrow.value > 0;
  pen.globalAlpha = faded ? FADED : arrow.unsure ? UNSURE : 0.85;
  pen.strokeStyle = pen.fillStyle = helps ? palette.helps : palette.hurts;
  pen.lineWidth = width;
  pen.setLineDash(helps || !dashed ? [] : [5 + 2 * width, 3 + 1.5 * width]);
  pen.beginPath();
  pen.moveTo(...start);
  pen.quadraticCurveTo(...control, ...neck);
  if (lines) pen.lineTo(...tip);
  pen.stroke();
  if (lines) return;
  pen.beginPath();
  pen.moveTo(...tip);
  pen.lineTo(...wings[0]);
  pen.lineTo(...wings[1]);
  pen.fill();
}

/** A bowed line from one node's rim to another's and the head at its end; null where the nodes touch. */
function bow(from, to, radius, head) {
  const [across, down] = [to[0] - from[0], to[1] - from[1]];
  const length = Math.hypot(across, down);
  if (length < 2 * radius + 4) return null;
  const middle = [(from[0] + to[0]) / 2 - down * BEND, (from[1] + to[1]) / 2 + across * BEND];
  // the quadratic curve's polar form: between(t, t) is its point at t, between(a, b) steers its part from a to b
  const between = (a, b) =>
    [0, 1].map((axis) => (1 - a) * (1 - b) * from[axis] + (a + b - 2 * a * b) * middle[axis] + a * b * to[axis]);
  const rim = (radius + 1) / length;
  const before = (pixels) => Math.max(rim, 1 - rim - pixels / length);
  const [neck, foot] = [before(0.8 * head), before(head)];
  const tip = between(1 - rim, 1 - rim);
  const base = between(foot, foot);
  const reach = Math.hypot(tip[0] - base[0], tip[1] - base[1]) || 1;
  const side = [((tip[1] - base[1]) / reach) * 0.42 * head, (-(tip[0] - base[0]) / reach) * 0.42 * head];
  return {
    start: between(rim, rim),
    control: between(rim, neck),
    neck: between(neck, neck),
    tip,
    wings: [1, -1].map((sign) => [base[0] + sign * side[0], base[1] + sign * side[1]]),
  };
}
