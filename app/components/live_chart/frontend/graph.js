// The tasks as a graph over any interval: places stay, arrows are redrawn at every frame of a drag.

import { createArrows, strongArrows } from "./arrows.js";
import { createExports, figureSvg, layerSvg } from "./exporting.js";
import { light } from "./focus.js";
import { createKey, createThreshold } from "./graph_controls.js";
import { graphFrame, halo } from "./graph_frame.js";
import { graphLights } from "./lights.js";
import { counted, make, oncePerFrame, withError, written } from "./parts.js";
import { createFixedScale, scaleOver, unsureCells } from "./scaling.js";
import { decodeSeries, errorOver, meanOver, sameSeries } from "./series.js";
import { shownSpan } from "./span.js";
import { createTimeSlider } from "./slider.js";
import { say } from "./texts.js";
import { LAYERED_CONFIG } from "./theme.js";

const REST_MS = 150;

/** `shared`: as of the heatmap. */
export function createGraph({ Plotly, root, commit, shared }) {
  const slider = shared ?? createTimeSlider({ onInput: () => counted(root, move), onCommit: report });
  const plot = make("div", { class: "kindred-plot", tabindex: 0, role: "application" });
  const live = make("div", { class: "kindred-unseen", "aria-live": "polite" });
  const legend = createKey();
  const again = oncePerFrame(() => counted(root, redraw));
  const moveAgain = oncePerFrame(() => counted(root, move));
  const threshold = createThreshold({ onInput: moveAgain, onCommit: report });
  const picture = createArrows();
  const stage = make("div", { class: "kindred-stage" }, picture.element, plot);
  const saving = createExports({ name: fileName, picture: drawing, table });
  root.append(slider.element, threshold.element, stage, legend.element, saving.element, slider.list, live);
  const nodes = () => frame && { x: frame.places.map(([x]) => x), y: frame.places.map(([, y]) => y), size: 2 * frame.radius };
  const lights = graphLights(stage, plot, () => data.tasks, nodes);
  const fixedScale = createFixedScale();

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
      light([data.tasks[cursor]]);
      again();
    }
  });
  plot.addEventListener("blur", () => {
    if (cursor === null) return;
    cursor = null;
    light([]);
    again();
  });

  function report() {
    commit({
      interval: slider.interval(),
      mode: slider.mode(),
      threshold: threshold.value(),
      top: threshold.top(),
      node: node === null ? null : data.tasks[node],
    });
  }

  function select(task) {
    node = node === task ? null : task;
    live.textContent = node === null ? say("heatmap.cleared") : say("graph.selected", { task: describeTask(task) });
    again();
    report();
  }

  /** Whether both directions are the same, on this scale, so that one line without a head shows both. */
  const mutual = () => data.words.mutual && data.scale === "shared";

  /** An arrow in words; `names` of the tasks. */
  function describe({ source, target, affinity, error, unsure }, names) {
    const value = withError(affinity, error);
    const said = { source: names[source], target: names[target], value: unsure ? say("heatmap.unsure", { value }) : value };
    return say(mutual() ? "graph.line" : "graph.arrow", said);
  }

  function arrows() {
    const affinity = meanOver(series, ...slider.shownWindows());
    const step = slider.mode() === "step";
    if (step) frozen ??= fixedScale(series, data.scale);
    const { values, limit } = (step ? frozen : scaleOver(affinity, series.tasks, data.scale))(affinity);
    const strong = strongArrows(values, limit, series.tasks, threshold.value())
      .filter(({ source, target }) => !mutual() || source < target)
      .slice(-threshold.top());
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
    return [data.tasks[task], ...mine.reverse().slice(0, 8).map((arrow) => describe(arrow, data.tasks))].join("; ");
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
    const scaled = ({ value }) => (data.scale === "shared" ? "" : `<br>${say("heatmap.on_scale", { value: written(value, 2) })}`);
    return {
      type: "scatter",
      mode: "markers",
      marker: { size: 14, opacity: 0 },
      x: curves.map(({ tip }) => tip[0]),
      y: curves.map(({ tip }) => tip[1]),
      text: curves.map(({ arrow }) => describe(arrow, names) + scaled(arrow)),
      hovertemplate: "%{text}<extra></extra>",
    };
  }

  function nodeTrace() {
    const { theme, places, radius, labels, above, free, font } = frame;
    const near = new Set(node === null ? [] : [node]);
    return {
      ...data.figure.data[0],
      x: places.map(([x]) => x),
      y: places.map(([, y]) => y),
      text: labels.map((label, task) => (free[task] || near.has(task) || task === cursor ? label : "")),
      textposition: above.map((is) => (is ? "top center" : "bottom center")),
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

  function fileName() {
    return [data.key, ...(data.kind === "graph" ? [] : ["graph"]), ...slider.shownWindows().map((edge) => series.edges[edge])].join("-");
  }

  function drawing() {
    const figure = { data: [nodeTrace()], layout: plot.layout };
    const title = shownSpan(data.words, series, slider.shownWindows());
    return figureSvg(Plotly, { figure, theme: frame.theme, title, layers: [layerSvg(picture)], legend: legend.svg });
  }

  /** The arrows that are drawn, the strongest first. */
  function table() {
    const rows = arrows().reverse().map(({ source, target, affinity, error }) => [data.tasks[source], data.tasks[target], affinity, error]);
    return [["source", "target", data.words.name, "standard_error"], ...rows];
  }

  return {
    lights,
    move,
    /** Select a task by its name, or none, without a report. */
    choose(task) {
      node = task === null ? null : data.tasks.indexOf(task);
      again();
    },
    take(now, view) {
      if (!data || now.tasks.length !== series.tasks || !sameSeries(now.series, data.series)) {
        series = decodeSeries(now.series, now.tasks.length);
        slider.setEdges(series.edges);
      }
      data = now;
      slider.setUnit(data.words.unit);
      slider.setMarks(data.marks);
      frozen = null;
      plot.setAttribute("aria-label", say("graph.label"));
      if (view) {
        slider.setView(view);
        threshold.set(view.threshold);
        threshold.setTop(view.top);
        node = view.node === null ? null : data.tasks.indexOf(view.node);
      }
    },
    draw(_, theme, width) {
      frame = graphFrame(data.figure, theme, width);
      stage.style.width = `${frame.layout.width}px`;
      picture.place(frame.layout);
      legend.paint(theme);
      counted(root, redraw);
      lights.follow();
      if (!drawn) {
        drawn = true;
        plot.on("plotly_click", ({ points: [point] }) => {
          if (point.data.mode === "markers+text") select(point.pointNumber);
        });
        plot.on("plotly_relayout", (change) => picture.follow(plot, change));
        plot.on("plotly_afterplot", lights.follow);
        plot.on("plotly_relayouting", (change) => picture.follow(plot, change));
      }
    },
    destroy() {
      slider.destroy();
      lights.destroy();
      saving.destroy();
      again.cancel();
      moveAgain.cancel();
      clearTimeout(resting);
      Plotly.purge(plot);
    },
  };
}
