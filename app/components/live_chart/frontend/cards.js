// A grouping in HTML: one card a network, one chip a task. Names enter as text, never as markup.

import { make, written } from "./parts.js";
import { say } from "./texts.js";

/**
 * Elements that show a frame.
 * @param choosing {chosen: task names or null, choose(task names)}: where a network can be chosen.
 */
export function groupingCards(frame, valueTitle, choosing = null) {
  const badge = make("span", { class: "kindred-badge", "data-proved": String(frame.proved) }, frame.certificate);
  const note = frame.note ? [make("p", { class: "kindred-note" }, frame.note)] : [];
  if (frame.value === null) {
    const none = say(frame.proved ? "no_grouping" : "no_grouping_yet", { budget: frame.budget });
    return [make("div", { class: "kindred-headline" }, make("strong", {}, none), badge), ...note];
  }
  const headline = make("div", { class: "kindred-headline" },
    make("strong", {}, say("headline", { value_title: valueTitle, value: written(frame.value, 4) })), badge);
  const cards = make("ol", { class: "kindred-cards" },
    ...frame.networks.map((network, place) => networkCard(network, place, choosing)));
  const first = cards.querySelector("[data-task]");
  if (first) first.tabIndex = 0;
  return [headline, ...note, cards, make("p", { class: "kindred-hint" }, say("cards_hint"))];
}

function networkCard(network, place, choosing) {
  const chip = (task, attributes, ...also) => make("li", { "data-task": task, tabindex: -1, ...attributes }, make("span", {}, task), ...also);
  const served = network.serves.map(([task, score]) =>
    chip(task, { class: "kindred-served" }, ...(score === null ? [] : [make("b", {}, written(score))])));
  const auxiliary = network.aux.map((task) =>
    chip(task, { class: "kindred-aux", title: say("auxiliary_title") }, make("span", { class: "kindred-unseen" }, ` ${say("auxiliary")}`)));
  const title = say("network", { number: place + 1, cost: written(network.cost) });
  const chips = make("ul", { class: "kindred-chips" }, ...served, ...auxiliary);
  if (!choosing) return make("li", {}, make("h4", {}, title), chips);
  const tasks = [...network.serves.map(([task]) => task), ...network.aux];
  const pressed = String(sameTasks(tasks, choosing.chosen));
  const button = make("button", { type: "button", "aria-pressed": pressed, title: say("choose_network") }, title);
  return make("li", { class: "kindred-choice", onclick: () => choosing.choose(tasks) }, make("h4", {}, button), chips);
}

/** Whether a network of these tasks is the chosen one. */
export const sameTasks = (one, other) => other !== null && String([...one].sort()) === String([...other].sort());
