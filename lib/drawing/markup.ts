/**
 * SVG text from templates. Only the template itself is markup; all inserted values are escaped.
 *
 * @module
 */

/** Text that is already markup. Only {@linkcode markup} creates it. */
export class Markup {
  /** The text of the markup. */
  readonly text: string;

  /** Wraps text without escaping it. */
  constructor(text: string) {
    this.text = text;
  }

  /** Returns the text. */
  toString(): string {
    return this.text;
  }
}

/** A value for a template. The members of a list are concatenated. */
export type Value = string | number | Markup | readonly Markup[];

/** A template tag. Inserted strings are escaped for use as text or between double quotes. */
export function markup(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(parts.reduce((text, part, i) => text + markupOf(values[i - 1]) + part));
}

function markupOf(value: Value): string {
  if (value instanceof Markup) return value.text;
  return typeof value === "object" ? value.join("") : escape(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Escapes text. Control characters and lone surrogates are replaced, because XML cannot represent them. */
function escape(text: string): string {
  return text.replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll(/[&<>"]/g, (character) => ENTITIES[character]);
}
