// A run's affinity over time, fetched in pieces and decoded once, with its mean and standard error over any interval from prefix sums:
// engine/affinity/series.py and engine/affinity/uncertainty.py in the browser.

const MIN_BATCHES = 4; // windows; fewer say too little of how far apart such means lie

const [ATTEMPTS, PAUSE_MS] = [3, 500];

/**
 * The series with the numbers in its pieces: each member's totals as float32 and counts as uint32, both
 * [window, source, target]; counts is null where every update observed every pair.
 * @param {{edges: number[], noisy: boolean, members: {updates: number[], complete: boolean, pieces: string[]}[]}} sent
 *   one member, or one a seed on the same edges; pieces: addresses; windows of a series that is not noisy say nothing of
 *   an error.
 * @param {Map<string, Promise<ArrayBuffer>>} kept pieces that are here by their address; made to be those of this series.
 */
export async function withNumbers(sent, kept = new Map()) {
  const wanted = new Set(sent.members.flatMap(({ pieces }) => pieces));
  for (const address of kept.keys()) if (!wanted.has(address)) kept.delete(address);
  for (const address of wanted) if (!kept.has(address)) kept.set(address, fetchPiece(address));
  try {
    return { ...sent, members: await Promise.all(sent.members.map((member) => memberWithNumbers(member, kept))) };
  } catch (error) {
    kept.clear();
    throw error;
  }
}

async function memberWithNumbers(member, kept) {
  const pieces = await Promise.all(member.pieces.map((address) => kept.get(address)));
  const joined = (parts) => new Blob(parts).arrayBuffer();
  if (member.complete) return { ...member, totals: new Float32Array(await joined(pieces)), counts: null };
  const totals = pieces.map((piece) => piece.slice(0, piece.byteLength / 2));
  const counts = pieces.map((piece) => piece.slice(piece.byteLength / 2));
  return { ...member, totals: new Float32Array(await joined(totals)), counts: new Uint32Array(await joined(counts)) };
}

async function fetchPiece(address) {
  for (let attempt = 1; ; attempt++) {
    try {
      const reply = await fetch(address);
      if (!reply.ok) throw new Error(`${address} is answered with ${reply.status}`);
      return await reply.arrayBuffer();
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await new Promise((go) => setTimeout(go, PAUSE_MS));
    }
  }
}

const decoded = new WeakMap(); // several charts may show one series

/** @param sent a series with its numbers. */
export function decodeSeries(sent, tasks) {
  if (!decoded.has(sent)) {
    const windows = sent.edges.length - 1;
    const members = sent.members.map((member) => decodeMember(member, windows, tasks ** 2));
    decoded.set(sent, { tasks, windows, edges: sent.edges, noisy: sent.noisy, members });
  }
  return decoded.get(sent);
}

/** Whether two series as sent hold the same windows. */
export function sameSeries(one, other) {
  const content = ({ edges, noisy, members }) => [String(edges), noisy, ...members.flatMap(({ pieces }) => pieces)];
  const [mine, theirs] = [content(one), content(other)];
  return mine.length === theirs.length && mine.every((part, place) => part === theirs[place]);
}

/**
 * Sums over all windows before each edge. Counts are one a window where every update observed every pair, as the same
 * number a thousand times over would only cost time. `apart` sums (total − count · centre)² / count: squares about the
 * whole run's mean, as a spread that is small beside the mean would drown in the rounding of sums about zero.
 */
function decodeMember({ updates, totals, counts: pairwise }, windows, cells) {
  const perEdge = pairwise ? cells : 1;
  const sums = new Float64Array((windows + 1) * cells);
  const apart = new Float64Array((windows + 1) * cells);
  const counts = new Float64Array((windows + 1) * perEdge);
  const observed = new Float64Array((windows + 1) * perEdge); // windows in which the pair was observed
  for (let window = 0; window < windows; window++) {
    for (let cell = 0; cell < perEdge; cell++) {
      const count = pairwise ? pairwise[window * cells + cell] : updates[window];
      const at = window * perEdge + cell;
      counts[at + perEdge] = counts[at] + count;
      observed[at + perEdge] = observed[at] + (count > 0 ? 1 : 0);
    }
    for (let at = window * cells; at < (window + 1) * cells; at++) sums[at + cells] = sums[at] + totals[at];
  }
  const [end, countsEnd] = [windows * cells, windows * perEdge];
  const centre = Float64Array.from({ length: cells }, (_, cell) =>
    sums[end + cell] / Math.max(1, counts[countsEnd + (pairwise ? cell : 0)]));
  for (let window = 0; window < windows; window++) {
    for (let cell = 0; cell < cells; cell++) {
      const at = window * cells + cell;
      const count = pairwise ? pairwise[at] : updates[window];
      const off = totals[at] - count * centre[cell];
      apart[at + cells] = apart[at] + (count ? (off * off) / count : 0);
    }
  }
  return { sums, apart, counts, observed, centre, perEdge };
}

/**
 * The mean affinity over the windows [first, last), row-major [source, target]; of several seeds, the mean of those
 * that observed the pair. NaN where none did.
 */
export function meanOver(series, first, last, into = new Float64Array(series.tasks ** 2)) {
  if (series.members.length === 1) return memberMean(series.members[0], first, last, into);
  const means = series.members.map((member) => memberMean(member, first, last, new Float64Array(into.length)));
  for (let cell = 0; cell < into.length; cell++) into[cell] = meanAndSpread(means, cell).mean;
  return into;
}

/**
 * The standard error of that mean; NaN where it is unknown. Of one run by batch means, from 4 windows on:
 * SE² = Σ n_w (m_w − m)² / (W − 1) / N, with the count n_w and the mean m_w of each of the W windows that observed the
 * pair, and N = Σ n_w; unknown where windows do not differ by noise. Of several seeds, the seeds' spread / √seeds.
 */
export function errorOver(series, first, last) {
  const cells = series.tasks ** 2;
  if (series.members.length === 1 && !series.noisy) return new Float64Array(cells).fill(NaN);
  if (series.members.length === 1) return memberError(series.members[0], first, last, new Float64Array(cells));
  const means = series.members.map((member) => memberMean(member, first, last, new Float64Array(cells)));
  return new Float64Array(cells).map((_, cell) => {
    const { spread, seeds } = meanAndSpread(means, cell);
    return seeds > 1 ? spread / Math.sqrt(seeds) : NaN;
  });
}

function memberMean({ sums, counts, perEdge }, first, last, into) {
  const [from, to] = [first * into.length, last * into.length];
  const single = counts[last] - counts[first];
  for (let cell = 0; cell < into.length; cell++) {
    const count = perEdge === 1 ? single : counts[last * perEdge + cell] - counts[first * perEdge + cell];
    into[cell] = (sums[to + cell] - sums[from + cell]) / count;
  }
  return into;
}

function memberError({ sums, apart, counts, observed, centre, perEdge }, first, last, into) {
  if (last - first < MIN_BATCHES) return into.fill(NaN);
  const [from, to] = [first * into.length, last * into.length];
  for (let cell = 0; cell < into.length; cell++) {
    const at = perEdge === 1 ? 0 : cell;
    const count = counts[last * perEdge + at] - counts[first * perEdge + at];
    const windows = observed[last * perEdge + at] - observed[first * perEdge + at];
    const off = sums[to + cell] - sums[from + cell] - count * centre[cell];
    const between = Math.max(0, apart[to + cell] - apart[from + cell] - (off * off) / count);
    into[cell] = windows < MIN_BATCHES ? NaN : Math.sqrt(between / (windows - 1) / count);
  }
  return into;
}

/** Over the seeds that observed the pair: their mean, and their spread with ddof 1. */
function meanAndSpread(means, cell) {
  let [seeds, sum, squares] = [0, 0, 0];
  for (const values of means) {
    if (Number.isNaN(values[cell])) continue;
    seeds += 1;
    sum += values[cell];
  }
  const mean = sum / seeds;
  for (const values of means) if (!Number.isNaN(values[cell])) squares += (values[cell] - mean) ** 2;
  return { seeds, mean, spread: Math.sqrt(squares / (seeds - 1)) };
}

/** Every window's own mean, [window, source, target]; of `most` windows, evenly spread, where there are more. */
export function windowMeans(series, most = Infinity) {
  const cells = series.tasks ** 2;
  const count = Math.min(most, series.windows);
  const means = new Float64Array(count * cells);
  for (let part = 0; part < count; part++) {
    const window = Math.floor((part * series.windows) / count);
    meanOver(series, window, window + 1, means.subarray(part * cells, (part + 1) * cells));
  }
  return means;
}

/** The half-open range of windows that overlap the steps [from, to); `to` null means the end. */
export function windowsBetween(edges, from, to) {
  const windows = edges.length - 1;
  let first = 0;
  while (first < windows - 1 && edges[first + 1] <= from) first++;
  let last = windows;
  while (to !== null && last > first + 1 && edges[last - 1] >= to) last--;
  return [first, last];
}
