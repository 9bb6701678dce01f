import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { classFinder, isUnnamed, matchClasses } from "../../lib/spec/classes.ts";
import { IMAGENET_SYNSETS } from "../../lib/spec/imagenet_synsets.ts";
import { CIFAR10_LABELS, LABELS } from "../../lib/spec/labels.ts";

const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i));

Deno.test("classes are matched by name, in any order and number", () => {
  const names = fc.uniqueArray(fc.string({ minLength: 2, maxLength: 4 }), { minLength: 2, maxLength: 8 });
  fc.assert(fc.property(names, names, (wanted, given) => {
    const { indexes, shared, isSame } = matchClasses(wanted, given);
    if (isUnnamed(wanted) || isUnnamed(given)) return;
    indexes.forEach((index, i) => {
      if (index < 0) assert(!given.includes(wanted[i]));
      else assertEquals(given[index], wanted[i]);
    });
    assertEquals(shared, wanted.filter((name) => given.includes(name)).length);
    assertEquals(isSame, wanted.join("\0") === given.join("\0"));
  }));
});

Deno.test("unnamed classes match neither named classes nor another number of classes", () => {
  assertEquals(matchClasses(numbers(10), CIFAR10_LABELS).shared, 0);
  assertEquals(matchClasses(CIFAR10_LABELS, numbers(10)).shared, 0);
  assertEquals(matchClasses(numbers(3), numbers(10)).shared, 0);
  assert(matchClasses(numbers(10), numbers(10)).isSame);
  assertEquals(isUnnamed(["1", "2", "3"]), false);
});

Deno.test("ImageNet's 1,000 WordNet ids are sorted aliases of its labels", () => {
  assertEquals(IMAGENET_SYNSETS.length, 1000);
  assertEquals(IMAGENET_SYNSETS, [...new Set(IMAGENET_SYNSETS)].toSorted());
  assert(IMAGENET_SYNSETS.every((id) => /^n\d{8}$/.test(id)));
  const find = classFinder(LABELS.imagenet);
  const known = { n01440764: "tench", n02012849: "crane (bird)", n02123045: "tabby", n15075141: "toilet tissue" };
  for (const [id, label] of Object.entries(known)) assertEquals(LABELS.imagenet[find(id)!], label);
  assert(matchClasses(IMAGENET_SYNSETS, LABELS.imagenet).isSame);
  assertEquals(classFinder(CIFAR10_LABELS)("n01440764"), undefined);
});
