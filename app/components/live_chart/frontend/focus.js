// Which tasks are looked at: one choice for all charts of the page, so that a task under the mouse or the keyboard lights
// up wherever it is shown. Charts keep a layer of their own for it, as none of them is redrawn.

const watching = new Set();
let lit = [];

/** Light up these tasks, by name, in every chart; none of them where empty. */
export function light(tasks) {
  if (tasks.length === lit.length && tasks.every((task, place) => task === lit[place])) return;
  lit = tasks;
  const started = performance.now();
  for (const show of watching) show(lit);
  performance.measure("kindred-light", { start: started });
  if (performance.getEntriesByName("kindred-light").length > 500) performance.clearMeasures("kindred-light");
}

/** Call `show` with the tasks that are lit, now and whenever they change; returns the way to end it. */
export function onLight(show) {
  watching.add(show);
  show(lit);
  return () => watching.delete(show);
}

/** The tasks that are lit now. */
export const lights = () => lit;
