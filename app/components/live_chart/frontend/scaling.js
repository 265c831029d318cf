// What the colours show and where they end: engine/charts/heatmap.py (robust_max, scale_affinity) in the browser.

import { windowMeans } from "./series.js";

const ROBUST_SHARE = 0.98;
const UNSURE_WITHIN = 2; // standard errors
const BINS = 4096;
const MOST_VALUES = 5e5; // of the matrices that fix colours over time, as more would take longer than a tenth of a second

/** How many windows, evenly spread, are enough to fix the colours over a whole run. */
const enoughWindows = (tasks) => Math.max(1, Math.floor(MOST_VALUES / tasks ** 2));

/** The 98th percentile of the finite absolute values, rounded up to one of them; 1 where none differs from zero. */
export function robustMax(values) {
  const sizes = new Float64Array(values.length);
  let known = 0;
  let largest = 0;
  for (const value of values) {
    const size = Math.abs(value);
    if (!(size < Infinity)) continue;
    sizes[known++] = size;
    if (size > largest) largest = size;
  }
  if (largest === 0) return 1;
  const limit = ranked(sizes.subarray(0, known), Math.ceil(ROBUST_SHARE * (known - 1)), largest);
  return limit > 0 ? limit : 1;
}

/** The value of a rank, counted from 0: only those of its part of the range are sorted. */
function ranked(sizes, rank, largest) {
  const binOf = (size) => Math.min(BINS - 1, Math.floor((size / largest) * BINS));
  const counts = new Uint32Array(BINS);
  for (const size of sizes) counts[binOf(size)]++;
  let bin = 0;
  let below = 0;
  while (below + counts[bin] <= rank) below += counts[bin++];
  return sizes.filter((size) => binOf(size) === bin).sort()[rank - below];
}

/** Fix the limits over a stack [matrix, source, target]: a function from one matrix to {values, limit}. */
export function scaleOver(stack, tasks, scale) {
  if (scale === "shared") {
    const limit = robustMax(withoutSelf(stack, tasks));
    return (affinity) => ({ values: affinity, limit });
  }
  const prepare = scale === "centred" ? (affinity) => centred(affinity, tasks) : (affinity) => affinity;
  const cells = tasks * tasks;
  const prepared = new Float64Array(stack.length);
  for (let start = 0; start < stack.length; start += cells) {
    prepared.set(prepare(stack.subarray(start, start + cells)), start);
  }
  const divisors = Array.from({ length: tasks }, (_, target) => robustMax(column(prepared, tasks, target)));
  return (affinity) => ({ values: prepare(affinity).map((value, cell) => value / divisors[cell % tasks]), limit: 1 });
}

/** A function from a series to its scale over all windows, which stays where the windows that fix it are as before. */
export function createFixedScale() {
  let last = {};
  return (series, scale) => {
    const means = windowMeans(series, enoughWindows(series.tasks));
    if (last.tasks !== series.tasks || last.scale !== scale || !sameValues(last.means, means)) {
      last = { tasks: series.tasks, scale, means, scaled: scaleOver(means, series.tasks, scale) };
    }
    return last.scaled;
  };
}

const sameValues = (one, other) => one.length === other.length && one.every((value, at) => Object.is(value, other[at]));

/**
 * Which cells are unsure: within 2 standard errors of what their scale draws as nothing, which is zero, and around the
 * target's mean that mean (taken as known, as it averages over all sources). Where no error is known, none is unsure.
 */
export function unsureCells(affinity, errors, tasks, scale) {
  const distances = scale === "centred" ? centred(affinity, tasks) : affinity;
  return Array.from(distances, (distance, cell) => Math.abs(distance) < UNSURE_WITHIN * errors[cell]);
}

/** All entries of a stack off the diagonals. */
function withoutSelf(stack, tasks) {
  const others = new Float64Array((stack.length / tasks) * (tasks - 1));
  let place = 0;
  for (let cell = 0; cell < stack.length; cell++) if ((cell % (tasks * tasks)) % (tasks + 1) !== 0) others[place++] = stack[cell];
  return others;
}

/** The entries of a stack on one target, of all sources but itself. */
function column(stack, tasks, target) {
  const rows = stack.length / tasks;
  const others = new Float64Array((rows / tasks) * (tasks - 1));
  let place = 0;
  for (let row = 0; row < rows; row++) if (row % tasks !== target) others[place++] = stack[row * tasks + target];
  return others;
}

/** Each column less its mean over the other sources. */
function centred(affinity, tasks) {
  const means = Array.from({ length: tasks }, (_, target) => {
    let [sum, known] = [0, 0];
    for (let source = 0; source < tasks; source++) {
      const value = affinity[source * tasks + target];
      if (source === target || !Number.isFinite(value)) continue;
      sum += value;
      known += 1;
    }
    return known ? sum / known : 0;
  });
  return affinity.map((value, cell) => value - means[cell % tasks]);
}
