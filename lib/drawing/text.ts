/**
 * How much room text takes, and what to do where there is not enough. Nothing here can measure: fonts differ from
 * machine to machine, so widths are those of the widest of the usual ones.
 *
 * @module
 */

/** The pixels that a line takes at most. */
export function textWidth(text: string, size: number): number {
  const ems = Array.from(text, (character) => {
    if (/[ .,:ijl·]/.test(character)) return 0.32;
    if (/[frt]/.test(character)) return 0.41;
    return /[A-Zmw×]/.test(character) ? 0.84 : 0.62;
  });
  return Math.ceil(size * ems.reduce((sum, width) => sum + width, 0));
}

/** Cuts text that may not fit. */
export function clip(text: string, size: number, width: number): string {
  if (textWidth(text, size) <= width) return text;
  const characters = Array.from(text);
  while (textWidth(`${characters.join("")}…`, size) > width) characters.pop();
  return `${characters.join("")}…`;
}

/** Sets out items of given widths one after another: a line for as many as fit, at least one. */
export function wrap<Item>(
  items: readonly Item[],
  { widthOf, gap, width }: { readonly widthOf: (item: Item) => number; readonly gap: number; readonly width: number },
): { readonly item: Item; readonly x: number; readonly line: number }[] {
  let x = 0;
  let line = 0;
  return items.map((item) => {
    const end = x + widthOf(item);
    if (x > 0 && end > width) {
      x = 0;
      line++;
    }
    const placed = { item, x, line };
    x += widthOf(item) + gap;
    return placed;
  });
}
