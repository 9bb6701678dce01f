/**
 * SVG text in which only what a template itself says is markup: every value put into it is escaped.
 *
 * @module
 */

/** Text that is markup already, made only by {@linkcode markup}. */
export class Markup {
  /** The markup. */
  readonly text: string;

  /** Takes text as it is. */
  constructor(text: string) {
    this.text = text;
  }

  /** The markup. */
  toString(): string {
    return this.text;
  }
}

/** What may be put into a template; of a list, its members one after another. */
export type Value = string | number | Markup | readonly Markup[];

/** Tags a template: strings put into it are escaped, for use as text or between double quotes. */
export function markup(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(parts.reduce((text, part, i) => text + markupOf(values[i - 1]) + part));
}

function markupOf(value: Value): string {
  if (value instanceof Markup) return value.text;
  return typeof value === "object" ? value.join("") : escape(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** XML has no way to write control characters and halves of surrogate pairs. */
function escape(text: string): string {
  return text.replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll(/[&<>"]/g, (character) => ENTITIES[character]);
}
