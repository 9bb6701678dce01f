/**
 * A chart with a line for each exit over the epochs, redrawn after every epoch.
 *
 * @module
 */

/// <reference lib="dom" />

const [WIDTH, HEIGHT] = [460, 190];
const MARGIN = { left: 40, right: 54, top: 8, bottom: 24 };
/** Minimum distance in pixels between two labels at the ends of lines. */
const LABEL = 14;

/** Options of a chart. */
export interface ChartOptions {
  /** `[exit][epoch]`. */
  readonly lines: readonly (readonly number[])[];
  /** Total number of epochs. */
  readonly epochs: number;
  /** Top of the scale; the bottom is 0. */
  readonly most: number;
  /** Formats a value. */
  readonly format: (value: number) => string;
  /** Accessible title. */
  readonly title: string;
}

/** Draws a chart into an element. */
export function drawChart(place: HTMLElement, { lines, epochs, most, format, title }: ChartOptions): void {
  const x = (epoch: number) =>
    MARGIN.left + (WIDTH - MARGIN.left - MARGIN.right) * (epochs > 1 ? epoch / (epochs - 1) : 0.5);
  const y = (value: number) => MARGIN.top + (HEIGHT - MARGIN.top - MARGIN.bottom) * (1 - Math.min(value / most, 1));
  const right = WIDTH - MARGIN.right;
  const ticks = [0, 0.5, 1].map((share) => share * most);
  const svg = node("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: "img",
    "aria-label": summary(title, lines, format),
  });
  for (const value of ticks) {
    svg.append(
      node("line", { class: "grid", x1: MARGIN.left, x2: right, y1: y(value), y2: y(value) }),
      node("text", { x: MARGIN.left - 6, y: y(value) + 4, "text-anchor": "end" }, format(value)),
    );
  }
  svg.append(
    node("text", { x: MARGIN.left, y: HEIGHT - 6 }, "epoch 1"),
    node("text", { x: right, y: HEIGHT - 6, "text-anchor": "end" }, String(epochs)),
  );
  const ends = spread(lines.map((values) => y(values.at(-1) ?? 0)));
  lines.forEach((values, exit) => {
    // Later exits have stronger colours.
    const tone = `--tone: ${lines.length > 1 ? exit / (lines.length - 1) : 1}`;
    const points = values.map((value, epoch) => `${x(epoch).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    svg.append(
      node("polyline", { class: "exit-line", style: tone, points }),
      node("circle", {
        class: "exit-dot",
        style: tone,
        r: 2.5,
        cx: x(values.length - 1),
        cy: y(values.at(-1) ?? 0),
      }),
      node("text", { class: "exit-label", x: right + 8, y: ends[exit] + 4 }, `exit ${exit + 1}`),
    );
  });
  place.replaceChildren(svg);
}

function summary(title: string, lines: ChartOptions["lines"], format: ChartOptions["format"]): string {
  const ends = lines.map((values, exit) => `exit ${exit + 1}: ${format(values.at(-1) ?? 0)}`);
  return `${title}, epoch ${lines[0]?.length ?? 0}. ${ends.join(", ")}`;
}

/** Moves labels apart, downwards from the highest, then back up if they would leave the picture. */
function spread(places: readonly number[]): number[] {
  const order = [...places.keys()].sort((a, b) => places[a] - places[b]);
  const moved = [...places];
  for (const [i, at] of order.entries()) {
    if (i > 0) moved[at] = Math.max(moved[at], moved[order[i - 1]] + LABEL);
  }
  let limit = HEIGHT - MARGIN.bottom + 4;
  for (const at of order.toReversed()) {
    moved[at] = Math.min(moved[at], limit);
    limit = moved[at] - LABEL;
  }
  return moved;
}

function node(tag: string, attributes: Readonly<Record<string, string | number>>, text = ""): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.textContent = text;
  return element;
}
