// A pen that writes SVG: as much of a canvas's 2D context as the layers below plotly's axes use, so that a figure is
// saved by the code that draws it.

let patterns = 0;

const number = (value) => String(Math.round(100 * value) / 100);

/** An attribute's value, which cannot end it. */
export const quoted = (text) =>
  String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

export function createSvgPen() {
  const written = [];
  const definitions = new Map(); // ink → {id, markup}
  let path = "";
  let dash = [];
  let transform = "";
  const at = (...values) => values.map(number).join(" ");

  const pen = {
    vector: true,
    globalAlpha: 1,
    fillStyle: "#000000",
    strokeStyle: "#000000",
    lineWidth: 1,
    transform: (...matrix) => (transform = ` transform="matrix(${matrix.join(" ")})"`),
    setLineDash: (lengths) => (dash = lengths),
    beginPath: () => (path = ""),
    moveTo: (x, y) => (path += `M${at(x, y)}`),
    lineTo: (x, y) => (path += `L${at(x, y)}`),
    quadraticCurveTo: (...ends) => (path += `Q${at(...ends)}`),
    rect: (x, y, width, height) => (path += `M${at(x, y)} h${number(width)} v${number(height)} h${number(-width)} z`),
    fillRect: (x, y, width, height) => {
      pen.beginPath();
      pen.rect(x, y, width, height);
      pen.fill();
    },
    strokeRect: (x, y, width, height) => {
      pen.beginPath();
      pen.rect(x, y, width, height);
      pen.stroke();
    },
    fill: (rule = "nonzero") =>
      written.push(`<path d="${path}" fill="${quoted(pen.fillStyle)}" fill-rule="${rule}"${alpha()}${transform}/>`),
    stroke: () =>
      written.push(
        `<path d="${path}" fill="none" stroke="${quoted(pen.strokeStyle)}" stroke-width="${number(pen.lineWidth)}"` +
          `${dash.length ? ` stroke-dasharray="${at(...dash)}"` : ""}${alpha()}${transform}/>`,
      ),
    /** A fill of diagonal lines. */
    hatch(ink, spacing, thickness, opacity) {
      if (!definitions.has(ink)) {
        const id = `kindred-hatch-${patterns++}`;
        const markup =
          `<pattern id="${id}" width="${spacing}" height="${spacing}" patternUnits="userSpaceOnUse">` +
          `<path d="M-1 1L1 -1M0 ${spacing}L${spacing} 0M${spacing - 1} ${spacing + 1}L${spacing + 1} ${spacing - 1}" ` +
          `stroke="${quoted(ink)}" stroke-width="${thickness}" stroke-opacity="${opacity}"/></pattern>`;
        definitions.set(ink, { id, markup });
      }
      return `url(#${definitions.get(ink).id})`;
    },
    markup: () => `<defs>${[...definitions.values()].map(({ markup }) => markup).join("")}</defs>${written.join("")}`,
  };
  const alpha = () => (pen.globalAlpha === 1 ? "" : ` opacity="${number(pen.globalAlpha)}"`);
  return pen;
}
