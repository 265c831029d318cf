// Which arrows a graph shows, and how they are drawn: a few line traces by sign and strength, with heads on top.

const WIDTHS = [1.2, 2.2, 3.6, 5.4]; // by quarter of the strongest effect
const HEADS = [10, 13, 17, 22];
const BEND = 0.09; // how far an arrow bows, as a share of its length, so that both directions stay apart
const PIECES = 14;

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
  return arrows.sort((one, other) => one.share - other.share);
}

/**
 * Plotly traces of arrows between places in pixels: lines by sign and width, then heads with hover labels.
 * With a task in focus, arrows of other tasks fade; `thickness` shrinks all of them in a crowd.
 */
export function arrowTraces(arrows, places, { palette, radius, thickness, focus, describe }) {
  const groups = new Map();
  for (const helps of [false, true]) {
    groups.set(`faded ${helps}`, line(helps, 1, palette, 0.16));
    WIDTHS.forEach((width, bin) => groups.set(`${bin} ${helps}`, line(helps, Math.max(1, width * thickness), palette, 0.8)));
  }
  const heads = { x: [], y: [], angle: [], size: [], colour: [], text: [], opacity: [] };
  for (const arrow of arrows) {
    const helps = arrow.value > 0;
    const bin = Math.min(WIDTHS.length - 1, Math.floor(arrow.share * WIDTHS.length));
    const faded = focus !== null && arrow.source !== focus && arrow.target !== focus;
    const head = Math.max(7, HEADS[bin] * thickness);
    const curve = bow(places[arrow.source], places[arrow.target], radius, head);
    if (!curve) continue;
    const trace = groups.get(`${faded ? "faded" : bin} ${helps}`);
    trace.x.push(...curve.x, null);
    trace.y.push(...curve.y, null);
    heads.x.push(curve.tip[0]);
    heads.y.push(curve.tip[1]);
    heads.angle.push(curve.angle);
    heads.size.push(faded ? 6 : head);
    heads.colour.push(helps ? palette.helps : palette.hurts);
    heads.opacity.push(faded ? 0.16 : 0.9);
    heads.text.push(describe(arrow));
  }
  return [
    ...groups.values(),
    {
      type: "scatter",
      mode: "markers",
      x: heads.x,
      y: heads.y,
      text: heads.text,
      hovertemplate: "%{text}<extra></extra>",
      marker: {
        symbol: "arrow",
        angle: heads.angle,
        size: heads.size,
        color: heads.colour,
        opacity: heads.opacity,
        line: { width: 0 },
      },
    },
  ];
}

function line(helps, width, palette, opacity) {
  return {
    type: "scatter",
    mode: "lines",
    x: [],
    y: [],
    opacity,
    hoverinfo: "skip",
    line: { color: helps ? palette.helps : palette.hurts, width, dash: helps ? "solid" : `${3 + 2 * width}px,${2 + width}px` },
  };
}

/** A bowed line from one node's rim to another's, ending within the arrow head; null where they touch. */
function bow(start, end, radius, head) {
  const [across, down] = [end[0] - start[0], end[1] - start[1]];
  const length = Math.hypot(across, down);
  if (length < 2 * radius + 4) return null;
  const middle = [
    (start[0] + end[0]) / 2 - down * BEND * 2,
    (start[1] + end[1]) / 2 + across * BEND * 2,
  ];
  const at = (share) => {
    const [a, b, c] = [(1 - share) ** 2, 2 * share * (1 - share), share ** 2];
    return [a * start[0] + b * middle[0] + c * end[0], a * start[1] + b * middle[1] + c * end[1]];
  };
  const rim = (radius + 1) / length;
  const tip = at(1 - rim);
  const neck = at(Math.max(rim, 1 - rim - (0.7 * head) / length));
  const x = [];
  const y = [];
  for (let piece = 0; piece <= PIECES; piece++) {
    const last = Math.max(rim, 1 - rim - (0.5 * head) / length);
    const point = at(rim + ((last - rim) * piece) / PIECES);
    x.push(point[0]);
    y.push(point[1]);
  }
  // plotly turns markers clockwise from "up", and y grows downwards here
  const angle = (Math.atan2(tip[0] - neck[0], neck[1] - tip[1]) * 180) / Math.PI;
  return { x, y, tip, angle };
}
