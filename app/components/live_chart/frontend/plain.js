// A figure without controls. It stays in place, with its zoom, while its data change.

import { counted, make } from "./parts.js";
import { PLOT_CONFIG, themed } from "./theme.js";

const HEIGHT = 320;

export function createPlain({ Plotly, root }) {
  const plot = make("div", { class: "kindred-plot", role: "img" });
  root.append(plot);
  return {
    take(data) {
      plot.setAttribute("aria-label", data.label);
    },
    draw({ figure }, theme, width) {
      const layout = themed(figure.layout, theme, width, figure.layout.height ?? HEIGHT);
      if (width < 560) layout.xaxis = { ...layout.xaxis, nticks: 5 };
      counted(root, () => Plotly.react(plot, figure.data, layout, PLOT_CONFIG));
    },
    destroy: () => Plotly.purge(plot),
  };
}
