/**
 * Shows a model's results: the validation photos in a confusion matrix.
 *
 * @module
 */

/// <reference lib="dom" />

import { large, percent } from "../../lib/text/numbers.ts";
import { byId, make } from "../dom.ts";
import type { Judged, Outcome } from "./messages.ts";
import type { Photo } from "./photos.ts";

/** Number of photos that a cell shows. */
const SHOWN = 12;

/** Shows results; `undefined` hides them. */
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
    ? "They were also used to fit the thresholds."
    : "An image leaves at the first exit with a confidence of 90 %. With 20 validation photos, better thresholds can be fitted.";
  byId("outcome-line").append(make("span", "quiet", ` ${share}. ${leaves}`));
}

function headline({ classes, judged }: Outcome): (string | Node)[] {
  const correct = judged.filter(({ label, answer }) => label === answer).length;
  const confused = new Map<string, number>();
  for (const { label, answer } of judged) {
    if (label === answer) continue;
    const pair = `${classes[label]} predicted as ${classes[answer]}`;
    confused.set(pair, (confused.get(pair) ?? 0) + 1);
  }
  const [worst] = [...confused].toSorted(([, a], [, b]) => b - a);
  const line = make("strong", "", `${correct} of ${judged.length} validation photos are classified correctly.`);
  return [line, ...worst ? [` Most frequent confusion: ${worst[0]}.`] : []];
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
    image.alt = photo?.name ?? "a removed photo";
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
