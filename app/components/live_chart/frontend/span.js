// What a chart over time shows, in words: the title of a figure that is saved.

import { capital } from "./parts.js";
import { say } from "./texts.js";

/** The quantity and the windows [first, last) of a series; the quantity alone where there is one window. */
export function shownSpan({ name, unit }, series, [first, last]) {
  if (series.windows < 2) return capital(name);
  const [from, to] = [series.edges[first], series.edges[last]];
  const span = unit === "seed" && to === from + 1 ? say("span_seed_one", { to }) : say(`span_${unit}`, { from: from + (unit === "seed" ? 1 : 0), to });
  return say("heatmap.title", { name: capital(name), span });
}
