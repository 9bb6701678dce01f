import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { zipSync } from "fflate";
import { RanetError } from "../../lib/errors.ts";
import { pickWeights } from "../../lib/weights/names.ts";
import { readWeights } from "../../lib/weights/read.ts";
import { writeSafetensors } from "../../lib/weights/safetensors.ts";

const NAMES = ["first.conv.weight", "classifier.0.linear.bias"];
const floats = () => "floats" as const;
const pick = (
  names: readonly string[],
  expected?: readonly string[],
) => [...pickWeights(names.map((name) => [name, 1]), floats, { expected: expected && new Set(expected) }).keys()];

Deno.test("pickWeights() removes wrappers' prefixes, with and without the network's names", () => {
  const wrapper = fc.constantFrom("module.", "_orig_mod.", "model.");
  fc.assert(fc.property(fc.array(wrapper, { maxLength: 5 }), (wrappers) => {
    const named = NAMES.map((name) => wrappers.join("") + name);
    assertEquals(pick(named), NAMES);
    assertEquals(pick(named, NAMES), NAMES);
  }));
  assertEquals(pick(["first._orig_mod.conv.weight", NAMES[1]], NAMES), NAMES);
});

Deno.test("pickWeights() removes wrappers of single layers, and DataParallel's within a name only if the rest fits", () => {
  const inner = fc.constantFrom("_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.");
  fc.assert(fc.property(fc.array(inner, { maxLength: 3 }), fc.array(inner, { maxLength: 3 }), (outer, within) => {
    const named = NAMES.map((name) => outer.join("") + name.replace(".", `.${within.join("")}`));
    assertEquals(pick(named), NAMES);
    assertEquals(pick(named, NAMES), NAMES);
    assertEquals(pick(named.map((name) => `module.${name}`), NAMES), NAMES);
  }));
  const parallel = NAMES.map((name) => name.replace(".", ".module."));
  assertEquals(pick(parallel, NAMES), NAMES);
  assertEquals(pick(parallel), parallel);
});

Deno.test("pickWeights() refuses an IMTA network, although it contains the network that it was made from", () => {
  const names = [
    ...NAMES.map((name) => `module.net.${name}`),
    "module.classifier.0.weight",
    "module.isc_modules.0.0.weight",
  ];
  const { message } = assertThrows(() => pick(names, NAMES), RanetError);
  assertStringIncludes(message, "belongs to an IMTA network, whose exits also read the results of earlier exits");
});

Deno.test("pickWeights() removes a common prefix only if the rest fits", () => {
  const word = fc.stringMatching(/^[a-z_0-9]{1,8}$/).filter((word) => !["module", "model", "_orig_mod"].includes(word));
  fc.assert(fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
    const named = NAMES.map((name) => [...words, name].join("."));
    assertEquals(pick(named, NAMES), NAMES);
    assertEquals(pick([...named, "other.weight"]), [...named, "other.weight"]);
  }));
  assertEquals(pick(["net.a", "net.b"], ["a", "c"]), ["net.a", "net.b"]);
  // The network's own names are unchanged, whatever they look like.
  assertEquals(pick(["module.a", "model.b"], ["module.a", "model.b"]), ["module.a", "model.b"]);
});

Deno.test("pickWeights() leaves out tensors outside the network's prefix, such as a loss's, with a note", () => {
  const notes: string[] = [];
  const onNote = (note: string) => void notes.push(note);
  for (const prefix of ["model.", "net.", "module._orig_mod.", "1."]) {
    const names = ["criterion.weight", ...NAMES.map((name) => prefix + name), "ema.first.conv.weight"];
    const values = names.map((name) => [name, name] as const);
    const picked = pickWeights(values, floats, { expected: new Set(NAMES), onNote });
    assertEquals([...picked], NAMES.map((name) => [name, prefix + name]));
    assertStringIncludes(notes.pop()!, `"criterion.weight" (not a parameter of the network), "ema.first.conv.weight"`);
    notes.pop();
  }
  // Missing and unexpected tensors within the prefix are left to the check of shapes.
  const within = ["model.x", ...NAMES.map((name) => `model.${name}`)];
  assertEquals(pick(within, NAMES), ["x", ...NAMES]);
  const twice = (a: string, b: string) => [...NAMES.map((name) => a + name), ...NAMES.map((name) => b + name)];
  assertEquals(pick(twice("ema.", "model."), NAMES), NAMES);
  const { message } = assertThrows(() => pick(twice("teacher.", "student."), NAMES), RanetError);
  assertStringIncludes(message, 'it has the network\'s weights under several prefixes: "teacher.", "student."');
  // A network that contains its teacher, or a copy with averaged weights.
  for (const other of ["teacher.", "ema.module."]) {
    for (const names of [twice("", other), twice(other, "")]) {
      const { message } = assertThrows(() => pick(names, NAMES), RanetError);
      assertStringIncludes(message, `under several prefixes: none, "${other}". Save only one of them`);
    }
  }
});

Deno.test("pickWeights() leaves out counters, and other integers unless they are needed", () => {
  const notes: string[] = [];
  const values = {
    "a.weight": "floats",
    "a.num_batches_tracked": "floats",
    "total_ops": "floats",
    "a.total_params": "I64",
    "steps": "I32",
  };
  const kindOf = (value: string) => value === "floats" ? value : { found: `of type ${value}` };
  const options = { onNote: (note: string) => notes.push(note) };
  assertEquals([...pickWeights(Object.entries(values), kindOf, options).keys()], ["a.weight"]);
  assertEquals(notes, ['Ignored values that are not weights: "steps" (of type I32)']);
  const { message } = assertThrows(
    () => pickWeights(Object.entries(values), kindOf, { expected: new Set(["a.weight", "steps"]) }),
    RanetError,
  );
  assertEquals(message, 'its "steps" is of type I32, where floats are expected');
});

/** A safetensors file as other tools write it, with any types and names. */
function safetensors(tensors: Record<string, { dtype: string; shape: number[]; data: ArrayBufferView<ArrayBuffer> }>) {
  let end = 0;
  const header = Object.entries(tensors).map(([name, { dtype, shape, data }]) => [
    name,
    { dtype, shape, data_offsets: [end, end += data.byteLength] },
  ]);
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const bytes = new Uint8Array(8 + json.length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  let at = 8 + json.length;
  for (const { data } of Object.values(tensors)) {
    bytes.set(new Uint8Array(data.buffer), at);
    at += data.byteLength;
  }
  return bytes;
}

Deno.test("names in safetensors files are handled like those in checkpoints", () => {
  const notes: string[] = [];
  const file = safetensors({
    "module.a.weight": { dtype: "F32", shape: [2], data: Float32Array.of(1, 2) },
    "module.a.num_batches_tracked": { dtype: "I64", shape: [], data: BigInt64Array.of(3n) },
    "module.mask": { dtype: "BOOL", shape: [3], data: Uint8Array.of(1, 0, 1) },
    "n_averaged": { dtype: "I32", shape: [1], data: Int32Array.of(3) },
    "module.big": { dtype: "F8_E4M3", shape: [1], data: Uint8Array.of(0) },
  });
  const read = (expected: readonly string[]) =>
    readWeights(file, { source: "x", expected: new Set(expected), onNote: (note) => notes.push(note) });
  assertEquals(read(["a.weight"]), new Map([["a.weight", { shape: [2], data: Float32Array.of(1, 2) }]]));
  assertEquals(notes, [
    'Removed a prefix from names: "module.a.weight" is "a.weight"',
    'Ignored values that are not weights: "module.mask" (of type BOOL), "n_averaged" (of type I32), "module.big" (of type F8_E4M3)',
  ]);
  const { message } = assertThrows(() => read(["a.weight", "big"]), RanetError);
  assertStringIncludes(
    message,
    'Cannot read x: its "module.big" is of type F8_E4M3, where floats are expected. Convert it',
  );
});

Deno.test("readWeights() recognises files by their bytes, and names unsupported formats", () => {
  const tensor = ["a", { shape: [1], data: Float32Array.of(1) }] as const;
  // Headers of these lengths begin like a pickle and like a zip archive.
  for (const length of [0x80, 0x4b50]) {
    const shortest = writeSafetensors([tensor], { metadata: { note: "" } }).length - 8 - 4;
    const file = writeSafetensors([tensor], { metadata: { note: "x".repeat(length - shortest) } });
    assertEquals(new DataView(file.buffer).getUint16(0, true), length);
    assertEquals(readWeights(file, { source: "x" }).size, 1);
  }
  const encode = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
  const words: readonly (readonly [bytes: Uint8Array, source: string, word: string])[] = [
    [encode("version https://git-lfs.github.com/spec/v1\n"), "x.pth", "git lfs pull"],
    [encode("<!doctype html>"), "x.pth", "the download may have failed"],
    [Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0), "x.pth.gz", "unpack it first"],
    [encode("\x89HDF\r\n\x1a\n"), "x.h5", "HDF5"],
    [encode("\x93NUMPY"), "x.npy", "NumPy"],
    [encode(`model.pth${"\0".repeat(248)}ustar`), "x.pth.tar", "it is a tar archive: unpack it first"],
    [
      zipSync({ "__MACOSX/x": encode(""), "run/best.pth": encode("x") }),
      "x.zip",
      'unpack it first, and use "run/best.pth"',
    ],
    // The names in files of torch.export.save, PyTorch 2.13 and 2.5.
    [
      zipSync({ "m/archive_format": encode("pt2"), "m/data/sample_inputs/model.pt": encode("x") }, { level: 0 }),
      "m.pt2",
      'torch.export.load("FILE").state_dict',
    ],
    [
      zipSync({ "serialized_exported_program.json": encode("{}"), "serialized_state_dict.pt": encode("x") }),
      "m.pt2",
      "it is a program of torch.export",
    ],
    [zipSync({ "weight.npy": encode("\x93NUMPY") }), "x.npz", "it is an archive of NumPy arrays (.npz)"],
    [Uint8Array.of(8, 7, 18, 5), "x.onnx", "ranet export onnx"],
  ];
  for (const [bytes, source, word] of words) {
    const { message } = assertThrows(() => readWeights(bytes, { source }), RanetError);
    assertStringIncludes(message, word);
  }
  const { message } = assertThrows(() => readWeights(encode("x"), { source: "x", key: "net" }), RanetError);
  assertStringIncludes(message, "only these have keys");
});
