/**
 * Extracts comments and messages of a source file as plain text.
 *
 * @module
 */

/** Text from a file. */
export interface Extract {
  /** Paragraphs of one line each, separated by empty lines. */
  readonly text: string;
  /** The line number in the file, from 1, of the character at an index of the text. */
  readonly lineAt: (index: number) => number;
}

/** A line that is a comment. */
const COMMENT = { "//": /^\s*(?:\/\*\*?|\*\/|\*|\/\/)(?:\s|$)(.*)$/, "#": /^\s*#(?:\s|$)(.*)$/ };
/** A comment after code. */
const TRAILING = { "//": /\s\/\/ (.*)$/, "#": /\s# (.*)$/ };
/** Parts of comments that are not prose: code and links, and directives of tools. */
const CODE = /`[^`]*`|\{@link\w* ([^}]*)\}|https?:\/\/\S+/g;
const DIRECTIVE = /^(?:deno-|shellcheck|yaml-language-server|@ts-|#(?:for|if|end))/;

/** The comments of a file. Paragraphs end at code, at empty lines and at tags such as `@param`. */
export function extractComments(source: string, marker: "//" | "#"): Extract {
  const text = new Paragraphs();
  let fenced = false;
  for (const [index, line] of source.split("\n").entries()) {
    const whole = line.match(COMMENT[marker])?.[1];
    if (whole?.trimStart().startsWith("```")) fenced = !fenced;
    const trailing = whole === undefined ? line.match(TRAILING[marker])?.[1] : undefined;
    const comment = (whole ?? trailing ?? "").replace(/\s*\*\/\s*$/, "").trim();
    if (!comment || fenced || DIRECTIVE.test(comment)) {
      text.end();
      continue;
    }
    const [, tag, rest] = comment.match(/^(@\w+(?: \{\w+\})?(?: \w+)?)?\s*(.*)$/)!;
    if (tag || trailing !== undefined || /^[-*|] |^\d\. |\S {2}/.test(comment) || /^ {2}/.test(whole ?? "")) text.end();
    text.add(rest.replace(/^[-*] /, "").replace(CODE, "$1CODE"), index + 1);
    if (trailing !== undefined) text.end();
  }
  return text;
}

/** The strings of a file that are sentences: at least four words. */
export function extractStrings(source: string): Extract {
  const text = new Paragraphs();
  for (const [index, line] of source.split("\n").entries()) {
    const strings = line.match(COMMENT["//"])
      ? []
      : [...line.matchAll(/"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`|^\s+([^"`]*)`/g)]
        .map((match) => (match[1] ?? match[2] ?? match[3]).replace(/\$\{[^}]*\}/g, "VALUE"))
        .filter((string) => /^\W*(?:[\w'’-]+\W+){3}/.test(string));
    for (const string of strings) text.add(string, index + 1);
    if (!strings.length) text.end();
  }
  return text;
}

class Paragraphs implements Extract {
  text = "";
  readonly #starts: { readonly index: number; readonly line: number }[] = [];

  add(text: string, line: number) {
    if (/\S$/.test(this.text)) this.text += " ";
    this.#starts.push({ index: this.text.length, line });
    this.text += text;
  }

  end() {
    if (this.text && !this.text.endsWith("\n\n")) this.text += "\n\n";
  }

  readonly lineAt = (index: number): number => this.#starts.findLast((start) => start.index <= index)?.line ?? 1;
}
