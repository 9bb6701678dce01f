/**
 * Estimates the width of text, and shortens or wraps it. Fonts differ between machines and cannot be measured here, so
 * estimates are for the widest of the usual fonts.
 *
 * @module
 */

/** Upper limit of a line's width in pixels. */
export function textWidth(text: string, size: number): number {
  const ems = Array.from(text, (character) => {
    if (/[ .,:ijl·]/.test(character)) return 0.32;
    if (/[frt]/.test(character)) return 0.41;
    return /[A-Zmw×]/.test(character) ? 0.84 : 0.62;
  });
  return Math.ceil(size * ems.reduce((sum, width) => sum + width, 0));
}

/** Truncates text that may not fit. */
export function clip(text: string, size: number, width: number): string {
  if (textWidth(text, size) <= width) return text;
  const characters = Array.from(text);
  while (textWidth(`${characters.join("")}…`, size) > width) characters.pop();
  return `${characters.join("")}…`;
}

/** Places items of given widths one after another in lines, each with as many as fit, at least one. */
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
