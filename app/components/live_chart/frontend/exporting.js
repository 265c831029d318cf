// A small menu below every figure that saves it: as a drawing (SVG), a picture (PNG) and its numbers (CSV). All is made
// in the browser; nothing is asked of a server.

import { csvOf } from "./csv.js";
import { make } from "./parts.js";
import { createSvgPen, quoted } from "./svg_pen.js";
import { say } from "./texts.js";

const SHARPNESS = 2; // pixels of a picture a pixel of the page
const PADDING = 14;
const LINE = 18;

/**
 * `name()` begins the file's name; `picture()` gives the figure as SVG, or a promise of it; `table()` its numbers in
 * rows.
 */
export function createExports({ name, picture, table }) {
  const formats = {
    svg: async () => new Blob([await picture()], { type: "image/svg+xml" }),
    png: async () => pixels(await picture()),
    csv: async () => new Blob([csvOf(table())], { type: "text/csv" }),
  };
  const buttons = Object.keys(formats).map((format) =>
    make("button", { type: "button", onclick: () => save(format) }, say(`export.${format}`)));
  const summary = make("summary", {}, say("export.save"));
  const element = make("details", { class: "kindred-export" }, summary, make("div", { role: "group", "aria-label": say("export.save") }, ...buttons));
  const close = ({ target }) => element.contains(target) || (element.open = false);

  async function save(format) {
    element.open = false;
    summary.focus();
    const blob = await formats[format]();
    const href = URL.createObjectURL(blob);
    make("a", { href, download: `${fileName(name())}.${format}` }).click();
    setTimeout(() => URL.revokeObjectURL(href), 10_000);
  }

  element.addEventListener("toggle", () => {
    document[element.open ? "addEventListener" : "removeEventListener"]("pointerdown", close);
  });
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !element.open) return;
    event.stopPropagation();
    element.open = false;
    summary.focus();
  });
  return { element, destroy: () => document.removeEventListener("pointerdown", close) };
}

const fileName = (text) => text.replaceAll(/[^\p{L}\p{N}._-]+/gu, "-").replaceAll(/^[-.]+|[-.]+$/g, "").slice(0, 120) || "figure";

/** An SVG drawing as a PNG picture. */
async function pixels(svg) {
  const href = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = href;
    await image.decode();
    const canvas = make("canvas", { width: SHARPNESS * image.width, height: SHARPNESS * image.height });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  } finally {
    URL.revokeObjectURL(href);
  }
}

/**
 * A figure as an SVG drawing, on the page's background: a title, layers below what plotly draws, and a legend.
 * @param {{data: object[], layout: object}} figure as plotly has it.
 * @param {{left: number, top: number, width: number, height: number, markup: string}[]} layers in pixels of the figure.
 * @param {(width: number, theme: object) => {markup: string, height: number}} [legend] drawn below.
 */
export async function figureSvg(Plotly, { figure, theme, title, layers = [], legend }) {
  const { width, height } = figure.layout;
  const layout = { ...figure.layout, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)" };
  const plotted = await Plotly.toImage({ data: figure.data, layout }, { format: "svg", width, height, imageDataOnly: true });
  const lines = wrapped(title, width - 2 * PADDING, 15);
  const head = PADDING + 1.3 * LINE * lines.length;
  const below = legend?.(width, theme) ?? { markup: "", height: 0 };
  const whole = head + height + below.height + PADDING;
  const titled = lines.map((line, place) => written(line, PADDING, PADDING + (1.3 * place + 0.7) * LINE, { size: 15, weight: 600 }));
  const under = layers.map(({ left, top, width: across, height: down, markup }) =>
    `<svg x="${left}" y="${top}" width="${across}" height="${down}" viewBox="0 0 ${across} ${down}">${markup}</svg>`);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" height="${whole}" ` +
    `viewBox="0 0 ${width} ${whole}" font-family="${quoted(theme.font)}" fill="${quoted(theme.text)}">` +
    `<rect width="100%" height="100%" fill="${quoted(theme.background)}"/>${titled.join("")}` +
    `<g transform="translate(0 ${head})">${under.join("")}${plotted}</g>` +
    `<g transform="translate(0 ${head + height})">${below.markup}</g></svg>`
  );
}

/** What a layer draws, as markup of its place in the figure. */
export function layerSvg(layer) {
  const pen = createSvgPen();
  const box = layer.drawWith(pen);
  return { ...box, markup: pen.markup() };
}

/** A line of text in SVG. */
export function written(text, x, y, { size = 13, weight = 400, anchor = "start", colour } = {}) {
  const fill = colour ? ` fill="${quoted(colour)}"` : "";
  return `<text x="${x}" y="${y}" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}"${fill}>${quoted(text)}</text>`;
}

/** A text in lines of at most `width` pixels, broken between words, or anywhere between Chinese characters. */
export function wrapped(text, width, size) {
  const parts = text.match(/[\u2e80-\uffef]|[^\s\u2e80-\uffef]+\s*|\s+/gu) ?? [];
  const across = (part) => [...part].reduce((sum, letter) => sum + (letter >= "\u2e80" ? size : 0.56 * size), 0);
  const lines = [""];
  for (const part of parts) {
    if (lines.at(-1) && across(lines.at(-1) + part.trimEnd()) > width) lines.push("");
    lines[lines.length - 1] += part;
  }
  return lines;
}
