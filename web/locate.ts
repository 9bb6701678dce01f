/**
 * Finds the line of a YAML text that a problem is about.
 *
 * @module
 */

/** A part of the text. */
type Range = readonly [start: number, end: number];

/**
 * The line, counted from 1, to which a message of `parseSpec` refers by a position in the text or the path of a key (or
 * the existing part of the path). `undefined` if the message has neither.
 */
export function lineOf(problem: string, text: string): number | undefined {
  const place = /\((\d+):\d+\)|\bline (\d+)/.exec(problem);
  if (place) return Number(place[1] ?? place[2]);
  const [named, path, key] = /^([a-z_]+(?:\[\d+\]|\.[a-z_]+)*(?=:))?(?:(?:: )?unknown key "([^"]+)")?/.exec(problem)!;
  if (named === "") return undefined;
  const steps: string[] = path?.match(/[a-z_]+|\d+/g) ?? [];
  if (key !== undefined) steps.push(key);

  const bare = text.replace(/(?<=^|\s)#.*/gm, (comment) => " ".repeat(comment.length));
  let range: Range = [0, bare.length];
  for (const step of steps) {
    const next = /^\d/.test(step) ? item(Number(step), bare, range) : afterKey(step, bare, range);
    if (!next) break;
    range = next;
  }
  return bare.slice(0, range[0]).split("\n").length;
}

/** The text after the first such key. */
function afterKey(key: string, text: string, [start, end]: Range): Range | undefined {
  const found = new RegExp(String.raw`(?<=^|[\s{,"'])${RegExp.escape(key)}["']?\s*:`).exec(text.slice(start, end));
  return found ? [start + found.index + found[0].length, end] : undefined;
}

/** An item, counted from 0, of a list in block style. A list in brackets is treated as a whole. */
function item(index: number, text: string, [start, end]: Range): Range | undefined {
  const list = text.slice(start, end);
  const [first, indent] = /^\s*?\n( *)- /.exec(list) ?? [];
  if (first === undefined) return undefined;
  const starts = [...list.matchAll(new RegExp(`^${indent}- `, "gm"))].map((match) =>
    start + match.index + indent.length
  );
  return index < starts.length ? [starts[index], starts[index + 1] ?? end] : undefined;
}
