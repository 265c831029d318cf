// A canvas below plotly's axes for what changes while a slider is dragged. A frame costs 1 to 15 ms there, and 20 to
// 80 ms in plotly, most of it for labels that have not changed. Plotly keeps axes, hover, clicks and zoom.

import { make } from "./parts.js";

/**
 * `draw` is called with a cleared 2D context and {width, height, x, y}: the plot area in pixels, and the ends of the
 * axes at its left and right (x) and at its top and bottom (y).
 */
export function createLayer(draw) {
  const element = make("canvas", { class: "kindred-layer", "aria-hidden": "true" });
  const view = { left: 0, top: 0, width: 0, height: 0, x: [0, 1], y: [0, 1] };
  const pen = element.getContext("2d");

  function redraw() {
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    pen.clearRect(0, 0, view.width, view.height);
    draw(pen, view);
  }

  return {
    element,
    redraw,
    /** Draw with another pen, such as one that writes SVG; returns the layer's place: {left, top, width, height}. */
    drawWith(other) {
      draw(other, view);
      const { left, top, width, height } = view;
      return { left, top, width, height };
    },
    /** Cover the plot area of a layout. */
    place({ margin, width, height }) {
      Object.assign(view, { left: margin.l, top: margin.t });
      view.width = width - margin.l - margin.r;
      view.height = height - margin.t - margin.b;
      element.width = Math.round(view.width * devicePixelRatio);
      element.height = Math.round(view.height * devicePixelRatio);
      element.style.cssText =
        `left: ${margin.l}px; top: ${margin.t}px; width: ${view.width}px; height: ${view.height}px`;
    },
    /** Take up plotly's axes, or what is about to become of them while a zoom or a pan lasts. */
    follow(plot, change = {}) {
      const ends = (axis) =>
        [0, 1].map((end) =>
          Number(change[`${axis}.range[${end}]`] ?? change[`${axis}.range`]?.[end] ?? plot.layout[axis].range[end]),
        );
      const x = ends("xaxis");
      const y = ends("yaxis").reverse(); // both charts let y grow downwards, so the range's first end is at the bottom
      if (String([x, y]) === String([view.x, view.y])) return;
      Object.assign(view, { x, y });
      redraw();
    },
  };
}
