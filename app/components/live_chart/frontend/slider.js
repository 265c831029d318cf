// The time slider: one window ("At a step") or any interval of windows, with a play button. Speaks in steps, or rounds;
// where windows are seeds, in these.

import { capital, make, oncePerFrame } from "./parts.js";
import { windowsBetween } from "./series.js";

const PLAY_SECONDS = 8; // for the whole run
const FASTEST_MS = 60;
const SLOWEST_MS = 400;
const MODES = {
  step: ["At a step", "Over an interval", "Training time"],
  round: ["At a round", "Over an interval", "Rounds of communication"],
  seed: ["One seed", "Mean of seeds", "Seeds"],
};
let sliders = 0;

/** The windows between two edges in words; a seed is a window, and counted from 1. */
function span(unit, from, to, joint) {
  if (unit !== "seed") return `${unit}s ${from}${joint}${to}`;
  return to === from + 1 ? `seed ${to}` : `seeds ${from + 1}${joint}${to}`;
}

/** onInput runs at most once a frame while something moves; onCommit when the visitor has settled. */
export function createTimeSlider({ onInput, onCommit }) {
  const name = `kindred-mode-${sliders++}`;
  let edges = [0, 0];
  let unit = "step";
  let mode = "interval";
  let first = 0;
  let last = 1;
  let playing = null;

  const modes = Object.fromEntries(
    ["step", "interval"].map((value, place) => {
      const input = make("input", { type: "radio", name, value, onchange: () => switchTo(value) });
      const text = make("span", {}, MODES[unit][place]);
      return [value, { input, text, label: make("label", {}, input, text) }];
    }),
  );
  const thumb = (label) => make("input", { type: "range", step: 1, "aria-label": label });
  const from = thumb("Start of the interval");
  const to = thumb("End of the interval");
  const fill = make("div", { class: "kindred-fill" });
  const play = make("button", { type: "button", class: "kindred-play", onclick: () => (playing ? pause() : start()) });
  const readout = make("output", { class: "kindred-readout" });
  const track = make("div", { class: "kindred-track" }, fill, from, to);
  const element = make(
    "div",
    { class: "kindred-time", role: "group", "aria-label": MODES[unit][2] },
    make("div", { class: "kindred-modes", role: "radiogroup", "aria-label": "Show" },
      modes.step.label, modes.interval.label),
    play, track, readout,
  );

  const announceInput = oncePerFrame(onInput);
  from.addEventListener("input", () => moved(from));
  to.addEventListener("input", () => moved(to));
  from.addEventListener("change", onCommit);
  to.addEventListener("change", onCommit);

  const windows = () => edges.length - 1;

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
    to.setAttribute("aria-label", step ? capital(unit) : "End of the interval");
    const text = span(unit, edges[start], edges[end], " to ");
    for (const input of [from, to]) input.setAttribute("aria-valuetext", text);
    readout.textContent = `${capital(span(unit, edges[start], edges[end], "–"))} of ${edges[windows()]}`;
    const share = (window) => `${(100 * window) / Math.max(windows(), 1)}%`;
    fill.style.left = share(start);
    fill.style.width = share(end - start);
    // the thumb that can still move stays on top where both are at one end
    from.style.zIndex = first > windows() / 2 ? 2 : 1;
    to.style.zIndex = first > windows() / 2 ? 1 : 2;
    element.hidden = windows() < 2; // one matrix has no course over time
    play.textContent = playing ? "❚❚" : "▶";
    play.setAttribute("aria-label", playing ? "Pause" : "Play");
    track.classList.toggle("kindred-step", step);
  }

  function start() {
    if (last >= windows()) last = mode === "step" ? 1 : first + 1;
    const pace = Math.min(SLOWEST_MS, Math.max(FASTEST_MS, (1000 * PLAY_SECONDS) / windows()));
    playing = setInterval(() => {
      last += 1;
      if (last >= windows()) pause();
      else show();
      announceInput();
    }, pace);
    show();
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

  function shownWindows() {
    return mode === "step" ? [last - 1, last] : [first, last];
  }

  return {
    element,
    shownWindows,
    mode: () => mode,
    /** The interval in steps; the end of the run is null, as a live run moves it. */
    interval: () => {
      const [start, end] = [mode === "step" ? Math.min(first, last - 1) : first, last];
      return [edges[start], end === windows() ? null : edges[end]];
    },
    /** What windows are counted in: "step", "round" or "seed". */
    setUnit(now) {
      if (now === unit) return;
      unit = now;
      modes.step.text.textContent = MODES[unit][0];
      modes.interval.text.textContent = MODES[unit][1];
      element.setAttribute("aria-label", MODES[unit][2]);
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
