// A grouping in HTML: one card a network, one chip a task. Names enter as text, never as markup.

import { make, written } from "./parts.js";

export function groupingCards(frame, valueTitle) {
  const badge = make("span", { class: "kindred-badge", "data-proved": String(frame.proved) }, frame.certificate);
  const note = frame.note ? [make("p", { class: "kindred-note" }, frame.note)] : [];
  if (frame.value === null) {
    const headline = make("div", { class: "kindred-headline" }, make("strong", {}, `No grouping at ${frame.budget} SNT${frame.proved ? "" : " yet"}`), badge);
    return [headline, ...note];
  }
  const headline = make("div", { class: "kindred-headline" },
    make("strong", {}, `${valueTitle}: ${written(frame.value, 4)}`), badge);
  const cards = make("ol", { class: "kindred-cards" }, ...frame.networks.map(networkCard));
  const hint = "Filled: predictions come from this network. Dashed: trained along, as an auxiliary task only.";
  return [headline, ...note, cards, make("p", { class: "kindred-hint" }, hint)];
}

function networkCard(network, place) {
  const served = network.serves.map(([task, score]) =>
    make("li", { class: "kindred-served" }, make("span", {}, task), ...(score === null ? [] : [make("b", {}, written(score))])),
  );
  const auxiliary = network.aux.map((task) =>
    make("li", { class: "kindred-aux", title: "auxiliary: trained along only" }, make("span", {}, task),
      make("span", { class: "kindred-unseen" }, " (auxiliary)")),
  );
  return make("li", {},
    make("h4", {}, `Network ${place + 1} · ${written(network.cost)} SNT`),
    make("ul", { class: "kindred-chips" }, ...served, ...auxiliary));
}
