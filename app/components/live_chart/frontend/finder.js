// A box to find tasks in by a part of their names.

import { make } from "./parts.js";
import { say } from "./texts.js";

/** `onFound(places)` at every letter, none where nothing is asked for; `onChosen(places)` at Enter. */
export function createFinder({ names, onFound, onChosen }) {
  const input = make("input", { type: "search", class: "kindred-find", placeholder: say("heatmap.find"),
    "aria-label": say("heatmap.find"), autocomplete: "off", spellcheck: "false" });
  const told = make("output", { class: "kindred-told-found" });
  const element = make("div", { class: "kindred-finder" }, input, told);
  let places = [];

  function find() {
    const wanted = input.value.trim().toLowerCase();
    const all = names();
    places = wanted ? all.flatMap((name, place) => (name.toLowerCase().includes(wanted) ? [place] : [])) : [];
    told.textContent = wanted ? say("heatmap.found", { found: places.length, all: all.length }) : "";
    onFound(places);
  }

  input.addEventListener("input", find);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      if (places.length) onChosen(places);
    } else if (event.key === "Escape" && input.value) {
      event.preventDefault();
      input.value = "";
      find();
    }
  });

  return {
    element,
    places: () => places,
    /** Find again, as tasks or their order have changed. */
    again: () => input.value && find(),
  };
}
