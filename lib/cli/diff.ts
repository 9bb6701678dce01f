/**
 * `ranet diff`: two architectures side by side.
 *
 * @module
 */

import { readSpec } from "../model/read_spec.ts";
import { shapeText, sizeOf } from "../network/size.ts";
import { bytes, large } from "../text/numbers.ts";
import { documentOf } from "../spec/document.ts";
import type { ArchitectureSpec } from "../network/architecture.ts";
import type { DocumentValue, SpecMapping } from "../spec/document_value.ts";
import type { Call, Command, Terminal } from "./command.ts";
import { change, type Costs, costsOf } from "./costs.ts";
import { printable, table } from "./text.ts";

/** Longest value of a key that is printed completely. */
const LONGEST_VALUE = 60;

/** A key whose values differ; `undefined` if a spec does not have it. */
interface KeyDifference {
  readonly key: string;
  readonly a?: DocumentValue;
  readonly b?: DocumentValue;
}

/** The command. */
export const diffCommand: Command<never> = {
  name: "diff",
  summary: "compare two architectures: cost, parameters, memory, and the keys that differ",
  usage: "A B [options]",
  operands: [2, 2],
  description: `Prints the exits of A and B side by side, with the change from A to B. A and B are YAML files, their
URLs, or bundled names. Keys are compared after defaults are filled in.`,
  options: {},
  examples: ["ranet diff ranet-cifar10 my-ranet.yaml", "ranet diff before.yaml after.yaml --json | jq .keys"],
  async run({ operands: [nameA, nameB], json }: Call, { stdout }: Terminal): Promise<void> {
    const specs = [await readSpec(nameA), await readSpec(nameB)] as const;
    const [a, b] = specs.map(costsOf);
    const keys = differences(...comparable(...specs));
    stdout(json ? JSON.stringify({ a, b, keys }) : asText(a, b, keys));
  },
};

/** Their documents. If one needs the longer form of `exits`, both use it. */
function comparable(...specs: readonly [ArchitectureSpec, ArchitectureSpec]): [a: SpecMapping, b: SpecMapping] {
  const [a, b] = specs.map(documentOf);
  if (specs.every(({ reweight }) => reweight === undefined)) return [a, b];
  const whole = (spec: ArchitectureSpec, document: SpecMapping): SpecMapping =>
    spec.reweight === undefined ? { ...document, exits: { blocks: document.exits, boosted: false } } : document;
  return [whole(specs[0], a), whole(specs[1], b)];
}

/** Keys whose values differ, by their path: `subnetworks[1].growth`. Lists of plain values are compared as a whole. */
function differences(a: DocumentValue | undefined, b: DocumentValue | undefined, key = ""): KeyDifference[] {
  const children = [...new Set([...childrenOf(a), ...childrenOf(b)])];
  if (children.length === 0) return JSON.stringify(a) === JSON.stringify(b) ? [] : [{ key, a, b }];
  const list = Array.isArray(a) || Array.isArray(b);
  return children.flatMap((child) =>
    differences(at(a, child), at(b, child), list ? `${key}[${child}]` : key ? `${key}.${child}` : child)
  );
}

function childrenOf(value: DocumentValue | undefined): string[] {
  if (
    typeof value !== "object" || Object.values(value).every((item) => typeof item !== "object") && Array.isArray(value)
  ) {
    return [];
  }
  return Object.keys(value);
}

function at(value: DocumentValue | undefined, key: string): DocumentValue | undefined {
  return typeof value === "object" ? (value as Readonly<Record<string, DocumentValue>>)[key] : undefined;
}

function asText(a: Costs, b: Costs, keys: readonly KeyDifference[]): string {
  const count = Math.max(a.exits.length, b.exits.length);
  const exits = Array.from({ length: count }, (_, k) => {
    const [exitA, exitB] = [a.exits[k], b.exits[k]];
    return [
      k + 1,
      place(exitA),
      place(exitB),
      ...compared(exitA?.cumulativeFlops, exitB?.cumulativeFlops, large),
      ...compared(exitA?.cumulativeParams, exitB?.cumulativeParams, large),
    ];
  });
  const totals = ([
    ["parameters", a.params, b.params, large],
    ["weights on the device", a.memory.weightBytes, b.memory.weightBytes, bytes],
    ["activations of an image", a.memory.activationBytesPerImage, b.memory.activationBytesPerImage, bytes],
    ["in use at once", a.memory.liveBytesPerImage, b.memory.liveBytesPerImage, bytes],
  ] as const).map(([title, from, to, format]) => [title, ...compared(from, to, format)]);
  const right = (...titles: string[]) => titles.map((title) => [title, "right"] as const);
  const columns = ["A", "B", "change"];
  return `A  ${a.name}
B  ${b.name}

Multiply-adds and parameters up to each exit
${
    table(
      right(
        "exit",
        "A: after, features",
        "B: after, features",
        "mult-adds A",
        "B",
        "change",
        "params A",
        "B",
        "change",
      ),
      exits,
    )
  }

${table([["", "left"], ...right(...columns)], totals)}

${keys.length === 0 ? "No key differs." : `Keys that differ\n${keys.map(asLine).join("\n")}`}`;
}

function place(exit?: Costs["exits"][number]): string {
  return exit ? `${exit.label}, ${shapeText({ ...exit, size: sizeOf(exit.size) })}` : "–";
}

function compared(a: number | undefined, b: number | undefined, format: (value: number) => string): string[] {
  return [a === undefined ? "–" : format(a), b === undefined ? "–" : format(b), change(a, b)];
}

function asLine({ key, a, b }: KeyDifference): string {
  return `  ${key}: ${shown(a)} → ${shown(b)}`;
}

function shown(value: DocumentValue | undefined): string {
  if (value === undefined) return "absent";
  const text = printable(Array.isArray(value) ? `[${value.join(", ")}]` : String(value));
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}
