// A keyboard cursor over the cells of a heatmap.

const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** Arrow keys, Home and End move within [0, size) × [0, size); Enter and Space choose. */
export function cellCursor(element, { size, moved, chosen }) {
  let cell = [0, 1];
  let shown = false;
  const within = (value) => Math.max(0, Math.min(size() - 1, value));

  element.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter" || event.key === " ") {
      if (!shown) return;
      event.preventDefault();
      chosen(...cell);
      return;
    }
    let [row, column] = cell;
    if (event.key in MOVES) {
      if (shown) [row, column] = [row + MOVES[event.key][0], column + MOVES[event.key][1]];
    } else if (event.key === "Home") column = 0;
    else if (event.key === "End") column = size() - 1;
    else return;
    event.preventDefault();
    shown = true;
    cell = [within(row), within(column)];
    moved(...cell);
  });
  element.addEventListener("blur", () => {
    if (!shown) return;
    shown = false;
    moved(...cell);
  });

  return { cell: () => [within(cell[0]), within(cell[1])], shown: () => shown };
}
