/**
 * Style sheet of drawings. Colours are written in rules, because some programs that display SVG do not support CSS
 * variables.
 *
 * @module
 */

import { FONT } from "./picture.ts";

const SHAPE = `
.ranet-drawing{max-width:100%;height:auto;font:${FONT.text}px system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}
.ranet-drawing .title{font-size:${FONT.title}px;font-weight:600}
.ranet-drawing .name,.ranet-drawing .cost,.ranet-drawing .number{font-weight:600}
.ranet-drawing .small{font-size:${FONT.small}px}
.ranet-drawing .middle{text-anchor:middle}
.ranet-drawing path{fill:none;stroke-width:1.5}
.ranet-drawing .down-conv path:not(.head){stroke-dasharray:4 3}
`;

interface Palette {
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  readonly panel: string;
  readonly panelEdge: string;
  readonly plain: string;
  readonly up: string;
  readonly upFill: string;
  readonly down: string;
  readonly downFill: string;
  readonly transition: string;
  readonly exit: string;
  readonly onExit: string;
}

const LIGHT: Palette = {
  ink: "#1f2328",
  muted: "#59636e",
  line: "#6e7781",
  panel: "#f6f8fa",
  panelEdge: "#d1d9e0",
  plain: "#ffffff",
  up: "#0b62c4",
  upFill: "#e3effc",
  down: "#b35000",
  downFill: "#fdeedd",
  transition: "#7a4fb5",
  exit: "#1a7f37",
  onExit: "#ffffff",
};

const DARK: Palette = {
  ink: "#e6edf3",
  muted: "#9aa4af",
  line: "#8b949e",
  panel: "#151b23",
  panelEdge: "#3d444d",
  plain: "#232b35",
  up: "#6cb0ff",
  upFill: "#13294a",
  down: "#f0a35e",
  downFill: "#3d2812",
  transition: "#b392f0",
  exit: "#4ac26b",
  onExit: "#0d1117",
};

function colours(c: Palette): string {
  return [
    ["text", `fill:${c.ink}`],
    [".muted", `fill:${c.muted}`],
    [".panel rect", `fill:${c.panel};stroke:${c.panelEdge}`],
    [".wire path", `stroke:${c.line}`],
    [".wire .head", `fill:${c.line}`],
    [".image rect,.base rect,.block rect", `fill:${c.plain};stroke:${c.line}`],
    [".block.up-conv rect", `fill:${c.upFill};stroke:${c.up}`],
    [".block.down-conv rect,.block.strided rect", `fill:${c.downFill};stroke:${c.down}`],
    [".fusion.up-conv path", `stroke:${c.up}`],
    [".fusion.up-conv .head", `fill:${c.up}`],
    [".fusion.down-conv path,.fusion.strided path", `stroke:${c.down}`],
    [".fusion.down-conv .head,.fusion.strided .head", `fill:${c.down}`],
    [".transition path", `fill:${c.transition};stroke:${c.transition};stroke-linejoin:round`],
    [".exit path", `stroke:${c.exit}`],
    [".exit circle,.cost", `fill:${c.exit}`],
    [".number", `fill:${c.onExit}`],
  ].map(([selectors, rule]) => `${selectors.split(",").map((s) => `.ranet-drawing ${s}`).join(",")}{${rule}}`).join(
    "\n",
  );
}

/** The style sheet of every drawing. */
export const STYLE = `${SHAPE}${colours(LIGHT)}
@media (prefers-color-scheme:dark){
${colours(DARK)}
}
`;
