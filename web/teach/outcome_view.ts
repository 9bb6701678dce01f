/**
 * How well a model does: the photos set aside, each in the row of its class and the column of the answer.
 *
 * @module
 */

/// <reference lib="dom" />

import { large, percent } from "../../lib/text/numbers.ts";
import { byId, make } from "../dom.ts";
import type { Judged, Outcome } from "./messages.ts";
import type { Photo } from "./photos.ts";

/** Photos that a cell shows. */
const SHOWN = 12;

/** Shows it; `undefined` hides what was shown. */
export function showOutcome(outcome: Outcome | undefined, photos: ReadonlyMap<number, Photo>): void {
  const table = byId<HTMLTableElement>("confusion");
  for (const image of table.querySelectorAll("img")) URL.revokeObjectURL(image.src);
  table.replaceChildren();
  byId("outcome").hidden = !outcome;
  if (!outcome) return;
  const { classes, judged, isFitted, cost, fullCost, command } = outcome;
  byId("outcome-line").replaceChildren(...headline(outcome));
  byId("outcome-command").textContent = command;
  const head = make("tr", "", make("td", ""), ...classes.map((name) => header(`called ${name}`, "col")));
  table.append(
    make("caption", "unseen", "Validation photos: a row for each class, a column for each prediction"),
    make("thead", "", head),
    make(
      "tbody",
      "",
      ...classes.map((name, label) =>
        make(
          "tr",
          "",
          header(name, "row"),
          ...classes.map((_, answer) =>
            cell(judged.filter((one) => one.label === label && one.answer === answer), photos, label === answer)
          ),
        )
      ),
    ),
  );
  const share = `${large(cost)} multiply-adds each, ${percent(cost / fullCost)} of the cost of the full network`;
  const leaves = isFitted
    ? "They were used to find the thresholds."
    : "An image leaves at the first exit with a confidence of 90 %; with 20 validation photos, better thresholds can be found.";
  byId("outcome-line").append(make("span", "quiet", ` ${share}. ${leaves}`));
}

function headline({ classes, judged }: Outcome): (string | Node)[] {
  const correct = judged.filter(({ label, answer }) => label === answer).length;
  const confused = new Map<string, number>();
  for (const { label, answer } of judged) {
    if (label === answer) continue;
    const pair = `${classes[label]} for ${classes[answer]}`;
    confused.set(pair, (confused.get(pair) ?? 0) + 1);
  }
  const [worst] = [...confused].toSorted(([, a], [, b]) => b - a);
  const line = make("strong", "", `${correct} of ${judged.length} photos that it had not seen are right.`);
  return [line, ...worst ? [` Most often it takes ${worst[0]}.`] : []];
}

function header(text: string, scope: "row" | "col"): HTMLTableCellElement {
  const cell = make("th", "", text);
  cell.scope = scope;
  return cell;
}

function cell(judged: readonly Judged[], photos: ReadonlyMap<number, Photo>, isRight: boolean): HTMLTableCellElement {
  const images = judged.slice(0, SHOWN).map(({ id }) => {
    const photo = photos.get(id);
    const image = make("img", "");
    image.alt = photo?.name ?? "a photo that has been taken away";
    image.title = image.alt;
    if (photo) image.src = URL.createObjectURL(photo.thumbnail);
    return image;
  });
  const rest = judged.length > SHOWN ? [make("span", "quiet", `and ${judged.length - SHOWN} more`)] : [];
  const count = make("span", "count", String(judged.length));
  const found = make("td", judged.length === 0 ? "none" : isRight ? "right" : "confused", count);
  if (images.length > 0) found.append(make("div", "cell-photos", ...images, ...rest));
  return found;
}
