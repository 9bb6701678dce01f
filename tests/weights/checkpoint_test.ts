import { times } from "../long.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { zipSync } from "fflate";
import { RanetError } from "../../lib/errors.ts";
import { readCheckpoint } from "../../lib/weights/checkpoint.ts";
import { readSafetensors, writeSafetensors } from "../../lib/weights/safetensors.ts";
import type { Tensor } from "../../lib/weights/tensor.ts";

const source = "checkpoint.pth.tar";
const fixture = (name: string) => Deno.readFileSync(new URL(`../fixtures/weights/${name}`, import.meta.url));
const latin1 = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

// A minimal pickler for tests: every function returns opcodes, one character per byte.
const int = (value: number) => "J" + String.fromCharCode(...new Uint8Array(Int32Array.of(value).buffer));
const text = (value: string) => "\x8c" + String.fromCharCode(value.length) + value;
const tuple = (...items: string[]) => "(" + items.join("") + "t";
const dict = (entries: Record<string, string>) =>
  "}" + Object.entries(entries).map(([key, value]) => text(key) + value + "s").join("");

interface FakeTensor {
  type?: string;
  key?: string;
  length?: number;
  offset?: string;
  shape?: number[];
  stride?: number[];
}

function tensor(
  { type = "Float", key = "0", length = 4, offset = int(0), shape = [4], stride = [1] }: FakeTensor = {},
) {
  const storage = tuple(text("storage"), `ctorch\n${type}Storage\n`, text(key), text("cpu"), int(length)) + "Q";
  const sizes = (values: number[]) => tuple(...values.map(int));
  return "ctorch._utils\n_rebuild_tensor_v2\n" + tuple(storage, offset, sizes(shape), sizes(stride), "\x89", "N") + "R";
}

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

function zip(pickle: string, files: Record<string, Uint8Array> = { "data/0": floats(1, 2, 3, 4) }, level: 0 | 9 = 0) {
  const named = Object.entries({ "data.pkl": latin1(pickle + "."), ...files }).map((
    [name, data],
  ) => [`m/${name}`, data]);
  return zipSync(Object.fromEntries(named), { level });
}

/** A legacy file. Each storage is preceded by its length. */
function legacy(pickle: string, keys: string, storages: Uint8Array): Uint8Array {
  const head = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
  return Uint8Array.from([...latin1(`\x80\x02${head}${int(1001)}.}.${pickle}.${keys}.`), ...storages]);
}

for (const name of ["legacy.pth.tar", "zip-protocol2.pth.tar", "zip-protocol4.pth.tar"]) {
  Deno.test(`readCheckpoint() reads the state_dict of ${name}, and ignores its optimizer (which contains NaN)`, () => {
    assertEquals(
      readCheckpoint(fixture(name), { source }),
      new Map<string, Tensor>([
        ["conv.weight", { shape: [2, 3, 1, 1], data: Float32Array.of(0, 1, 2, 3, 4, 5) }],
        ["transposed", { shape: [2, 3], data: Float32Array.of(4, 8, 12, 5, 9, 13) }],
        ["half", { shape: [3], data: Float32Array.of(0.5, -2, 65504) }],
        ["double", { shape: [2], data: Float32Array.of(0.1, 1e-3) }],
        ["bfloat16", { shape: [2], data: Float32Array.of(1, -5) }],
        ["scalar", { shape: [], data: Float32Array.of(7) }],
        ["empty", { shape: [0, 2], data: new Float32Array() }],
      ]),
    );
  });
}

Deno.test("readCheckpoint() accepts a file that is only a state_dict", () => {
  const read = readCheckpoint(zip(dict({ "a.weight": tensor() })), { source });
  assertEquals(read, new Map([["a.weight", { shape: [4], data: Float32Array.of(1, 2, 3, 4) }]]));
});

Deno.test("readCheckpoint() reads numbers of a big-endian machine", () => {
  const files = { byteorder: latin1("big"), "data/0": Uint8Array.of(0x3f, 0x80, 0, 0) };
  const read = readCheckpoint(zip(dict({ a: tensor({ length: 1, shape: [1] }) }), files), { source });
  assertEquals(read.get("a")?.data, Float32Array.of(1));
});

Deno.test("readCheckpoint() ignores a class with its source in the legacy container", () => {
  const net = tuple(text("module"), "cmodels\nNet\n", text("models.py"), text("class Net: pass")) + "Q)R}b";
  const file = legacy(dict({ net, state_dict: dict({ a: tensor() }) }), `]${text("0")}a`, floats(0, 0, 1, 2, 3, 4));
  assertEquals(readCheckpoint(file, { source }).get("a")?.data, Float32Array.of(1, 2, 3, 4));
});

Deno.test("readCheckpoint() picks the dict of tensors that fits, otherwise state_dict, with a note about others", () => {
  const notes: string[] = [];
  const onNote = (note: string) => notes.push(note);
  const two = zip(dict({ loss: dict({ b: tensor() }), net: dict({ "module.a": tensor() }) }));
  assertEquals([...readCheckpoint(two, { source, expected: new Set(["a"]), onNote }).keys()], ["a"]);
  assertEquals(notes[0], 'Used the weights under "net"');
  const averaged = zip(dict({ state_dict: dict({ a: tensor() }), state_dict_ema: dict({ b: tensor() }) }));
  notes.length = 0;
  assertEquals([...readCheckpoint(averaged, { source, onNote }).keys()], ["a"]);
  assertEquals(notes, [
    'Used the weights under "state_dict"; there are others under "state_dict_ema" (key state_dict_ema)',
  ]);
  assertEquals([...readCheckpoint(averaged, { source, key: "state_dict_ema" }).keys()], ["b"]);
  const nested = zip(dict({ model: dict({ epoch: int(1), state_dict: dict({ a: tensor() }) }) }));
  assertEquals([...readCheckpoint(nested, { source, key: "model.state_dict" }).keys()], ["a"]);
  assertEquals([...readCheckpoint(nested, { source }).keys()], ["a"]);
});

Deno.test("readCheckpoint() refuses Python objects only if a tensor needs them", () => {
  const file = zip(dict({ state_dict: dict({ a: tensor(), b: "cnumpy\narray\n)R", c: int(3) }) }));
  const notes: string[] = [];
  const onNote = (note: string) => notes.push(note);
  assertEquals([...readCheckpoint(file, { source, expected: new Set(["a"]), onNote }).keys()], ["a"]);
  assertEquals(notes, [
    'Ignored values that are not weights: "b" (an object that only Python could create (numpy.array)), "c" (3)',
  ]);
  for (const [name, found] of [["b", "an object that only Python could create (numpy.array)"], ["c", "3"]] as const) {
    const { message } = assertThrows(
      () => readCheckpoint(file, { source, expected: new Set(["a", name]) }),
      RanetError,
    );
    assertStringIncludes(message, `its "${name}" is ${found}, where floats are expected`);
  }
});

Deno.test("readCheckpoint() suggests a key, and sets the error's code", () => {
  const two = zip(dict({ student: dict({ a: tensor() }), teacher: dict({ a: tensor() }) }));
  assertEquals(assertThrows(() => readCheckpoint(two, { source }), RanetError).remedies, [{ key: "student" }]);
  const module = zip("cmodels.RANet\nRANet\n");
  assertEquals(assertThrows(() => readCheckpoint(module, { source }), RanetError).code, "unsupported");
});

Deno.test("readCheckpoint() accepts a missing storage that only the optimizer uses", () => {
  const pickle = dict({ optimizer: dict({ momentum: tensor({ key: "1" }) }), state_dict: dict({ a: tensor() }) });
  assertEquals(readCheckpoint(zip(pickle), { source }).size, 1);
});

const state = (entries: Record<string, string>) => dict({ state_dict: dict(entries) });
const system = "cposix\nsystem\n" + text("touch /tmp/owned") + "\x85R";
const good = zip(state({ a: tensor() }));

const broken: Record<string, [bytes: Uint8Array, message: string]> = {
  "an empty file": [new Uint8Array(), "not a file written by torch.save"],
  "a JPEG": [Uint8Array.of(0xff, 0xd8, 0xff, 0xe0), "not a file written by torch.save"],
  "a zip of something else": [zipSync({ "word/document.xml": new Uint8Array() }), "0 data.pkl"],
  "a zip of two": [
    zipSync({ "a/data.pkl": new Uint8Array(), "b/data.pkl": new Uint8Array() }, { level: 0 }),
    "2 data.pkl",
  ],
  "what torch.save leaves when it fails": [
    zipSync({ "m/version": latin1("3\n") }, { level: 0 }),
    "torch.save failed while it wrote the file",
  ],
  "a truncated zip": [good.subarray(0, good.length - 30), "damaged or truncated"],
  "a compressed zip": [zip(state({ a: tensor() }), { "data/0": new Uint8Array(16) }, 9), "compressed"],
  "os.system in a zip": [
    zip(state({ a: system })),
    'its "a" is an object that only Python could create (posix.system)',
  ],
  "os.system in a legacy file": [
    legacy(state({ a: system }), "]", floats()),
    'its "a" is an object that only Python could create (posix.system)',
  ],
  "os.system in a bare pickle": [latin1(`\x80\x02${system}.`), "a pickle, but not one written by torch.save"],
  "a bare pickle": [latin1("\x80\x02}."), "a pickle, but not one written by torch.save"],
  "a whole module": [
    zip("cmodels.RANet\nRANet\n"),
    "it contains an object that only Python could create (models.RANet.RANet) instead of a dict",
  ],
  "a list": [zip("]"), "it contains a list instead of a dict"],
  "no state_dict": [zip(dict({ epoch: int(3), model: dict({ a: int(3) }) })), 'only the keys "epoch", "model"'],
  "a module beside numbers": [
    zip(dict({ epoch: int(3), net: "cmodels\nNet\n)\x81}b" })),
    '"net" (an object that only Python could create (models.Net)). Save it again where it was trained: torch.save({"state_dict":',
  ],
  "two dicts of tensors": [
    zip(dict({ student: dict({ a: tensor() }), teacher: dict({ a: tensor() }) })),
    'weights under "student", "teacher", but none under "state_dict". Choose one by its key',
  ],
  "an empty state_dict": [zip(state({})), "no state_dict with tensors"],
  "a name with and without module.": [
    zip(state({ a: tensor(), "module.a": tensor() })),
    'has "a" twice, as "a" and "module.a"',
  ],
  "a missing storage": [zip(state({ a: tensor({ key: "1" }) })), 'storage "1" has 0 bytes instead of 16'],
  "a short storage": [zip(state({ a: tensor({ length: 5 }) })), 'storage "0" has 16 bytes instead of 20'],
  "a storage of two types": [
    zip(state({ a: tensor(), b: tensor({ type: "Double" }) })),
    'storage "0" is described in two ways',
  ],
  "a storage that is none": [zip(state({ a: "K\x01Q" })), "not a storage"],
  "a type that is not known": [
    zip(state({ a: tensor({ type: "Float8" }) })),
    "Python could create (torch.Float8Storage)",
  ],
  "a tensor that is rebuilt without end": [
    zip(state({ a: "ctorch._tensor\n_rebuild_from_type_v2\nq\x01(h\x01ctorch\nTensor\n)}tR" })),
    "describes a tensor in a way",
  ],
  "a type that is not known in a legacy file": [
    legacy(state({ a: tensor(), b: tensor({ type: "Float8", key: "1" }) }), `]${text("1")}a${text("0")}a`, floats()),
    "Python could create (torch.Float8Storage)",
  ],
  "a shape past its storage": [zip(state({ a: tensor({ shape: [5] }) })), "reaches to number 5"],
  "an offset past its storage": [zip(state({ a: tensor({ offset: int(1) }) })), "reaches to number 5"],
  "a stride past its storage": [zip(state({ a: tensor({ stride: [2] }) })), "reaches to number 7"],
  "a negative offset": [zip(state({ a: tensor({ offset: int(-1) }) })), "describes a tensor in a way"],
  "a negative stride": [zip(state({ a: tensor({ stride: [-1] }) })), "describes a tensor in a way"],
  "an offset that is text": [zip(state({ a: tensor({ offset: text("0") }) })), "describes a tensor in a way"],
  "strides for another shape": [zip(state({ a: tensor({ stride: [1, 1] }) })), "describes a tensor in a way"],
  "a tensor bomb": [zip(state({ a: tensor({ shape: [2 ** 30, 2 ** 30], stride: [0, 0] }) })), "more than it has bytes"],
  "a NaN": [zip(state({ a: tensor() }), { "data/0": floats(0, 0, NaN, 0) }), 'tensor "a" contains NaN at index 2'],
  "a double too large": [
    zip(state({ a: tensor({ type: "Double", length: 1, shape: [1] }) }), {
      "data/0": new Uint8Array(Float64Array.of(1e300).buffer),
    }),
    "contains 1e+300 at index 0",
  ],
  "a filled OrderedDict": [zip("ccollections\nOrderedDict\n]]a\x85R"), "fills an OrderedDict in a way"],
  "a legacy file of another format": [
    latin1("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19." + int(1000) + "."),
    "its format is 1000",
  ],
  "a legacy file without storages": [legacy(state({ a: tensor() }), "]", floats()), 'storage "0" has 0 bytes'],
  "a legacy file truncated": [legacy(state({ a: tensor() }), `]${text("0")}a`, floats(0, 0, 1, 2)), "has 8 bytes"],
  "a legacy file with a stray storage": [legacy(state({ a: tensor() }), `]${text("7")}a`, floats()), 'contains "7"'],
  "a legacy file without a list": [legacy(state({ a: tensor() }), "N", floats()), "not a list"],
};

for (const [what, [bytes, message]] of Object.entries(broken)) {
  Deno.test(`readCheckpoint() refuses ${what}`, () => {
    const error = assertThrows(() => readCheckpoint(bytes, { source }), RanetError);
    assertStringIncludes(error.message, `Cannot read ${source}: `);
    assertStringIncludes(error.message, message);
  });
}

/** Passes if `read` returns or throws a RanetError. Any other error is a defect. */
function isOrderly(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (error instanceof RanetError) return true;
    throw error;
  }
}

const readers: Record<string, [bytes: Uint8Array, read: (bytes: Uint8Array) => unknown]> = {
  "a zip checkpoint": [fixture("zip-protocol4.pth.tar"), (bytes) => readCheckpoint(bytes, { source })],
  "a legacy checkpoint": [fixture("legacy.pth.tar"), (bytes) => readCheckpoint(bytes, { source })],
  "a safetensors file": [
    writeSafetensors([["a", { shape: [2], data: Float32Array.of(1, 2) }], ["b", {
      shape: [],
      data: Float32Array.of(3),
    }]], {
      metadata: { spec: "x" },
    }),
    (bytes) => readSafetensors(bytes, { source }),
  ],
};

for (const [what, [bytes, read]] of Object.entries(readers)) {
  Deno.test(`readWeights() reads or refuses ${what} with changed bytes or cut anywhere`, () => {
    const change = fc.record({ at: fc.nat(bytes.length - 1), to: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 4 }), fc.option(fc.nat(bytes.length), { freq: 1 }), (changes, cut) => {
        const damaged = bytes.slice();
        for (const { at, to } of changes) damaged[at] = to;
        return isOrderly(() => read(cut === null ? damaged : damaged.subarray(0, cut)));
      }),
      { numRuns: 500 },
    );
  });
}

Deno.test("readCheckpoint() detects a flipped bit in a zip archive", () => {
  const whole = Deno.readFileSync(new URL("../fixtures/reference/cifar10-lg/checkpoint.pth.tar", import.meta.url));
  const sound = readCheckpoint(whole, { source });
  let random = 7;
  for (let i = 0; i < times(20, 60); i++) {
    const at = (random = (random * 48271) % 0x7fffffff) % whole.length;
    const damaged = whole.slice();
    damaged[at] ^= 1 << i % 8;
    try {
      // In parts that are not read: the optimizer's tensors, a date.
      assertEquals(readCheckpoint(damaged, { source }), sound, `bit ${i % 8} of byte ${at}`);
    } catch (error) {
      if (!(error instanceof RanetError)) throw error;
    }
  }
});
