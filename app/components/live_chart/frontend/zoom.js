// Which rows and columns of a matrix are shown: zoomed by a wheel, buttons, a rectangle that is drawn with the mouse, or
// to what was found; and whose names there is room for.

import { make, oncePerFrame } from "./parts.js";
import { say } from "./texts.js";

const A_STEP = 1.5;
const FEWEST = 3; // rows that are shown

/**
 * `size()`: rows and columns in all; `onChange()`: the visitor changed what is shown, at most once a frame.
 * A range is [first − 0.5, last + 0.5], as plotly has it.
 */
export function createZoom({ plot, size, onChange }) {
  let ranges = null; // {x, y}; null: all
  const whole = () => [-0.5, size() - 0.5];
  const announce = oncePerFrame(onChange);
  const button = (sign, key, work) =>
    make("button", { type: "button", "aria-label": say(key), title: say(key), onclick: work }, sign);
  const reset = button("⤢", "heatmap.whole", () => set(null));
  const element = make("div", { class: "kindred-zoom", role: "group", "aria-label": say("heatmap.zoom") },
    button("−", "heatmap.zoom_out", () => by(1 / A_STEP)), button("+", "heatmap.zoom_in", () => by(A_STEP)), reset);

  /** A range of `length` rows about a place of it that stays, within all rows. */
  function about([from, to], factor, share) {
    const length = Math.min(size(), Math.max(Math.min(FEWEST, size()), (to - from) / factor));
    const start = Math.max(-0.5, Math.min(size() - 0.5 - length, from + share * (to - from - length)));
    return [start, start + length];
  }

  function set(now) {
    const all = !now || (now.x[1] - now.x[0] >= size() && now.y[1] - now.y[0] >= size());
    ranges = all ? null : now;
    reset.disabled = ranges === null;
    announce();
  }

  function by(factor, [across, down] = [0.5, 0.5]) {
    const { x, y } = shown();
    set({ x: about(x, factor, across), y: about(y, factor, down) });
  }

  const shown = () => ranges ?? { x: whole(), y: whole() };
  reset.disabled = true;

  plot.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // the page scrolls
    event.preventDefault();
    const area = plot.querySelector(".nsewdrag")?.getBoundingClientRect();
    if (!area) return;
    by(Math.exp(-event.deltaY / 300), [(event.clientX - area.left) / area.width, (event.clientY - area.top) / area.height]);
  }, { passive: false });

  return {
    element,
    shown,
    set,
    /** Take up what plotly was made to show by a rectangle; the y axis runs down, its range begins at the bottom. */
    heed(change) {
      if (!("xaxis.range[0]" in change) && !("yaxis.range[0]" in change)) return;
      const { x, y } = shown();
      const ends = (axis, before) => [0, 1].map((end) => Number(change[`${axis}.range[${end}]`] ?? before[end])).sort((one, other) => one - other);
      set({ x: ends("xaxis", x), y: ends("yaxis", y) });
    },
    /** Show these rows and columns, with some around them. */
    to(places) {
      const [first, last] = [Math.min(...places), Math.max(...places)];
      const length = Math.max(last - first + 1, Math.min(size(), 12));
      const start = Math.max(-0.5, Math.min(size() - 0.5 - length, Math.floor((first + last - length) / 2) + 0.5)); // whole rows
      const range = [start, start + length];
      set({ x: range, y: range });
    },
    /** Move as little as shows a cell. */
    reach(row, column) {
      if (!ranges) return;
      const near = ([from, to], place) => {
        const shift = Math.min(0, place - 0.5 - from) + Math.max(0, place + 0.5 - to);
        return [from + shift, to + shift];
      };
      const now = { x: near(ranges.x, column), y: near(ranges.y, row) };
      if (String([now.x, now.y]) !== String([ranges.x, ranges.y])) set(now);
    },
    forget() {
      ranges = null;
      reset.disabled = true;
    },
    destroy: () => announce.cancel(),
  };
}

/**
 * Places whose names are written: all where there is room, else every so many, and in any case those that were `found`,
 * of which none may touch another.
 */
export function sparse([from, to], pixels, font, found = []) {
  const [first, last] = [Math.max(0, Math.ceil(from)), Math.floor(to)];
  const every = Math.max(1, Math.ceil(((font + 1) * (to - from)) / pixels));
  const kept = [];
  for (const place of found) {
    if (place >= first && place <= last && (kept.length === 0 || place - kept.at(-1) >= every)) kept.push(place);
  }
  const named = new Set(kept);
  for (let place = Math.ceil(first / every) * every; place <= last; place += every) {
    if (!kept.some((other) => Math.abs(other - place) < every)) named.add(place);
  }
  return [...named].sort((one, other) => one - other);
}
