import { assertEquals, assertMatch } from "@std/assert";
import { extractComments, extractStrings } from "../tools/prose/extract.ts";
import { checkProse } from "../tools/prose/prose.ts";

const found = async (name: string, source: string) =>
  (await checkProse(name, source)).map(({ line, message }) => `${line} ${message}`);

Deno.test("checkProse() finds phrases in Markdown, comments and messages, with their lines", async () => {
  const [first, second] = await found("a.md", "# A page\n\nOf all waves, two.\n\n- It is told on standard error.\n");
  assertMatch(first, /^3 Of /);
  assertMatch(second, /^5 .*is told/);

  const [comment, trailing, message] = await found(
    "a.ts",
    ["/** Of a promise. */", "const a = 1; // goes without a word", 'say("what comes along is", b);'].join("\n"),
  );
  assertMatch(comment, /^1 Of /);
  assertMatch(trailing, /^2 without a word/);
  assertMatch(message, /^3 comes along/);
  assertMatch((await found("a.yaml", "a: 1 # told later\n# all else stays\n"))[0], /^2 all else/);
});

Deno.test("checkProse() ignores code, links, directives and ordinary English", async () => {
  assertEquals(
    await found("a.md", "Of 21 photos, 6 changed. Of course.\n\n`all else` and\n\n```sh\nit is told\n```\n"),
    [],
  );
  assertEquals(
    await found(
      "a.ts",
      "// deno-lint-ignore is told\n/**\n * Says it.\n *\n * ```ts\n * told(is told);\n * ```\n */\n",
    ),
    [],
  );
});

Deno.test("checkProse() finds a long sentence over several lines of a comment", async () => {
  const [message] = await found(
    "a.ts",
    `// ${"one word and another, ".repeat(8)}\n// ${"and more words ".repeat(9)}ends.\n`,
  );
  assertMatch(message, /^1 .*length/);
});

Deno.test("extractComments() ends paragraphs at code, empty lines and tags, and knows their lines", () => {
  const comments = extractComments("/**\n * One\n * two.\n *\n * @param a Three.\n */\ncode(); // four\n", "//");
  assertEquals(comments.text, "One two.\n\nThree.\n\nfour\n\n");
  assertEquals([0, 4, 10, 18].map((index) => comments.lineAt(index)), [2, 3, 5, 7]);
  const strings = extractStrings('f("short one");\nf("a message of " + n +\n  "four words and more");\n');
  assertEquals([strings.text, strings.lineAt(20)], ["a message of four words and more\n\n", 3]);
});
