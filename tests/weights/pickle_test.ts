import { assertEquals, assertThrows } from "@std/assert";
import { RanetError } from "../../lib/errors.ts";
import { PickleGlobal, PickleOpaque, unpickle } from "../../lib/weights/pickle.ts";

const globals = new Map([
  ["math.sum", new PickleGlobal("math.sum", (args) => (args as number[]).reduce((a, b) => a + b, 0))],
  ["math.Type", new PickleGlobal("math.Type")],
]);

/** Reads a pickle that is written as one character per byte. */
function read(pickle: string, offset?: number): unknown {
  const bytes = Uint8Array.from(pickle, (char) => char.charCodeAt(0));
  return unpickle(bytes, { globals, persistentLoad: (id) => ({ id }), offset }).value;
}

const values: Record<string, [pickle: string, value: unknown]> = {
  "None and booleans": ["N\x88\x89\x87.", [null, true, false]],
  "small integers": ["K\xffM\xff\xffJ\xfe\xff\xff\xff\x87.", [255, 65535, -2]],
  "long integers": ["\x8a\x00\x8a\x01\xff\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x01\x87.", [0, -1, 2n ** 56n]],
  "an integer past any double": ["\x8a\x80" + "\x00".repeat(127) + "\x7f.", 127n << 1016n],
  "a float": ["G\xbf\xf8\x00\x00\x00\x00\x00\x00.", -1.5],
  "text": ["X\x02\x00\x00\x00\xc3\xa9\x8c\x01aU\x01b\x87.", ["é", "a", "b"]],
  "long text": ["T\x01\x00\x00\x00a.", "a"],
  "bytes": ["C\x01aB\x01\x00\x00\x00b\x86.", [Uint8Array.of(97), Uint8Array.of(98)]],
  "lists": ["](K\x01K\x02eK\x03a.", [1, 2, 3]],
  "tuples": [")K\x01\x85(K\x01K\x02K\x03K\x04t\x87.", [[], [1], [1, 2, 3, 4]]],
  "dicts": ["}(U\x09__proto__K\x01K\x02Nu]K\x03s.", new Map<unknown, unknown>([["__proto__", 1], [2, null], [[], 3]])],
  "a memo": ["\x80\x02]q\x07K\x01ah\x07\x86.", [[1], [1]]],
  "a long memo": ["K\x05r\x00\x00\x00\xffj\x00\x00\x00\xff\x86.", [5, 5]],
  "protocol 4": ["\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00\x8c\x01a\x94h\x00\x86.", ["a", "a"]],
  "a persistent id": ["K\x07Q.", { id: 7 }],
  "an allowed call": ["cmath\nsum\nK\x01K\x02\x86R.", 3],
  "an allowed call by stack": ["\x8c\x04math\x8c\x03sum\x93K\x01\x85R.", 1],
  "attributes, which are dropped": ["}}U\x01aK\x01sb.", new Map()],
  "long bytes": [
    "\x8e\x01\x00\x00\x00\x00\x00\x00\x00a\x96\x01\x00\x00\x00\x00\x00\x00\x00b\x86.",
    [Uint8Array.of(97), Uint8Array.of(98)],
  ],
  "text of 64-bit length": ["\x8d\x01\x00\x00\x00\x00\x00\x00\x00a.", "a"],
  "an integer of 32-bit length": ["\x8b\x02\x00\x00\x00\x00\x01.", 256],
  "an integer without end": ["\x8b\x01\x04\x00\x00" + "\x01".repeat(1025) + ".", new PickleOpaque("int of 1025 bytes")],
  "sets": ["\x8f(K\x01K\x02\x90(K\x03\x91\x86.", [new Set([1, 2]), new Set([3])]],
  "a tuple in itself": ["]q\x00(K\x01K\x021K\x030h\x00.", []],
  "an allowed class": ["cmath\nsum\nK\x01K\x02\x86\x81.", 3],
};

const system = new PickleOpaque("os.system");
const opaque: Record<string, [pickle: string, value: unknown]> = {
  "os.system called": ["\x80\x02cos\nsystem\nX\x04\x00\x00\x00echo\x85R.", system],
  "by stack": ["\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04echo\x85R.", system],
  "as a class": ["cos\nsystem\n)\x81.", system],
  "as a class with named arguments": ["cos\nsystem\n)}\x92.", system],
  "as one of Python 2.7's classes": ["(cos\nsystem\no.", system],
  "with items, pairs and attributes": ["cos\nsystem\n)R(K\x01e(K\x01K\x02u(K\x01\x90}b.", system],
  "called again": ["cos\nsystem\n)R)R.", system],
  "beside what is known": ["](cos\nsystem\n)RK\x01e.", [system, 1]],
  "a name with control characters": ["cos\n\x1b[2Jx\n.", new PickleOpaque("os.\x1b[2Jx")],
  "builtins.eval": ["c__builtin__\neval\n.", new PickleOpaque("__builtin__.eval")],
  "a known name called that has no meaning": ["cmath\nType\n)R.", new PickleOpaque("math.Type")],
};

for (const [what, [pickle, value]] of Object.entries(opaque)) {
  Deno.test(`unpickle() represents Python objects as opaque: ${what}`, () => {
    assertEquals(read(pickle), value);
  });
}

for (const [what, [pickle, value]] of Object.entries(values)) {
  Deno.test(`unpickle() reads ${what}`, () => {
    assertEquals(read(pickle), value);
  });
}

Deno.test("unpickle() reads consecutive pickles", () => {
  const { value, end } = unpickle(new TextEncoder().encode("K\x01.K\x02."), { globals, persistentLoad: () => null });
  assertEquals([value, end], [1, 3]);
  assertEquals(read("K\x01.K\x02.", end), 2);
});

const refused: Record<string, [pickle: string, message: string]> = {
  "an instance by its text": ["(ios\nsystem\n.", "0x69 at byte 1"],
  "a name that is a number": ["K\x01K\x02\x93.", "malformed at byte 4"],
  "a call of a string": ["U\x01a)R.", "malformed"],
  "a call without a tuple": ["cmath\nsum\nNR.", "malformed"],
  "attributes of a list": ["]}b.", "malformed"],
  "an empty file": ["", "truncated"],
  "a missing end": ["K\x01", "truncated"],
  "a name without end": ["cos", "truncated"],
  "text past the end": ["X\xff\xff\xff\xffa.", "truncated"],
  "an integer past the end": ["J\x01.", "truncated"],
  "an empty stack": [".", "malformed"],
  "a mark that is not there": ["t.", "malformed"],
  "a value below a mark": ["K\x01(\x85.", "malformed"],
  "a memo that is not there": ["h\x00.", "malformed"],
  "an item for a number": ["K\x01K\x02a.", "malformed"],
  "an odd dict": ["}(K\x01u.", "malformed"],
  "a future protocol": ["\x80\x06N.", "protocol 6"],
  "an unknown instruction": ["N\xfa.", "0xfa at byte 1"],
};

for (const [what, [pickle, message]] of Object.entries(refused)) {
  Deno.test(`unpickle() refuses ${what}`, () => {
    assertThrows(() => read(pickle), RanetError, message);
  });
}

Deno.test("unpickle() needs 200 steps for a memo that doubles itself 200 times", () => {
  let bomb = "]q\x00";
  for (let i = 1; i <= 200; i++) {
    bomb += `h${String.fromCharCode(i - 1)}h${String.fromCharCode(i - 1)}\x86q${String.fromCharCode(i)}`;
  }
  const top = read(bomb + ".") as unknown[];
  assertEquals(top.length, 2);
  assertEquals(top[0] === top[1], true);
});

Deno.test("unpickle() reads 100,000 levels of nesting, and refuses millions of objects", () => {
  assertEquals(read("]".repeat(100_000) + "a".repeat(99_999) + ".") instanceof Array, true);
  assertThrows(() => read("N".repeat(2_100_000)), RanetError, "more than 2000000 instructions");
});
