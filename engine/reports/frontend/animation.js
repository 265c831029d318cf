// Plays a matrix over training on a canvas: nothing but this file is needed.
(() => {
  "use strict";
  const by = (id) => document.getElementById(id);
  const { tasks, spans, limit, unit, values, palettes, words, ends } = JSON.parse(by("content").textContent);
  const count = tasks.length;
  const bytes = Uint8Array.from(atob(values), (each) => each.charCodeAt(0));
  const whole = new Int16Array(bytes.buffer);
  const UNKNOWN = -32768;
  const canvas = by("matrix"), bar = by("bar"), slider = by("time"), button = by("play"), hint = by("cell");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const FRAMES_A_SECOND = 5;
  const say = (key, parts) => words[key].replace(/\{(\w+)\}/g, (_, name) => parts[name]);
  const minus = (value) => (Number.isNaN(value) ? words.unknown : Number(value.toPrecision(3)).toString().replace("-", "−"));
  let frame = 0, timer = 0, place = null;

  const palette = () => (dark.matches ? palettes.dark : palettes.light);
  const at = (row, column) => {
    const found = whole[(frame * count + row) * count + column];
    return found === UNKNOWN ? NaN : found * unit;
  };

  /** The colours of values from −1 to 1 in 256 stages. */
  function stages(scale) {
    const channels = (hex) => [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));
    return Array.from({ length: 256 }, (_, stage) => {
      const part = stage / 255;
      const next = Math.max(1, scale.findIndex(([stop]) => stop >= part));
      const [[low, from], [high, to]] = [scale[next - 1], scale[next]];
      const share = (part - low) / (high - low);
      const [one, other] = [channels(from), channels(to)];
      return `rgb(${one.map((each, channel) => Math.round(each + (other[channel] - each) * share)).join(" ")})`;
    });
  }

  const colourOf = (value, colours) => colours[Math.round((Math.max(-1, Math.min(1, value / limit)) + 1) * 127.5)];
  const shorten = (name, most) => (name.length <= most ? name : `${name.slice(0, Math.max(1, most - 4))}…${name.slice(-3)}`);

  function prepare(each, width, height) {
    const ratio = devicePixelRatio || 1;
    each.width = Math.round(width * ratio);
    each.height = Math.round(height * ratio);
    each.style.height = `${height}px`;
    const pen = each.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.font = `12px ${getComputedStyle(document.body).fontFamily}`;
    return pen;
  }

  /** Where the cells lie: beside the sources' names and below the targets'. */
  function layout() {
    const width = canvas.parentElement.clientWidth;
    const pen = canvas.getContext("2d");
    pen.font = `12px ${getComputedStyle(document.body).fontFamily}`;
    const most = width < 600 ? 9 : 20;
    const names = tasks.map((task) => shorten(task, most));
    const beside = Math.ceil(Math.max(...names.map((name) => pen.measureText(name).width))) + 10;
    const size = Math.min(width - beside - 2, Math.max(240, innerHeight - 340), 64 * count);
    return { width, names, beside, size, cell: size / count };
  }

  function draw() {
    const { width, names, beside, size, cell } = layout();
    const { scale, blank, text, muted } = palette();
    const colours = stages(scale);
    const pen = prepare(canvas, width, size + beside);
    const gap = cell > 6 ? 1 : 0;
    for (let row = 0; row < count; row += 1) {
      for (let column = 0; column < count; column += 1) {
        const value = at(row, column);
        pen.fillStyle = row === column || Number.isNaN(value) ? blank : colourOf(value, colours);
        pen.fillRect(beside + column * cell, beside + row * cell, cell - gap, cell - gap);
      }
    }
    pen.fillStyle = text;
    pen.textBaseline = "middle";
    const every = Math.ceil(12 / cell); // no more names than can be read
    names.forEach((name, each) => {
      if (each % every) return;
      const middle = beside + (each + 0.5) * cell;
      pen.textAlign = "right";
      pen.fillText(name, beside - 6, middle);
      pen.save();
      pen.translate(middle, beside - 6);
      pen.rotate(-Math.PI / 2);
      pen.textAlign = "left";
      pen.fillText(name, 0, 0);
      pen.restore();
    });
    if (place) {
      pen.strokeStyle = text;
      pen.lineWidth = 2;
      pen.strokeRect(beside + place[1] * cell, beside + place[0] * cell, cell, cell);
    }
    drawBar(beside, size, colours, muted);
    by("when").textContent = `${spans[frame]}  ·  ${say("frame", { place: frame + 1, count: spans.length })}`;
    slider.value = frame;
    slider.setAttribute("aria-valuetext", spans[frame]);
    tell({ beside, cell });
  }

  function drawBar(beside, size, colours, muted) {
    const pen = prepare(bar, canvas.clientWidth, 44);
    const each = size / colours.length;
    colours.forEach((colour, stage) => {
      pen.fillStyle = colour;
      pen.fillRect(beside + stage * each, 8, each + 1, 12);
    });
    pen.fillStyle = muted;
    pen.textBaseline = "top";
    const marks = [["left", 0, `${minus(-limit)} ${ends[0]}`], ["center", 0.5, "0"], ["right", 1, `${ends[1]} ${minus(limit)}`]];
    for (const [align, share, said] of marks) {
      pen.textAlign = align;
      pen.fillText(said, beside + share * size, 25);
    }
  }

  function tell({ beside, cell }) {
    hint.style.display = place ? "block" : "none";
    if (!place) return;
    const [row, column] = place;
    hint.textContent = say("cell", { source: tasks[row], target: tasks[column], value: minus(at(row, column)) });
    const room = canvas.clientWidth - hint.offsetWidth;
    hint.style.left = `${Math.max(0, Math.min(room, beside + (column + 1) * cell))}px`;
    hint.style.top = `${beside + (row + 1) * cell + 4}px`;
  }

  function show(next) {
    frame = Math.max(0, Math.min(spans.length - 1, next));
    draw();
  }

  function advance() {
    if (frame + 1 < spans.length) show(frame + 1);
    else if (by("loop").checked) show(0);
    else pause();
  }

  function play() {
    if (frame + 1 === spans.length) show(0);
    timer = setInterval(advance, 1000 / FRAMES_A_SECOND / Number(by("speed").value));
    button.textContent = words.pause;
  }

  function pause() {
    clearInterval(timer);
    timer = 0;
    button.textContent = words.play;
  }

  const toggle = () => (timer ? pause() : play());
  button.addEventListener("click", toggle);
  slider.max = spans.length - 1;
  slider.addEventListener("input", () => { pause(); show(Number(slider.value)); });
  by("speed").addEventListener("change", () => { if (timer) { pause(); play(); } });
  addEventListener("keydown", (event) => {
    const jumps = { ArrowLeft: frame - 1, ArrowRight: frame + 1, Home: 0, End: spans.length - 1 };
    const on = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey || on === slider || on.tagName === "SELECT") return;
    if (event.key === " " && (on === canvas || on === document.body)) toggle();
    else if (event.key in jumps) { pause(); show(jumps[event.key]); }
    else return;
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    const { beside, cell } = layout();
    const [column, row] = [event.offsetX, event.offsetY].map((each) => Math.floor((each - beside) / cell));
    place = row >= 0 && column >= 0 && row < count && column < count ? [row, column] : null;
    draw();
  });
  canvas.addEventListener("pointerleave", () => { place = null; draw(); });
  dark.addEventListener("change", draw);
  addEventListener("resize", draw);
  draw();
  if (!calm.matches && spans.length > 1) play();
})();
