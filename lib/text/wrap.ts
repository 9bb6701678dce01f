/**
 * Wraps text.
 *
 * @module
 */

/**
 * Breaks text at spaces.
 *
 * @param text Words with one space between them.
 * @param width Most characters of a line, unless a word is longer. Default: 100.
 * @returns The lines.
 */
export function wrap(text: string, width: number = 100): string[] {
  return wrapWords(text.split(" "), width);
}

/** Like {@linkcode wrap}, for words that may contain spaces. */
export function wrapWords(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
