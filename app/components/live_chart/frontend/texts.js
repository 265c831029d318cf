// What the charts say, in the page's language: the section `chart` of the texts, which comes with every chart's data.

let texts = {};

/** Take up the texts of the page's language. */
export function speak(all) {
  texts = all;
}

/** A text with its values, written as in `engine/texts`: `{name}` in it, and `one` and `other` by `count`. */
export function say(key, values = {}) {
  const found = texts[key];
  const text = typeof found === "object" ? found[values.count === 1 ? "one" : "other"] : found;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}
