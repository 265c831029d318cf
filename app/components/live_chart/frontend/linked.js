// Matrix, graph, losses and the best grouping under one time slider and with one selection.

import { groupingCards, sameTasks } from "./cards.js";
import { createGraph } from "./graph.js";
import { createHeatmap } from "./heatmap.js";
import { chipLights } from "./lights.js";
import { counted, make, NARROW } from "./parts.js";
import { createPlain } from "./plain.js";
import { createTimeSlider } from "./slider.js";
import { say } from "./texts.js";

const TWO_COLUMNS_FROM = 900; // pixels
const NOTHING = { selected: null, node: null, group: null };

export function createLinked({ Plotly, root, commit }) {
  const slider = createTimeSlider({ onInput: () => counted(root, move), onCommit: report });
  const shared = { ...slider, element: "", list: "", setEdges() {}, setUnit() {}, setMarks() {}, setView() {}, destroy() {} };
  const room = (kind, key) =>
    make("section", { class: `kindred-panel kindred-${kind}`, "data-kind": kind, "aria-label": say(key) });
  const rooms = {
    heatmap: room("heatmap", "panel_heatmap"),
    graph: room("graph", "panel_graph"),
    losses: room("losses", "panel_losses"),
    cards: room("cards-panel", "grouping"),
  };
  const panels = make("div", { class: "kindred-panels" }, ...Object.values(rooms));
  root.append(slider.element, slider.list, panels);

  const matrix = createHeatmap({ Plotly, root: rooms.heatmap, shared, commit: ({ selected }) => choose({ selected }) });
  const graph = createGraph({ Plotly, root: rooms.graph, shared, commit: graphChanged });
  const losses = createLosses({ Plotly, root: rooms.losses });
  const cards = createCards(rooms.cards, (group) => choose({ group }));

  let data = null;
  let chosen = NOTHING; // one pair, one task or one network, by names
  let arrows = {}; // which ones the graph draws

  function graphChanged(view) {
    const { interval, mode, node, ...which } = view;
    arrows = which;
    if (node === chosen.node) report();
    else choose({ node });
  }

  /** One selection for all: another kind of it takes the place of the last. */
  function choose(now) {
    const before = chosen;
    chosen = { ...NOTHING, ...now };
    if (before.selected && !chosen.selected) matrix.choose(null);
    if (before.node && !chosen.node) graph.choose(null);
    showChosen();
    report();
  }

  function showChosen() {
    const tasks = [...new Set([...(chosen.selected ?? []), ...(chosen.node === null ? [] : [chosen.node]), ...(chosen.group ?? [])])];
    root.dataset.chosen = JSON.stringify(tasks);
    cards.show(slider.steps()[1], chosen.group);
    for (const { lights } of [matrix, graph, losses, cards]) lights.choose(tasks);
  }

  function report() {
    commit({ interval: slider.interval(), mode: slider.mode(), ...arrows, ...chosen });
  }

  function move() {
    counted(rooms.heatmap, matrix.move);
    counted(rooms.graph, graph.move);
    losses.show(slider.steps());
    cards.show(slider.steps()[1], chosen.group);
  }

  return {
    take(now, view) {
      if (String(data?.series.edges) !== String(now.series.edges)) slider.setEdges(now.series.edges);
      data = now;
      slider.setUnit(data.words.unit);
      slider.setMarks(data.marks);
      if (view) {
        slider.setView(view);
        const { interval, mode, selected, node, group, ...which } = view;
        chosen = { selected, node, group };
        arrows = which;
      }
      matrix.take(data, view);
      graph.take({ ...data, figure: data.graph }, view);
      losses.take(data);
      cards.take(data.groupings);
    },
    draw(_, theme, width) {
      root.classList.toggle("kindred-wide", width >= TWO_COLUMNS_FROM);
      rooms.losses.hidden = !data.losses;
      rooms.cards.hidden = !data.groupings;
      const drawIn = (where, draw) => {
        const across = Math.floor(where.clientWidth);
        where.classList.toggle("kindred-narrow", across < NARROW);
        draw(across);
      };
      counted(root, () => {
        drawIn(rooms.heatmap, (across) => matrix.draw(data, theme, across));
        drawIn(rooms.graph, (across) => graph.draw(data, theme, across));
        if (data.losses) drawIn(rooms.losses, (across) => losses.draw(theme, across));
        losses.show(slider.steps());
        showChosen();
      });
    },
    destroy() {
      slider.destroy();
      for (const panel of [matrix, graph, losses, cards]) panel.destroy();
    },
  };
}

/** Curves over steps, with a band where the slider stands. */
function createLosses({ Plotly, root }) {
  const curves = createPlain({ Plotly, root });
  const plot = root.querySelector(".kindred-plot");
  const band = make("i", { class: "kindred-now", "aria-hidden": "true" });
  root.append(band);
  let figure = null;
  let shown = [0, 0];
  let heard = false;

  function show(steps = shown) {
    shown = steps;
    const { xaxis, yaxis } = plot._fullLayout ?? {};
    band.hidden = !xaxis;
    if (!xaxis) return;
    const [left, right] = shown.map((step) => Math.max(0, Math.min(xaxis._length, xaxis.d2p(step))));
    band.style.cssText = `left: ${plot.offsetLeft + xaxis._offset + left}px; width: ${Math.max(2, right - left)}px; ` +
      `top: ${plot.offsetTop + yaxis._offset}px; height: ${yaxis._length}px`;
  }

  return {
    lights: curves.lights,
    show,
    take(data) {
      figure = data.losses;
      curves.take({ label: say("losses_label") });
    },
    draw(theme, width) {
      curves.draw({ figure }, theme, width);
      if (heard || !plot.on) return;
      heard = true;
      plot.on("plotly_afterplot", () => show());
    },
    destroy: curves.destroy,
  };
}

/** The networks of the best grouping at the moment where the slider ends. */
function createCards(root, chooseNetwork) {
  const title = make("h3");
  const when = make("p", { class: "kindred-note" });
  const grouping = make("div");
  root.append(title, when, grouping);
  const lights = chipLights(grouping);
  let sent = null;
  let shown = null; // {moment, chosen}

  return {
    lights,
    take(groupings) {
      sent = groupings;
      shown = null;
    },
    show(step, chosen) {
      if (!sent) return;
      const moment = sent.moments.findLast((each) => each.at <= step) ?? sent.moments[0] ?? null;
      if (shown && shown.moment === moment && shown.chosen === chosen) return;
      shown = { moment, chosen };
      title.textContent = sent.title;
      when.textContent = moment ? say("moment", { step: moment.at }) : sent.waiting;
      root.dataset.moment = moment ? moment.at : "";
      const focus = grouping.contains(document.activeElement) ? placeOf(document.activeElement) : null;
      const choose = (tasks) => chooseNetwork(sameTasks(tasks, chosen) ? null : tasks);
      grouping.replaceChildren(...(moment ? groupingCards(moment, sent.value_title, { chosen, choose }) : []));
      focus?.();
      lights.follow();
    },
    destroy: lights.destroy,
  };

  /** The way to give the focus back to the button or the task that had it, as its element is replaced. */
  function placeOf(element) {
    const buttons = () => [...grouping.querySelectorAll("button")];
    const at = buttons().indexOf(element);
    const { task } = element.dataset;
    return () => (at >= 0 ? buttons()[at] : [...grouping.querySelectorAll("[data-task]")].find((each) => each.dataset.task === task))?.focus();
  }
}
