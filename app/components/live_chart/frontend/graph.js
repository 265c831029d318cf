// The tasks as a graph over any interval: places stay, arrows are redrawn at every frame of a drag.

import { createArrows, strongArrows } from "./arrows.js";
import { counted, make, oncePerFrame, withError, written } from "./parts.js";
import { scaleOver, unsureCells } from "./scaling.js";
import { decodeSeries, errorOver, meanOver, sameSeries, windowMeans } from "./series.js";
import { createTimeSlider } from "./slider.js";
import { LAYERED_CONFIG, themed } from "./theme.js";

const REST_MS = 150;

export function createGraph({ Plotly, root, commit }) {
  const slider = createTimeSlider({ onInput: () => counted(root, move), onCommit: report });
  const plot = make("div", { class: "kindred-plot", tabindex: 0, role: "application" });
  const live = make("div", { class: "kindred-unseen", "aria-live": "polite" });
  const legend = createKey();
  const again = oncePerFrame(() => counted(root, redraw));
  const moveAgain = oncePerFrame(() => counted(root, move));
  const threshold = createThreshold({ onInput: moveAgain, onCommit: report });
  const picture = createArrows();
  const stage = make("div", { class: "kindred-stage" }, picture.element, plot);
  root.append(slider.element, threshold.element, stage, legend.element, live);

  let data = null;
  let series = null;
  let frozen = null; // in step mode, the scale over all windows
  let known = false; // whether any standard error is
  let node = null; // the selected task's number
  let cursor = null; // the task under the keyboard
  let frame = null; // {theme, layout, places, radius}
  let drawn = false;
  let resting = null; // a timer: dashes and hover labels are brought up to date once the arrows rest

  plot.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const tasks = data.tasks.length;
    if (step) cursor = cursor === null ? (step > 0 ? 0 : tasks - 1) : (cursor + step + tasks) % tasks;
    else if ((event.key === "Enter" || event.key === " ") && cursor !== null) select(cursor);
    else return;
    event.preventDefault();
    if (step) {
      live.textContent = describeTask(cursor);
      again();
    }
  });
  plot.addEventListener("blur", () => {
    if (cursor === null) return;
    cursor = null;
    again();
  });

  function report() {
    commit({
      interval: slider.interval(),
      mode: slider.mode(),
      threshold: threshold.value(),
      node: node === null ? null : data.tasks[node],
    });
  }

  function select(task) {
    node = node === task ? null : task;
    live.textContent = node === null ? "Selection cleared" : `Selected ${describeTask(task)}`;
    again();
    report();
  }

  /** Whether both directions are the same, on this scale, so that one line without a head shows both. */
  const mutual = () => data.words.mutual && data.scale === "shared";
  const joint = () => (mutual() ? "–" : "→");

  function arrows() {
    const affinity = meanOver(series, ...slider.shownWindows());
    const step = slider.mode() === "step";
    if (step) frozen ??= scaleOver(windowMeans(series), series.tasks, data.scale);
    const { values, limit } = (step ? frozen : scaleOver(affinity, series.tasks, data.scale))(affinity);
    const strong = strongArrows(values, limit, series.tasks, threshold.value())
      .filter(({ source, target }) => !mutual() || source < target);
    const errors = errorOver(series, ...slider.shownWindows());
    const unsure = unsureCells(affinity, errors, series.tasks, data.scale);
    known = errors.some(Number.isFinite);
    return strong.map((arrow) => {
      const cell = arrow.source * series.tasks + arrow.target;
      return { ...arrow, affinity: affinity[cell], error: errors[cell], unsure: data.mark_unsure && unsure[cell] };
    });
  }

  function describeTask(task) {
    const mine = arrows().filter(({ source, target }) => source === task || target === task);
    const sentence = ({ source, target, affinity, error, unsure }) =>
      `${data.tasks[source]} ${joint()} ${data.tasks[target]}: ${withError(affinity, error)}${unsure ? ", unsure" : ""}`;
    return [data.tasks[task], ...mine.reverse().slice(0, 8).map(sentence)].join("; ");
  }

  /** Draw the arrows; moving ones are drawn faster, and anew once they rest. */
  function paint(moving) {
    const shown = arrows();
    root.dataset.arrows = shown.length;
    const unsure = shown.filter((arrow) => arrow.unsure).length;
    root.dataset.unsure = unsure;
    legend.show(data, shown.length, data.mark_unsure && known ? unsure : null);
    const { theme, places, radius, thickness } = frame;
    return picture.paint(shown, places, { palette: theme.palette, radius, thickness, focus: node, moving, lines: mutual() });
  }

  /** Where arrow heads say their value when hovered. */
  function hoverTrace(curves) {
    const names = data.figure.layout.meta.labels.full;
    const describe = ({ source, target, value, affinity, error, unsure }) =>
      `${names[source]} ${joint()} ${names[target]}: ${withError(affinity, error)}${unsure ? ", unsure" : ""}` +
      (data.scale === "shared" ? "" : `<br>on this scale: ${written(value, 2)}`);
    return {
      type: "scatter",
      mode: "markers",
      marker: { size: 14, opacity: 0 },
      x: curves.map(({ tip }) => tip[0]),
      y: curves.map(({ tip }) => tip[1]),
      text: curves.map(({ arrow }) => describe(arrow)),
      hovertemplate: "%{text}<extra></extra>",
    };
  }

  function nodeTrace() {
    const { theme, places, radius, labels, font, height } = frame;
    const near = new Set(node === null ? [] : [node]);
    return {
      ...data.figure.data[0],
      x: places.map(([x]) => x),
      y: places.map(([, y]) => y),
      text: labels,
      textposition: places.map(([, y]) => (y < height / 2 ? "top center" : "bottom center")),
      textfont: { size: font, color: theme.text, family: theme.font, shadow: halo(theme.background) },
      marker: {
        size: 2 * radius,
        color: places.map((_, task) => (near.has(task) ? theme.primary : theme.raised)),
        line: {
          color: places.map((_, task) => (task === cursor || near.has(task) ? theme.primary : theme.palette.muted)),
          width: places.map((_, task) => (task === cursor ? 4 : 1.5)),
        },
        opacity: 1,
      },
    };
  }

  function redraw() {
    clearTimeout(resting);
    const curves = paint(false);
    Plotly.react(plot, [hoverTrace(curves), nodeTrace()], frame.layout, LAYERED_CONFIG);
    picture.follow(plot);
    root.dataset.resting = "true";
  }

  function move() {
    paint(true);
    root.dataset.resting = "false";
    clearTimeout(resting);
    resting = setTimeout(redraw, REST_MS);
  }

  return {
    take(now, view) {
      if (!data || now.tasks.length !== series.tasks || !sameSeries(now.series, data.series)) {
        series = decodeSeries(now.series, now.tasks.length);
        slider.setEdges(series.edges);
      }
      data = now;
      slider.setUnit(data.words.unit);
      frozen = null;
      plot.setAttribute(
        "aria-label",
        "Graph of the tasks, an arrow leads from source to target. Arrow keys move between tasks, Enter selects.",
      );
      if (view) {
        slider.setView(view);
        threshold.set(view.threshold);
        node = view.node === null ? null : data.tasks.indexOf(view.node);
      }
    },
    draw(_, theme, width) {
      frame = graphFrame(data.figure, theme, width);
      stage.style.width = `${frame.layout.width}px`;
      picture.place(frame.layout);
      legend.paint(theme);
      counted(root, redraw);
      if (!drawn) {
        drawn = true;
        plot.on("plotly_click", ({ points: [point] }) => {
          if (point.data.mode === "markers+text") select(point.pointNumber);
        });
        plot.on("plotly_relayout", (change) => picture.follow(plot, change));
        plot.on("plotly_relayouting", (change) => picture.follow(plot, change));
      }
    },
    destroy() {
      slider.destroy();
      again.cancel();
      moveAgain.cancel();
      clearTimeout(resting);
      Plotly.purge(plot);
    },
  };
}

/** Places in pixels, so that arrows keep their shape at every width. */
function graphFrame(figure, theme, width) {
  const narrow = width < 560;
  const [nodes] = figure.data;
  const tasks = nodes.x.length;
  const labels = figure.layout.meta.labels[narrow || tasks > 60 ? "narrow" : "wide"];
  const font = narrow ? 11 : tasks > 60 ? 10 : tasks > 24 ? 12 : 14;
  const height = narrow ? Math.round(Math.min(1.15 * width, 460)) : Math.min(Math.round(0.62 * width), tasks > 15 ? 680 : 520);
  const radius = narrow ? (tasks > 24 ? 5 : 7) : tasks > 60 ? 6 : tasks > 24 ? 8 : 11;
  const longest = Math.max(...labels.map((text) => text.replace(/&\w+;/g, "x").length));
  const side = Math.min(0.2 * width, Math.max(24, longest * font * 0.3));
  const rim = radius + 2 * font;
  const across = (share) => side + ((share + 1) / 2) * (width - 2 * side);
  const down = (share) => rim + ((1 - share) / 2) * (height - 2 * rim);
  const places = nodes.x.map((x, task) => [across(x), down(nodes.y[task])]);
  const layout = themed(figure.layout, theme, width, height);
  layout.xaxis = { ...layout.xaxis, range: [0, width] };
  layout.yaxis = { ...layout.yaxis, range: [height, 0] };
  layout.uirevision = `${width}×${height}`;
  layout.dragmode = matchMedia("(pointer: coarse)").matches ? false : "pan";
  layout.hoverdistance = 8;
  const thickness = tasks > 60 ? 0.4 : tasks > 24 ? 0.6 : narrow ? 0.75 : 1;
  return { theme, layout, places, radius, thickness, labels, font, height };
}

function halo(colour) {
  return [[1, 0], [-1, 0], [0, 1], [0, -1]].map(([x, y]) => `${x}px ${y}px 2px ${colour}`).join(", ");
}

function createThreshold({ onInput, onCommit }) {
  const input = make("input", { type: "range", min: 0, max: 100, step: 1, "aria-label": "Smallest effect shown" });
  const fill = make("div", { class: "kindred-fill" });
  const readout = make("output", { class: "kindred-readout" });
  const show = () => {
    readout.textContent = `at least ${input.value} % of the strongest`;
    input.setAttribute("aria-valuetext", readout.textContent);
    fill.style.left = 0;
    fill.style.width = `${input.value}%`;
  };
  input.addEventListener("input", () => {
    show();
    onInput();
  });
  input.addEventListener("change", onCommit);
  return {
    element: make("div", { class: "kindred-threshold" },
      make("span", { "aria-hidden": "true" }, "Arrows shown"),
      make("div", { class: "kindred-track" }, fill, input), readout),
    value: () => Number(input.value) / 100,
    set(value) {
      input.value = Math.round(100 * value);
      show();
    },
  };
}

function createKey() {
  const solid = make("i", { "aria-hidden": "true" });
  const dashed = make("i", { "aria-hidden": "true", style: "border-top-style: dashed" });
  const [above, below] = [make("span"), make("span")];
  const faint = make("i", { "aria-hidden": "true", style: "opacity: 0.35" });
  const doubtful = make("span", { class: "kindred-key" });
  const count = make("span", { class: "kindred-measure" });
  return {
    element: make("div", { class: "kindred-legend" },
      make("span", { class: "kindred-key" }, solid, above),
      make("span", { class: "kindred-key" }, dashed, below), doubtful, count),
    paint(theme) {
      solid.style.borderColor = theme.palette.helps;
      dashed.style.borderColor = theme.palette.hurts;
      faint.style.borderColor = theme.palette.helps;
    },
    /** `unsure` arrows among them; null where no standard error is known or none is marked. */
    show(data, arrows, unsure) {
      [above.textContent, below.textContent] = data.words.arrows;
      doubtful.hidden = unsure === null;
      doubtful.replaceChildren(
        faint, `faint: within 2 standard errors of ${data.scale === "centred" ? "the target's average" : "zero"}`);
      count.textContent =
        `${arrows} ${data.words.mutual ? "line" : "arrow"}${arrows === 1 ? "" : "s"}${unsure === null ? "" : `, ${unsure} unsure`}; ` +
        `thickness: ${data.words.measure}`;
    },
  };
}
