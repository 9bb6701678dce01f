/**
 * Tests that the README stays short, and that links within the repository lead to existing files.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { exists } from "../lib/io/exists.ts";

const ROOT = new URL("../", import.meta.url);

async function pages(): Promise<URL[]> {
  const found: URL[] = [];
  for (const folder of ["./", "docs/", "weights/"]) {
    for await (const { name, isFile } of Deno.readDir(new URL(folder, ROOT))) {
      if (isFile && name.endsWith(".md")) found.push(new URL(folder + name, ROOT));
    }
  }
  return found;
}

/** Anchors that GitHub gives to the headings of a page. */
function anchors(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading);
  return new Set(headings.map((one) => one.toLowerCase().replaceAll(/[^\w\- ]/g, "").replaceAll(" ", "-")));
}

Deno.test("the README has at most 9 kB", async () => {
  const { size } = await Deno.stat(new URL("README.md", ROOT));
  assert(size <= 9000, `${size} bytes`);
});

Deno.test("every link within the repository leads to an existing file and heading", async () => {
  const broken: string[] = [];
  for (const page of await pages()) {
    const text = await Deno.readTextFile(page);
    const links = [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"/g)].map((match) => match[1] ?? match[2]);
    for (const link of links.filter((one) => !/^[a-z]+:/.test(one))) {
      const target = new URL(link, page);
      const { hash } = target;
      target.hash = "";
      const leads = await exists(target.pathname) &&
        (!hash || anchors(await Deno.readTextFile(target)).has(hash.slice(1)));
      if (!leads) broken.push(`${page.pathname.slice(ROOT.pathname.length)}: ${link}`);
    }
  }
  assertEquals(broken, []);
});

Deno.test("docs/README.md lists every page", async () => {
  const index = await Deno.readTextFile(new URL("docs/README.md", ROOT));
  const names = (await pages()).map(({ pathname }) => pathname.split("/docs/")[1]).filter((name) => name !== undefined);
  assertEquals(names.filter((name) => name !== "README.md" && !index.includes(`](${name})`)), []);
});
