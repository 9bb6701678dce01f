/**
 * `deno task prose [FILE…]`: checks how sentences are written, in documentation, comments and messages. `turns.yml` beside it
 * lists turns to avoid, `meant.yml` the places where one is meant; textlint applies them.
 *
 * @module
 */

import { TextlintKernel } from "@textlint/kernel";
import markdown from "@textlint/textlint-plugin-markdown";
import plainText from "@textlint/textlint-plugin-text";
import allowlist from "textlint-filter-rule-allowlist";
import turns from "textlint-rule-prh";
import sentenceLength from "textlint-rule-sentence-length";
import { type Extract, extractComments, extractStrings } from "./extract.ts";

const ROOT = new URL("../../", import.meta.url);
const beside = (name: string) => new URL(name, import.meta.url).pathname;

/** Largest number of characters in a sentence. */
const MAX_SENTENCE = 300;

/** Generated files, fixtures, and files that contain such phrases as examples. */
const SKIPPED = /^(?:tests\/fixtures\/|tests\/prose_test\.ts|bench\/results\/|web\/dist\/|tools\/prose\/)/;

/** A sentence that should be changed. */
export interface Finding {
  /** Line, from 1. */
  readonly line: number;
  /** The problem, and a suggestion. */
  readonly message: string;
}

/** The export of a textlint package. They are CommonJS: some export the rule itself, others `default`. */
// deno-lint-ignore no-explicit-any
const loaded = (module: any) => module.default ?? module;

const kernel = new TextlintKernel();

/** Checks one text. `length`: whether long sentences are reported. */
async function lint(
  { text, lineAt }: Extract,
  ext: ".md" | ".txt",
  length: boolean,
): Promise<Finding[]> {
  const { messages } = await kernel.lintText(text, {
    ext,
    plugins: [
      { pluginId: "markdown", plugin: loaded(markdown) },
      { pluginId: "text", plugin: loaded(plainText) },
    ],
    rules: [
      { ruleId: "turns", rule: loaded(turns), options: { rulePaths: [beside("turns.yml")] } },
      ...(length ? [{ ruleId: "length", rule: loaded(sentenceLength), options: { max: MAX_SENTENCE } }] : []),
    ],
    filterRules: [
      { ruleId: "meant", rule: loaded(allowlist), options: { allowlistConfigPaths: [beside("meant.yml")] } },
    ],
  });
  return messages.map(({ index, message }) => ({ line: lineAt(index), message: message.replaceAll("\n", "; ") }));
}

/** Checks the text of one file. Its name decides what is checked: all of a Markdown file, otherwise comments and messages. */
export async function checkProse(name: string, source: string): Promise<Finding[]> {
  if (name.endsWith(".md")) {
    return await lint({ text: source, lineAt: (index) => source.slice(0, index).split("\n").length }, ".md", true);
  }
  return [
    ...await lint(
      extractComments(source, /\.(?:sh|ya?ml|service|conf)$|\/run$|^ranet$/.test(name) ? "#" : "//"),
      ".txt",
      true,
    ),
    ...await lint(extractStrings(source), ".txt", false),
  ].sort((one, other) => one.line - other.line);
}

/** Files that git tracks, or that are not yet added and not ignored. */
async function filesOfRepository(): Promise<string[]> {
  const { stdout } = await new Deno.Command("git", {
    args: ["ls-files", "--cached", "--others", "--exclude-standard"],
    cwd: ROOT,
  }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((name) =>
    /\.(?:md|ts|as|wgsl|html|js|sh|ya?ml|service|conf)$|^ranet$|^\.ci\/run$/.test(name) && !SKIPPED.test(name)
  );
}

if (import.meta.main) {
  let found = 0;
  for (const name of Deno.args.length ? Deno.args : await filesOfRepository()) {
    const source = await Deno.readTextFile(Deno.args.length ? name : new URL(name, ROOT)).catch(() => "");
    for (const { line, message } of await checkProse(name, source)) {
      console.log(`${name}:${line}: ${message}`);
      found++;
    }
  }
  if (found) {
    console.error(`${found} sentences to change. If a sentence is meant as it is, add it to tools/prose/meant.yml.`);
    Deno.exit(1);
  }
}
