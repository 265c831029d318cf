// How each kind of chart shows the tasks that are lit (looked at, see focus.js) and the chosen ones, and tells which task
// is under the mouse. All are layers or classes over what is drawn, which cost less than a millisecond.

import { light, lights, onLight } from "./focus.js";
import { make } from "./parts.js";

/** What all lights are: `show(lit, chosen)`, task names both, again whenever either changes. */
function createLights(show) {
  let chosen = [];
  const again = () => show(lights(), chosen);
  const end = onLight(again);
  return {
    /** Draw them again, as what lies below has moved. */
    follow: again,
    /** Mark tasks that are chosen in another chart. */
    choose(tasks) {
      chosen = tasks;
      again();
    },
    destroy: end,
  };
}

/** A layer over a plot's area that holds boxes; `stage` holds plot and layer. */
function createLayer(stage) {
  const layer = make("div", { class: "kindred-lights", "aria-hidden": "true" });
  stage.append(layer);
  return ({ _offset: left, _length: width }, { _offset: top, _length: height }, boxes) => {
    layer.style.cssText = `left: ${left}px; top: ${top}px; width: ${width}px; height: ${height}px`;
    layer.replaceChildren(...boxes);
  };
}

const box = (kind, left, top, width, height) =>
  make("i", { class: `kindred-${kind}`, style: `left: ${left}px; top: ${top}px; width: ${width}px; height: ${height}px` });

/** What is under the mouse, on the axes of a plot: {x, y} in pixels of its area. */
function underMouse(plot, { xaxis, yaxis }, { clientX, clientY }) {
  const frame = plot.getBoundingClientRect();
  return { x: clientX - frame.left - xaxis._offset, y: clientY - frame.top - yaxis._offset };
}

/** Of a matrix: a lit task's row and column; a bar at both ends of a chosen one. `names`: of the rows, in their order. */
export function matrixLights(stage, plot, names) {
  const put = createLayer(stage);
  const show = (lit, chosen) => {
    const { xaxis, yaxis } = plot._fullLayout ?? {};
    if (!xaxis) return;
    const place = new Map(names().map((name, at) => [name, at]));
    const ends = (axis, at) => [axis.c2p(at - 0.5), axis.c2p(at + 0.5)].sort((one, other) => one - other);
    const boxes = (tasks, each) => tasks.filter((task) => place.has(task)).flatMap((task) => {
      const [[left, right], [top, bottom]] = [ends(xaxis, place.get(task)), ends(yaxis, place.get(task))];
      return each(left, top, right - left, bottom - top);
    });
    put(xaxis, yaxis, [
      ...boxes(chosen, (left, top, width, height) =>
        [box("bar", 0, top, 4, height), box("bar", left, yaxis._length - 4, width, 4)]),
      ...boxes(lit, (left, top, width, height) =>
        [box("band", 0, top, xaxis._length, height), box("band", left, 0, width, yaxis._length)]),
    ]);
  };
  const taskAt = (event) => {
    const { xaxis, yaxis } = plot._fullLayout ?? {};
    if (!xaxis) return [];
    const { x, y } = underMouse(plot, { xaxis, yaxis }, event);
    const [row, column] = [names()[Math.round(yaxis.p2c(y))], names()[Math.round(xaxis.p2c(x))]];
    const [beside, below] = [y >= 0 && y < yaxis._length, x >= 0 && x < xaxis._length];
    if (beside && below) return row === column ? [row] : [row, column];
    if (beside && x < 0) return [row];
    return below && y > yaxis._length ? [column] : [];
  };
  return withMouse(stage, createLights(show), taskAt);
}

/** Of a graph: a ring around a task. `nodes`: {x, y, size}, one list each, on the plot's axes; `names`: of the tasks. */
export function graphLights(stage, plot, names, nodes) {
  const put = createLayer(stage);
  const ring = (kind, { x, y, size }, axes, task) => {
    const reach = size / 2 + 6;
    return box(kind, axes.xaxis.c2p(x[task]) - reach, axes.yaxis.c2p(y[task]) - reach, 2 * reach, 2 * reach);
  };
  const show = (lit, chosen) => {
    const axes = plot._fullLayout ?? {};
    if (!axes.xaxis || !nodes()) return;
    const place = new Map(names().map((name, at) => [name, at]));
    const rings = (kind, tasks) => tasks.filter((task) => place.has(task))
      .map((task) => ring(kind, nodes(), axes, place.get(task)));
    put(axes.xaxis, axes.yaxis, [...rings("chosen-ring", chosen), ...rings("ring", lit)]);
  };
  const taskAt = (event) => {
    const axes = plot._fullLayout ?? {};
    if (!axes.xaxis || !nodes()) return [];
    const { x, y } = underMouse(plot, axes, event);
    const { x: across, y: down, size } = nodes();
    const far = across.map((_, task) => Math.hypot(axes.xaxis.c2p(across[task]) - x, axes.yaxis.c2p(down[task]) - y));
    const nearest = far.indexOf(Math.min(...far));
    return far[nearest] <= size / 2 + 8 ? [names()[nearest]] : [];
  };
  return withMouse(stage, createLights(show), taskAt);
}

/** Of curves that belong to tasks: all others fade. */
export function curveLights(plot) {
  const taskOf = ({ meta }) => (typeof meta?.task === "string" ? meta.task : null); // a number is but a colour
  const show = (lit, chosen) => {
    const traces = (plot._fullData ?? []).map((trace) => [trace.uid, taskOf(trace)]).filter(([, task]) => task !== null);
    const wanted = [lit, chosen].find((tasks) => traces.some(([, task]) => tasks.includes(task))) ?? [];
    for (const [uid, task] of traces) {
      const drawn = plot.querySelector(`.scatterlayer .trace${uid}`);
      drawn?.classList.toggle("kindred-dim", wanted.length > 0 && !wanted.includes(task));
      drawn?.classList.toggle("kindred-lit-curve", wanted.includes(task));
    }
  };
  const all = createLights(show);
  let heard = false;
  return {
    ...all,
    follow() {
      all.follow();
      if (heard || !plot.on) return;
      heard = true;
      plot.on("plotly_hover", ({ points }) => light(points.slice(0, 1).map(({ data }) => taskOf(data)).filter(Boolean)));
      plot.on("plotly_unhover", () => light([]));
    },
  };
}

/** Of elements with `data-task` within another: a class. The one in focus or under the mouse is lit. */
export function chipLights(container) {
  const taskOf = ({ target }) => target.closest?.("[data-task]")?.dataset.task;
  const show = (lit, chosen) => {
    for (const chip of container.querySelectorAll("[data-task]")) {
      chip.classList.toggle("kindred-lit", lit.includes(chip.dataset.task));
      chip.classList.toggle("kindred-chosen", chosen.includes(chip.dataset.task));
    }
  };
  const lightIt = (event) => light([taskOf(event)].filter((task) => task !== undefined));
  container.addEventListener("focusin", lightIt);
  container.addEventListener("focusout", () => light([]));
  container.addEventListener("keydown", walk);
  return withMouse(container, createLights(show), (event) => [taskOf(event)].filter((task) => task !== undefined));
}

/** Arrow keys lead from chip to chip; only one of them is a stop of the tab key. */
function walk(event) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step || !event.target.matches("[data-task]") || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const chips = [...event.currentTarget.querySelectorAll("[data-task]")];
  const next = chips[(chips.indexOf(event.target) + step + chips.length) % chips.length];
  event.target.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

/** Let the mouse light what `taskAt` finds under it. */
function withMouse(element, all, taskAt) {
  const moved = (event) => light(taskAt(event));
  const left = () => light([]);
  element.addEventListener("pointermove", moved);
  element.addEventListener("pointerleave", left);
  return {
    ...all,
    destroy() {
      element.removeEventListener("pointermove", moved);
      element.removeEventListener("pointerleave", left);
      all.destroy();
    },
  };
}
