// A thin diagonal hatch over cells, in one pattern fill an ink, so that a thousand cells cost a millisecond.

const SPACING = 6; // pixels between lines, across and down
const THICKNESS = 1.1;
const OPACITY = 0.36;

export function createHatching() {
  const patterns = new Map(); // ink and resolution → pattern

  function pattern(pen, ink) {
    if (pen.vector) return pen.hatch(ink, SPACING, THICKNESS, OPACITY);
    const resolution = devicePixelRatio;
    const key = `${ink} ${resolution}`;
    if (!patterns.has(key)) {
      const made = pen.createPattern(tile(ink, resolution), "repeat");
      made.setTransform(new DOMMatrix().scale(1 / resolution));
      patterns.set(key, made);
    }
    return patterns.get(key);
  }

  return {
    /** Hatch cells [row, column, value] in the ink that is seen on their values; `rectangles` fills cells. */
    fill(pen, cells, inkOn, rectangles) {
      const inks = cells.map(([, , value]) => inkOn(value));
      for (const ink of new Set(inks)) {
        pen.fillStyle = pattern(pen, ink);
        rectangles(cells.filter((_, place) => inks[place] === ink));
      }
    },
  };
}

/** One period of the hatch; lines are drawn past its corners, so that the periods join. */
function tile(ink, resolution) {
  const size = Math.round(SPACING * resolution);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const pen = canvas.getContext("2d");
  pen.strokeStyle = ink;
  pen.globalAlpha = OPACITY;
  pen.lineWidth = THICKNESS * resolution;
  pen.beginPath();
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift - 1, size + 1);
    pen.lineTo(shift + size + 1, -1);
  }
  pen.stroke();
  return canvas;
}
