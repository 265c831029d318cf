// Small things that every kind of chart needs.

import { say } from "./texts.js";

export const NARROW = 560; // pixels, below which a chart takes the form for a small screen

/** An element with attributes, children and text; text never becomes markup. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Run `work` at the next frame, once, however often it is asked for until then. */
export function oncePerFrame(work) {
  let asked = null;
  const ask = () => {
    asked ??= requestAnimationFrame(() => {
      asked = null;
      work();
    });
  };
  ask.cancel = () => {
    cancelAnimationFrame(asked);
    asked = null;
  };
  return ask;
}

/** Report at once, but then not again within `pause` ms; the last value is never lost (a held arrow key). */
export function unhurried(report, pause = 200) {
  let timer = null;
  let waiting = null;
  const rest = () => {
    timer = setTimeout(() => {
      timer = null;
      if (waiting) {
        report(waiting.value);
        waiting = null;
        rest();
      }
    }, pause);
  };
  return (value) => {
    if (timer) waiting = { value };
    else {
      report(value);
      rest();
    }
  };
}

/** Count and time a redraw on the element, for tests and benchmarks. */
export function counted(root, redraw) {
  const started = performance.now();
  redraw();
  root.dataset.redraws = Number(root.dataset.redraws ?? 0) + 1;
  root.dataset.redrawMs = (performance.now() - started).toFixed(1);
  performance.mark("kindred-redraw");
  if (performance.getEntriesByName("kindred-redraw").length > 2000) performance.clearMarks("kindred-redraw");
}

/** Watch an element's width; `work` is called with it, in whole pixels, at first and on every change of size. */
export function watchWidth(element, work) {
  const observer = new ResizeObserver(([entry]) => work(Math.floor(entry.contentRect.width)));
  observer.observe(element);
  return () => observer.disconnect();
}

/** A number as a person writes it: three significant digits and a true minus. */
export function written(value, digits = 3) {
  if (!Number.isFinite(value)) return say("unknown");
  const text = Math.abs(value) >= 1e4 || (value !== 0 && Math.abs(value) < 1e-4)
    ? value.toExponential(digits - 1)
    : String(Number(value.toPrecision(digits)));
  return text.replaceAll("-", "−");
}

/** A text that begins a sentence. */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** A number with its standard error, where one is known. */
export function withError(value, error, digits = 3) {
  return written(value, digits) + (Number.isFinite(error) ? ` ± ${written(error, 2)}` : "");
}

/** The power of ten that brings numbers up to `limit` near one; 0 where they are already easy to read. */
export function commonPower(limit) {
  const power = Math.floor(Math.log10(limit));
  return power >= 4 || power <= -2 ? power : 0;
}

/** A number short enough for a cell, in units of 10^power: two significant digits, at most two decimals. */
export function brief(value, power) {
  const scaled = value / 10 ** power;
  const two = Number(scaled.toPrecision(2));
  return String(Math.abs(two) < 0.1 ? Number(scaled.toFixed(2)) : two).replace("-", "−");
}

/** 10^power in writing. */
export function tenTo(power) {
  return "10" + String(power).replace("-", "⁻").replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]);
}
