import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { RanetError } from "../../lib/errors.ts";
import { readCheckpoint } from "../../lib/weights/checkpoint.ts";
import { findStateDict } from "../../lib/weights/state_dict.ts";
import { TorchStorage, TorchTensor } from "../../lib/weights/torch_objects.ts";

const fixture = (name: string) => Deno.readFileSync(new URL(`../fixtures/weights/${name}.pth.tar`, import.meta.url));

for (const name of ["everything-protocol2", "everything-protocol4", "everything-protocol5", "everything-legacy"]) {
  Deno.test(`readCheckpoint() ignores other contents of a checkpoint: ${name}, by PyTorch 1.13.1`, () => {
    const notes: string[] = [];
    assertEquals(
      readCheckpoint(fixture(name), { source: name, onNote: (note) => notes.push(note) }),
      new Map([
        ["a.weight", { shape: [2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) }],
        ["a.bias", { shape: [2], data: Float32Array.of(0.5, -0.5) }],
        ["a.tagged", { shape: [3], data: Float32Array.of(0, 1, 2) }],
      ]),
    );
    assertEquals(notes, []);
  });
}

Deno.test("readCheckpoint() reads an OrderedDict written by Python 2.7", () => {
  assertEquals(
    readCheckpoint(fixture("python2"), { source: "x" }),
    new Map([["a.weight", { shape: [4], data: Float32Array.of(0, 1, 2, 3) }]]),
  );
});

Deno.test("readCheckpoint() handles wrappers' prefixes, counters and another key, with notes", () => {
  const notes: string[] = [];
  const read = readCheckpoint(fixture("wrapped"), { source: "x", onNote: (note) => notes.push(note) });
  assertEquals([...read.keys()], ["0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var"]);
  assertEquals(read.get("0.weight")?.data, Float32Array.of(0.25, 0.25));
  assertEquals(notes, [
    'Used the weights under "net"',
    'Removed a prefix from names: "module._orig_mod.0.weight" is "0.weight"',
    'Ignored values that are not weights: "n_averaged" (a tensor without floats)',
  ]);
});

Deno.test("readCheckpoint() refuses a key that is not one of a dict of tensors", () => {
  assertEquals(readCheckpoint(fixture("wrapped"), { source: "x", key: "net" }).size, 6);
  const { message } = assertThrows(() => readCheckpoint(fixture("wrapped"), { source: "x", key: "epoch" }), RanetError);
  assertStringIncludes(
    message,
    'it has 1 under "epoch", where a dict of tensors is expected; there are tensors under "net"',
  );
});

const SAVED = new Map([["0.weight", [0.25, 0.25]], ["1.weight", [0.5, 0.5, 0.5, 0.5]], ["1.bias", [0.75, 0.75]]]);
const EXPECTED = new Set(SAVED.keys());

Deno.test("readCheckpoint() reads a checkpoint with a loss, and a tuple of dicts, by PyTorch 1.13.1", () => {
  for (const [name, key] of [["beside-loss", "model_state_dict"], ["beside-in-tuple", "0"]] as const) {
    for (const expected of [EXPECTED, undefined]) {
      const notes: string[] = [];
      const read = readCheckpoint(fixture(name), { source: name, expected, onNote: (note) => notes.push(note) });
      assertEquals(new Map(Array.from(read, ([name, { data }]) => [name, [...data]])), SAVED);
      assertEquals(notes, [`Used the weights under "${key}"`]);
    }
  }
});

for (
  const [name, advice] of [
    ["pruned", 'its "0.weight_mask" belongs to a pruned layer. Before you save, call torch.nn.utils.prune.remove'],
    ["weight-norm", 'its "0.weight_g" belongs to a layer with weight_norm. Before you save, call'],
    ["spectral-norm", 'its "0.weight_u" belongs to a layer with spectral_norm. Before you save, call'],
    ["parametrized", 'its "0.parametrizations.weight.original" belongs to a parametrized layer. Before you save, call'],
    [
      "quantized",
      'its "1.zero_point" belongs to a layer that was quantized in PyTorch. Save the network before quantization',
    ],
    ["script", "It is TorchScript: torch.save({"],
  ]
) {
  Deno.test(`readCheckpoint() explains how to convert ${name}, by PyTorch 1.13.1`, () => {
    const { message, code } = assertThrows(
      () => readCheckpoint(fixture(`layer-${name}`), { source: name, expected: EXPECTED }),
      RanetError,
    );
    assertStringIncludes(message, advice);
    assertEquals(code, "unsupported");
  });
}

Deno.test("findStateDict() notes other weights beside those of the whole file, such as averaged ones", () => {
  const storage = new TorchStorage("0", { float: "F32", itemBytes: 4 }, 1);
  const tensor = new TorchTensor({ storage, offset: 0, shape: [1], stride: [1], length: 1 });
  const weights = [...EXPECTED].map((name) => [name, tensor] as const);
  const root = new Map<string, unknown>([...weights, ["ema", new Map(weights)]]);
  const notes: string[] = [];
  const found = findStateDict(root, { expected: EXPECTED, onNote: (note) => notes.push(note) });
  assertEquals([found === root, notes], [true, ['Used the file\'s own weights; there are others under "ema"']]);
});
