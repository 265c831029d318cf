// What the colours show and where they end: engine/charts/heatmap.py (robust_max, scale_affinity) in the browser.

const ROBUST_SHARE = 0.98;
const UNSURE_WITHIN = 2; // standard errors

/** The 98th percentile of the finite absolute values, rounded up to one of them; 1 where none differs from zero. */
export function robustMax(values) {
  const sizes = Float64Array.from(values.filter(Number.isFinite), Math.abs).sort();
  const limit = sizes.length ? sizes[Math.ceil(ROBUST_SHARE * (sizes.length - 1))] : 0;
  return limit > 0 ? limit : 1;
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

/**
 * Which cells are unsure: within 2 standard errors of what their scale draws as nothing, which is zero, and around the
 * target's mean that mean (taken as known, as it averages over all sources). Where no error is known, none is unsure.
 */
export function unsureCells(affinity, errors, tasks, scale) {
  const distances = scale === "centred" ? centred(affinity, tasks) : affinity;
  return Array.from(distances, (distance, cell) => Math.abs(distance) < UNSURE_WITHIN * errors[cell]);
}

function withoutSelf(stack, tasks) {
  const cells = tasks * tasks;
  return stack.filter((_, place) => (place % cells) % (tasks + 1) !== 0);
}

function column(stack, tasks, target) {
  const cells = tasks * tasks;
  return stack.filter((_, place) => place % tasks === target && (place % cells) % (tasks + 1) !== 0);
}

/** Each column less its mean over the other sources. */
function centred(affinity, tasks) {
  const means = Array.from({ length: tasks }, (_, target) => {
    const known = column(affinity, tasks, target).filter(Number.isFinite);
    return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : 0;
  });
  return affinity.map((value, cell) => value - means[cell % tasks]);
}
