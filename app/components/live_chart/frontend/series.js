// A run's affinity over time, fetched in pieces that are kept while it grows; its mean and standard error over any
// interval, at a cost that does not depend on its length: engine/affinity/series.py and engine/affinity/uncertainty.py
// in the browser.

const MIN_BATCHES = 4; // windows; fewer say too little of how far apart such means lie

const [ATTEMPTS, PAUSE_MS] = [3, 500];

/**
 * The series with the numbers in its pieces: each member's `numbers`, a piece's totals as float32 and counts as uint32,
 * both [window, source, target]; counts is null where every update observed every pair.
 * @param {{edges: number[], noisy: boolean, members: {updates: number[], complete: boolean, pieces: string[]}[]}} sent
 *   one member, or one a seed on the same edges; pieces: addresses; windows of a series that is not noisy say nothing
 *   of an error.
 * @param {Map<string, Promise<{totals: Float32Array, counts: Uint32Array?}>>} kept pieces that are here by their
 *   address; made to be those of this series.
 */
export async function withNumbers(sent, kept = new Map()) {
  const wanted = new Set(sent.members.flatMap(({ pieces }) => pieces));
  for (const address of kept.keys()) if (!wanted.has(address)) kept.delete(address);
  try {
    return { ...sent, members: await Promise.all(sent.members.map((member) => memberWithNumbers(member, kept))) };
  } catch (error) {
    kept.clear();
    throw error;
  }
}

async function memberWithNumbers(member, kept) {
  const numbers = member.pieces.map((address) => {
    if (!kept.has(address)) kept.set(address, fetchPiece(address, member.complete));
    return kept.get(address);
  });
  return { ...member, numbers: await Promise.all(numbers) };
}

async function fetchPiece(address, complete) {
  for (let attempt = 1; ; attempt++) {
    try {
      const reply = await fetch(address);
      if (!reply.ok) throw new Error(`${address} is answered with ${reply.status}`);
      const content = await reply.arrayBuffer();
      if (complete) return { totals: new Float32Array(content), counts: null };
      const half = content.byteLength / 2;
      return { totals: new Float32Array(content, 0, half / 4), counts: new Uint32Array(content, half) };
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await new Promise((go) => setTimeout(go, PAUSE_MS));
    }
  }
}

const decoded = new WeakMap(); // several charts may show one series
let latest = null; // of these; the next may be of the same run, grown or on another page

/**
 * @param sent a series with its numbers.
 * @param before what was decoded earlier: of what both hold, nothing is summed again.
 */
export function decodeSeries(sent, tasks, before = latest) {
  if (!decoded.has(sent)) {
    const batches = sent.noisy && sent.members.length === 1;
    const decode = (member, place) => decodeMember(member, tasks ** 2, batches, before?.members[place]);
    const { edges } = sent;
    decoded.set(sent, { tasks, windows: edges.length - 1, edges, members: sent.members.map(decode) });
    latest = decoded.get(sent);
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
 * A member with `edges`, the windows at which its pieces begin and end; `upTo`, the sums over all windows before each;
 * and room for what a drag asks for at every frame: `found`, sums over an interval, and `mean`.
 * @param batches whether there is an error by batch means.
 */
function decodeMember({ pieces, updates, complete, numbers }, cells, batches, before) {
  const edges = [0];
  for (const { totals } of numbers) edges.push(edges.at(-1) + totals.length / cells);
  const known = before && batches === Boolean(before.centre) ? piecesInCommon({ pieces, updates, edges }, before) : 0;
  const member = { pieces, updates, numbers, edges };
  member.centre = known ? before.centre : batches ? meanOfFirstPiece(member, noSums(cells, complete, false)) : null;
  member.upTo = known ? before.upTo.slice(0, known + 1) : [noSums(cells, complete, batches)];
  for (let piece = known; piece < pieces.length; piece++) {
    const { totals, counts, observed, apart } = member.upTo[piece];
    const sums = { totals: totals.slice(), counts: counts.slice(), observed: observed.slice(), apart: apart?.slice() };
    addWindows(sums, member, piece, edges[piece], edges[piece + 1]);
    member.upTo.push(sums);
  }
  return { ...member, found: noSums(cells, complete, batches), mean: new Float64Array(cells) };
}

/** How many pieces at the beginning are those of the same run before. */
function piecesInCommon({ pieces, updates, edges }, before) {
  const other = updates.findIndex((count, window) => count !== before.updates[window]);
  const windows = other < 0 ? updates.length : other;
  let known = 0;
  while (pieces[known] === before.pieces[known] && edges[known + 1] <= windows) known++;
  return known;
}

/**
 * Counts are one for all pairs where every update observed every pair; `observed` counts the windows in which the pair
 * was observed. `apart` sums (total − count · centre)² / count, or is not there: squares about the mean of the first
 * piece, which stays as the run grows, as a spread that is small beside the mean would drown in the rounding of sums
 * about zero.
 */
function noSums(cells, complete, batches) {
  const [counts, observed] = [0, 0].map(() => new Uint32Array(complete ? 1 : cells));
  return { totals: new Float64Array(cells), counts, observed, apart: batches ? new Float64Array(cells) : null };
}

/** Add the windows [from, to) of a piece. */
function addWindows(sums, { updates, numbers, edges, centre }, piece, from, to) {
  const cells = sums.totals.length;
  for (let window = from; window < to; window++) {
    const begin = (window - edges[piece]) * cells;
    const totals = numbers[piece].totals.subarray(begin, begin + cells);
    const counts = numbers[piece].counts?.subarray(begin, begin + cells);
    if (counts) addPairByPair(sums, totals, counts, centre);
    else if (updates[window]) addAlike(sums, totals, updates[window], centre);
  }
}

function addAlike(sums, added, count, centre) {
  const { totals, apart } = sums;
  sums.counts[0] += count;
  sums.observed[0] += 1;
  for (let cell = 0; cell < totals.length; cell++) totals[cell] += added[cell];
  for (let cell = 0; cell < apart?.length; cell++) {
    const off = added[cell] - count * centre[cell];
    apart[cell] += (off * off) / count;
  }
}

function addPairByPair({ totals, counts, observed, apart }, added, pairwise, centre) {
  for (let cell = 0; cell < totals.length; cell++) {
    const count = pairwise[cell];
    if (!count) continue;
    totals[cell] += added[cell];
    counts[cell] += count;
    observed[cell] += 1;
    if (!apart) continue;
    const off = added[cell] - count * centre[cell];
    apart[cell] += (off * off) / count;
  }
}

/** Zero where it does not observe the pair. `sums`: none yet. */
function meanOfFirstPiece(member, sums) {
  addWindows(sums, member, 0, 0, member.edges[1] ?? 0);
  return sums.totals.map((total, cell) => total / Math.max(1, countOf(sums.counts, cell)));
}

const countOf = (counts, cell) => counts[counts.length === 1 ? 0 : cell];

/** Sums over the windows [first, last): whole pieces by a subtraction, the others one by one. */
function sumWindows(member, first, last) {
  const { edges, upTo, found } = member;
  if (found.first === first && found.last === last) return found; // a mean's error is asked for next
  Object.assign(found, { first, last });
  const [begin, end] = [firstFrom(edges, first), firstFrom(edges, last + 1) - 1]; // the edges between the two
  subtract(upTo[end], upTo[Math.min(begin, end)], found);
  if (begin > end) addWindows(found, member, end, first, last); // all within a piece
  else {
    addWindows(found, member, begin - 1, first, edges[begin]);
    addWindows(found, member, end, edges[end], last);
  }
  return found;
}

/** The place of the first of increasing values that is at least `value`; their number where none is. */
function firstFrom(values, value) {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function subtract(sums, less, into) {
  for (const name of ["totals", "counts", "observed", "apart"]) {
    const [values, others, differences] = [sums[name], less[name], into[name]];
    for (let place = 0; place < values?.length; place++) differences[place] = values[place] - others[place];
  }
}

/**
 * The mean affinity over the windows [first, last), row-major [source, target]; of several seeds, the mean of those
 * that observed the pair. NaN where none did.
 */
export function meanOver(series, first, last, into = new Float64Array(series.tasks ** 2)) {
  if (series.members.length === 1) return memberMean(series.members[0], first, last, into);
  const means = seedMeans(series, first, last);
  for (let cell = 0; cell < into.length; cell++) into[cell] = meanAndSpread(means, cell).mean;
  return into;
}

/**
 * The standard error of that mean; NaN where it is unknown. Of one run by batch means, from 4 windows on:
 * SE² = Σ n_w (m_w − m)² / (W − 1) / N, with the count n_w and the mean m_w of each of the W windows that observed the
 * pair, and N = Σ n_w; unknown where windows do not differ by noise. Of several seeds, the seeds' spread / √seeds.
 */
export function errorOver(series, first, last, into = new Float64Array(series.tasks ** 2)) {
  if (series.members.length === 1) return memberError(series.members[0], first, last, into);
  const means = seedMeans(series, first, last);
  for (let cell = 0; cell < into.length; cell++) {
    const { spread, seeds } = meanAndSpread(means, cell);
    into[cell] = seeds > 1 ? spread / Math.sqrt(seeds) : NaN;
  }
  return into;
}

/** Of each seed, until they are asked for again. */
function seedMeans({ members }, first, last) {
  return members.map((member) => memberMean(member, first, last, member.mean));
}

function memberMean(member, first, last, into) {
  const { totals, counts } = sumWindows(member, first, last);
  for (let cell = 0; cell < into.length; cell++) into[cell] = totals[cell] / countOf(counts, cell);
  return into;
}

function memberError(member, first, last, into) {
  if (!member.centre || last - first < MIN_BATCHES) return into.fill(NaN);
  const { totals, counts, observed, apart } = sumWindows(member, first, last);
  for (let cell = 0; cell < into.length; cell++) {
    const [count, windows] = [countOf(counts, cell), countOf(observed, cell)];
    const off = totals[cell] - count * member.centre[cell];
    const between = Math.max(0, apart[cell] - (off * off) / count);
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

/**
 * Single windows' own means, [window, source, target], of at most `most` windows, evenly spread: every one, or every
 * 2nd, 4th, 8th …, so that most new windows of a run leave them as they are.
 */
export function windowMeans(series, most = Infinity) {
  const cells = series.tasks ** 2;
  let step = 1;
  while (Math.ceil(series.windows / step) > most) step *= 2;
  const count = Math.ceil(series.windows / step);
  const means = new Float64Array(count * cells);
  for (let part = 0; part < count; part++) {
    meanOver(series, part * step, part * step + 1, means.subarray(part * cells, (part + 1) * cells));
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
