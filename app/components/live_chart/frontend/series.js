// A run's affinity over time, decoded once, and its mean over any interval: engine/affinity/series.py in the browser.

/** @param {{edges: number[], updates: number[], totals: string}} sent  totals: float32 [window, source, target]. */
export function decodeSeries(sent, tasks) {
  const cells = tasks * tasks;
  const windows = sent.updates.length;
  const totals = floats(sent.totals);
  const sums = new Float64Array((windows + 1) * cells); // sums over all windows before each edge
  const counts = new Float64Array(windows + 1);
  for (let window = 0; window < windows; window++) {
    counts[window + 1] = counts[window] + sent.updates[window];
    const before = window * cells;
    for (let cell = 0; cell < cells; cell++) {
      sums[before + cells + cell] = sums[before + cell] + totals[before + cell];
    }
  }
  return { tasks, windows, edges: sent.edges, sums, counts };
}

function floats(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place++) bytes[place] = text.charCodeAt(place);
  return new Float32Array(bytes.buffer);
}

/** The mean affinity over the windows [first, last), row-major [source, target]; NaN where nothing was observed. */
export function meanOver(series, first, last, into = new Float64Array(series.tasks ** 2)) {
  const cells = series.tasks ** 2;
  const updates = series.counts[last] - series.counts[first];
  const from = first * cells;
  const to = last * cells;
  for (let cell = 0; cell < cells; cell++) {
    into[cell] = (series.sums[to + cell] - series.sums[from + cell]) / updates;
  }
  return into;
}

/** Every window's own mean, [window, source, target]. */
export function windowMeans(series) {
  const cells = series.tasks ** 2;
  const means = new Float64Array(series.windows * cells);
  for (let window = 0; window < series.windows; window++) {
    meanOver(series, window, window + 1, means.subarray(window * cells, (window + 1) * cells));
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
