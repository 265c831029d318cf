// The time slider: one window ("At a step") or any interval of windows. It plays, at four speeds and once or again and
// again, and bears marks where something happened. Speaks in steps, or rounds; where windows are seeds, in these.

import { make, oncePerFrame } from "./parts.js";
import { windowsBetween } from "./series.js";
import { say } from "./texts.js";

const PLAY_SECONDS = 8; // for the whole run
const FASTEST_MS = 60;
const SLOWEST_MS = 400;
const CALM_MS = 1000; // a frame where the visitor asks for reduced motion
const SPEEDS = [0.5, 1, 2, 4];
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let sliders = 0;

/** The key of a text on windows between two edges; a seed is a window, and counted from 1. */
const spanKey = (which, unit, from, to) => `${which}_${unit}${unit === "seed" && to === from + 1 ? "_one" : ""}`;

/** onInput runs at most once a frame while something moves; onCommit when the visitor has settled. */
export function createTimeSlider({ onInput, onCommit }) {
  const name = `kindred-mode-${sliders++}`;
  let edges = [0, 0];
  let unit = "step";
  let mode = "interval";
  let first = 0;
  let last = 1;
  let playing = null;
  let looping = false;
  let marked = []; // [{step, said}]

  const modes = Object.fromEntries(
    ["step", "interval"].map((value) => {
      const input = make("input", { type: "radio", name, value, onchange: () => switchTo(value) });
      const text = make("span");
      return [value, { input, text, label: make("label", {}, input, text) }];
    }),
  );
  const thumb = (label) => make("input", { type: "range", step: 1, "aria-label": label });
  const from = thumb(say("start"));
  const to = thumb(say("end"));
  const fill = make("div", { class: "kindred-fill" });
  const play = make("button", { type: "button", class: "kindred-play", onclick: () => (playing ? pause() : start()) });
  const loop = make("button", { type: "button", class: "kindred-play kindred-loop", "aria-pressed": "false",
    "aria-label": say("loop"), title: say("loop"), onclick: toggleLoop }, "⟳");
  const speed = make("select", { class: "kindred-speed", "aria-label": say("speed"), title: say("speed"), onchange: atSpeed },
    ...SPEEDS.map((value) => make("option", { value, selected: value === 1 }, say("times", { speed: value }))));
  const readout = make("output", { class: "kindred-readout" });
  const marks = make("div", { class: "kindred-marks" });
  const track = make("div", { class: "kindred-track" }, fill, marks, from, to);
  const told = make("ol", { class: "kindred-told" });
  const count = make("summary");
  const list = make("details", { class: "kindred-changes" }, count, told);
  const element = make(
    "div",
    { class: "kindred-time", role: "group" },
    make("div", { class: "kindred-modes", role: "radiogroup", "aria-label": say("show") },
      modes.step.label, modes.interval.label),
    make("div", { class: "kindred-player" }, play, loop, speed),
    track, readout,
  );
  nameUnits();
  namePlay();

  const announceInput = oncePerFrame(onInput);
  from.addEventListener("input", () => moved(from));
  to.addEventListener("input", () => moved(to));
  from.addEventListener("change", onCommit);
  to.addEventListener("change", onCommit);
  track.addEventListener("keydown", (event) => {
    if (event.key !== " " || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    play.click();
  });

  const windows = () => edges.length - 1;

  function namePlay() {
    play.textContent = playing ? "❚❚" : "▶";
    play.setAttribute("aria-label", say(playing ? "pause" : "play"));
    play.title = say(playing ? "pause" : "play");
  }

  function nameUnits() {
    modes.step.text.textContent = say(`one_${unit}`);
    modes.interval.text.textContent = say(`many_${unit}`);
    element.setAttribute("aria-label", say(`time_${unit}`));
  }

  function moved(input) {
    stop();
    if (mode === "step") {
      last = Number(to.value) + 1;
    } else if (input === from) {
      first = Math.min(Number(from.value), last - 1);
    } else {
      last = Math.max(Number(to.value), first + 1);
    }
    show();
    announceInput();
  }

  function switchTo(value) {
    stop();
    mode = value;
    first = Math.min(first, last - 1);
    show();
    announceInput();
    onCommit();
  }

  function show() {
    const step = mode === "step";
    const [start, end] = shownWindows();
    modes[mode].input.checked = true;
    from.hidden = step;
    from.min = 0;
    from.max = windows();
    from.value = first;
    to.min = 0;
    to.max = step ? windows() - 1 : windows();
    to.value = step ? last - 1 : last;
    to.setAttribute("aria-label", step ? say(`thumb_${unit}`) : say("end"));
    const span = { from: edges[start] + (unit === "seed" ? 1 : 0), to: edges[end], end: edges[windows()] };
    const text = say(spanKey("span", unit, edges[start], edges[end]), span);
    for (const input of [from, to]) input.setAttribute("aria-valuetext", text);
    readout.textContent = say(spanKey("readout", unit, edges[start], edges[end]), span);
    fill.style.left = share(start);
    fill.style.width = share(end - start);
    // the thumb that can still move stays on top where both are at one end
    from.style.zIndex = first > windows() / 2 ? 2 : 1;
    to.style.zIndex = first > windows() / 2 ? 1 : 2;
    element.hidden = windows() < 2; // one matrix has no course over time
    namePlay();
    track.classList.toggle("kindred-step", step);
  }

  const share = (window) => `${(100 * window) / Math.max(windows(), 1)}%`;

  function start() {
    if (last >= windows()) rewind();
    const usual = Math.min(SLOWEST_MS, Math.max(FASTEST_MS, (1000 * PLAY_SECONDS) / windows()));
    playing = setInterval(forward, (calm.matches ? Math.max(usual, CALM_MS) : usual) / Number(speed.value));
    show();
    announceInput();
  }

  function rewind() {
    last = mode === "step" ? 1 : Math.min(first + 1, windows());
  }

  function forward() {
    if (last >= windows()) rewind(); // of a loop
    else last += 1;
    if (last >= windows() && !looping) pause();
    else show();
    announceInput();
  }

  function stop() {
    clearInterval(playing);
    playing = null;
  }

  function pause() {
    stop();
    last = Math.min(last, windows());
    show();
    onCommit();
  }

  function toggleLoop() {
    looping = !looping;
    loop.setAttribute("aria-pressed", String(looping));
  }

  function atSpeed() {
    if (!playing) return;
    stop();
    start();
  }

  function jump(step) {
    stop();
    last = windowsBetween(edges, edges[0], step)[1];
    first = Math.min(first, last - 1);
    show();
    announceInput();
    onCommit();
  }

  function showMarks() {
    const [begin, end] = [edges[0], edges[windows()]];
    const places = new Map(); // step → what is said of it
    for (const { step, said } of marked) places.set(step, [...(places.get(step) ?? []), said]);
    const at = (step) => windowsBetween(edges, begin, step)[1]; // windows may differ in length
    marks.replaceChildren(...[...places].filter(([step]) => step > begin && step <= end).map(([step, said]) =>
      make("button", { type: "button", class: "kindred-mark", tabindex: -1, "aria-hidden": "true", title: said.join("\n"),
        style: `left: ${share(at(step))}`, "data-step": step, onclick: () => jump(step) })));
    told.replaceChildren(...marked.map(({ step, said }) =>
      make("li", {}, make("button", { type: "button", onclick: () => jump(step) }, said))));
    count.textContent = say("marks", { count: marked.length });
    list.hidden = !marked.length;
  }

  function shownWindows() {
    return mode === "step" ? [last - 1, last] : [first, last];
  }

  showMarks();

  return {
    element,
    list, // of the marks, in words
    shownWindows,
    mode: () => mode,
    /** The interval in steps; the end of the run is null, as a live run moves it. */
    interval: () => {
      const [start, end] = [mode === "step" ? Math.min(first, last - 1) : first, last];
      return [edges[start], end === windows() ? null : edges[end]];
    },
    /** The shown windows' ends in steps. */
    steps: () => shownWindows().map((window) => edges[window]),
    /** What windows are counted in: "step", "round" or "seed". */
    setUnit(now) {
      if (now === unit) return;
      unit = now;
      nameUnits();
      show();
    },
    /** Take up new windows; the view stays, and an end at the run's end follows it. */
    setEdges(now) {
      const [stepFrom, stepTo, followed] = [edges[first], edges[last], last === windows()];
      const begun = windows() > 1 || edges[1] > edges[0];
      edges = now;
      if (begun) [first, last] = windowsBetween(edges, stepFrom, followed ? null : stepTo);
      else [first, last] = [0, windows()];
      show();
      showMarks();
    },
    /** What happened at steps: [{step, said}]. */
    setMarks(now = []) {
      if (JSON.stringify(now) === JSON.stringify(marked)) return;
      marked = now;
      showMarks();
    },
    setView(view) {
      stop();
      mode = view.mode;
      [first, last] = windowsBetween(edges, ...view.interval);
      show();
    },
    destroy() {
      stop();
      announceInput.cancel();
    },
  };
}
