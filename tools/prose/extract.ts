/**
 * Comments and messages of a source file, as plain text with the line that each line of it comes from.
 *
 * @module
 */

/** A text, and for each of its lines the line of the file that it comes from. */
export interface Extract {
  /** Paragraphs, separated by empty lines. */
  readonly text: string;
  /** Line numbers, from 1. */
  readonly lines: readonly number[];
}

/** A whole line of a comment, its marker, and its text. */
const COMMENT = { "//": /^\s*(?:\/\*\*?|\*\/|\*|\/\/)(?:\s|$)(.*)$/, "#": /^\s*#(?:\s|$)(.*)$/ };
/** A comment behind code. */
const TRAILING = { "//": /\s\/\/ (.*)$/, "#": /\s# (.*)$/ };
/** What is no prose in a comment: code, links, and directives of tools. */
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
    if (tag || trailing !== undefined || /^[-*] |^\d\. /.test(comment)) text.end();
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
  #lines: string[] = [];
  readonly lines: number[] = [];

  get text(): string {
    return this.#lines.join("\n");
  }

  add(line: string, number: number) {
    this.#lines.push(line);
    this.lines.push(number);
  }

  end() {
    if (this.#lines.at(-1)) this.add("", this.lines.at(-1)!);
  }
}
