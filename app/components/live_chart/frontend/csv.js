// Tables as CSV files whose cells no spreadsheet runs: engine/spreadsheets.py in the browser.

const SIGN = String.raw`'* *[=+\-@\uff1d\uff0b\uff0d\uff20]`; // with the quotes that a text may have before it already
const RUN = new RegExp(String.raw`^(?=${SIGN}|'*[\t\r])|(?<=[;\t\r\n])(?=${SIGN})`, "gu");
const NUMBER = /^\s*[+-]?(\d[\d_]*\.?\d*(e[+-]?\d+)?|\.\d+(e[+-]?\d+)?|inf(inity)?|nan)\s*$/i;

/** The text as a cell that no spreadsheet runs; a number stays as it is. */
export const inert = (text) => (NUMBER.test(text) ? text : text.replace(RUN, "'"));

/** Rows of texts and numbers as CSV; what is not finite is empty. */
export function csvOf(rows) {
  const cell = (value) => {
    if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
    const text = inert(String(value ?? ""));
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(cell).join(",") + "\r\n").join("");
}

const NUMBERS = {
  f8: Float64Array, f4: Float32Array, i1: Int8Array, u1: Uint8Array, i2: Int16Array, u2: Uint16Array, i4: Int32Array, u4: Uint32Array,
};

/** An array of a figure from Python, which may be in plotly's compact form; one of rows where it has two dimensions. */
function listed(values) {
  if (!values?.bdata) return Array.from(values ?? []);
  const bytes = Uint8Array.from(atob(values.bdata), (letter) => letter.charCodeAt(0));
  const numbers = Array.from(new NUMBERS[values.dtype](bytes.buffer));
  const columns = Number(String(values.shape ?? "").split(",")[1]);
  if (!columns) return numbers;
  return Array.from({ length: numbers.length / columns }, (_, row) => numbers.slice(row * columns, (row + 1) * columns));
}

/** A text without plotly's markup. */
export const unmarked = (text) =>
  new DOMParser().parseFromString(String(text ?? "").replaceAll(/<br\s*\/?>/g, " "), "text/html").body.textContent;

/**
 * The numbers of any figure, a row each: the curve's name and its place on both axes; of a matrix of colours its row,
 * its column and the value. Filled areas, which only say how sure a curve is, are left out.
 */
export function figureTable({ data, layout }) {
  const title = (axis) => unmarked(layout[axis]?.title?.text) || axis[0];
  const rows = [["curve", title("xaxis"), title("yaxis"), "value"]];
  const cell = (value) => (typeof value === "string" ? unmarked(value) : value);
  const ticks = (axis) => new Map(listed(layout[axis]?.tickvals).map((value, place) => [value, unmarked(layout[axis].ticktext?.[place] ?? value)]));
  const [across, down] = [ticks("xaxis"), ticks("yaxis")];
  const named = (names, value) => names.get(value) ?? cell(value);
  for (const [number, trace] of data.entries()) {
    if (trace.fill === "toself" || trace.visible === false) continue;
    const name = unmarked(trace.name ?? number + 1);
    const [x, y] = [listed(trace.x), listed(trace.y)];
    if (trace.z) listed(trace.z).forEach((values, row) => listed(values).forEach((value, column) =>
      rows.push([name, named(across, x[column] ?? column), named(down, y[row] ?? row), value])));
    else for (let place = 0; place < Math.max(x.length, y.length); place++) {
      if (x[place] === null || y[place] === null) continue;
      rows.push([name, named(across, x[place] ?? place), named(down, y[place]), ""]);
    }
  }
  const colours = rows.some((row, place) => place > 0 && row[3] !== "");
  return colours ? rows : rows.map((row) => row.slice(0, 3));
}
