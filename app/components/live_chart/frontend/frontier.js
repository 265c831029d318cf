// What each budget buys: a budget slider over frames that are all here, the curve, and the networks as cards.

import { groupingCards } from "./cards.js";
import { createExports, figureSvg } from "./exporting.js";
import { chipLights } from "./lights.js";
import { counted, make, oncePerFrame, written } from "./parts.js";
import { say } from "./texts.js";
import { PLOT_CONFIG, themed } from "./theme.js";

const HEIGHT = 260;
let frontiers = 0;

export function createFrontier({ Plotly, root, commit }) {
  const id = `kindred-budget-${frontiers++}`;
  const input = make("input", { type: "range", min: 0, step: 1, id });
  const fill = make("div", { class: "kindred-fill" });
  const readout = make("output", { class: "kindred-readout", for: id });
  const plot = make("div", { class: "kindred-plot", role: "group" });
  const change = make("p", { class: "kindred-change" });
  const grouping = make("section", { "aria-label": say("grouping") });
  const saving = createExports({
    name: () => data.key,
    picture: () => figureSvg(Plotly, { figure: plot, theme, title: say("budget_curve", { value_title: data.value_title }) }),
    table: () => [["budget_snt", "value", "proved"], ...data.frames.map(({ budget, value, proved }) => [budget, value ?? NaN, proved])],
  });
  root.append(
    make("div", { class: "kindred-budget" },
      make("label", { for: id }, say("budget")), make("div", { class: "kindred-track" }, fill, input), readout),
    plot, saving.element, change, grouping,
  );

  const lights = chipLights(grouping);

  let data = null;
  let theme = null;
  let drawn = false;
  const again = oncePerFrame(() => counted(root, redraw));
  const current = () => data.frames[Number(input.value)];
  input.addEventListener("input", again);
  input.addEventListener("change", () => commit({ budget: current().budget }));

  function show() {
    const frame = current();
    const { value_title, certificate } = { ...data, ...frame };
    const worth = frame.value === null ? certificate : say("worth", { value_title, value: written(frame.value), certificate });
    readout.textContent = `${frame.budget} SNT`;
    input.setAttribute("aria-valuetext", say("budget_value", { budget: frame.budget, worth }));
    fill.style.left = 0;
    fill.style.width = `${(100 * Number(input.value)) / Math.max(1, data.frames.length - 1)}%`;
    root.dataset.budget = frame.budget;
    change.textContent = frame.step;
    change.hidden = !data.frames.some(({ step }) => step);
    grouping.replaceChildren(...groupingCards(frame, data.value_title));
    lights.follow();
  }

  function marker() {
    const [x, y] = data.figure.layout.meta.places[Number(input.value)];
    return { x: [x], y: [y] };
  }

  function redraw() {
    show();
    if (drawn) Plotly.restyle(plot, { x: [marker().x], y: [marker().y] }, [2]);
  }

  return {
    take(now, view) {
      const budget = view?.budget ?? (data ? current().budget : now.frames[0].budget);
      data = now;
      input.max = data.frames.length - 1;
      input.disabled = data.frames.length < 2;
      input.value = Math.max(0, data.frames.findIndex((frame) => frame.budget === budget));
      plot.setAttribute("aria-label", say("budget_curve", { value_title: data.value_title }));
    },
    draw(_, nowTheme, width) {
      theme = nowTheme;
      const layout = themed(data.figure.layout, theme, width, HEIGHT);
      const [curve, infeasible, now, knee] = data.figure.data;
      const { helps, hurts, muted } = theme.palette;
      const traces = [
        { ...curve, line: { ...curve.line, color: helps }, marker: { ...curve.marker, color: helps } },
        { ...infeasible, marker: { ...infeasible.marker, color: muted, line: { width: 2, color: muted } } },
        { ...now, ...marker(), marker: { ...now.marker, color: hurts } },
        { ...knee, marker: { ...knee.marker, color: theme.text }, textfont: { ...knee.textfont, color: theme.text } },
      ];
      counted(root, () => {
        show();
        Plotly.react(plot, traces, layout, PLOT_CONFIG);
      });
      drawn = true;
    },
    destroy() {
      again.cancel();
      saving.destroy();
      lights.destroy();
      Plotly.purge(plot);
    },
  };
}
