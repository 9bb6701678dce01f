import { assertEquals, assertThrows } from "@std/assert";
import { RanetError } from "../../lib/errors.ts";
import { startPosition } from "../../lib/training/records.ts";
import { formatState, parseState } from "../../lib/training/state_file.ts";
import { layerParameters } from "../../lib/network/cost.ts";
import { readSafetensors } from "../../lib/weights/safetensors.ts";
import { randomTensors, tinyModel } from "../fixtures.ts";

Deno.test("parseState() reads what formatState() wrote, with the key names of the first version", () => {
  const { network } = tinyModel();
  const tensors = randomTensors(network);
  const numbers = network.exits.map((_, exit) => exit);
  const position = {
    ...startPosition(network.exits.length),
    step: 7,
    sums: { images: 5, losses: numbers, correct: numbers, seconds: 2 },
    epochs: [{
      ...{ epoch: 1, step: 6, learningRate: 0.25, seconds: 3, imagesPerSecond: 4 },
      training: { losses: numbers, top1: numbers },
      validation: undefined,
    }],
  };
  const file = formatState({ position, state: { tensors, momentum: new Map(), ema: tensors } });
  const { metadata, tensors: kept } = readSafetensors(file, { source: "state" });
  const { sums, epochs } = JSON.parse(metadata.position);
  assertEquals([sums.right, epochs[0].rate], [numbers, 0.25]);
  assertEquals(new Set(Array.from(kept.keys(), (name) => name.split("/")[0])), new Set(["tensors", "average"]));

  const { position: read, state } = parseState(file, network, "state");
  const [{ validation: _, ...epoch }] = position.epochs;
  assertEquals(read, { ...position, epochs: [epoch] });
  assertEquals(state, { tensors, momentum: new Map(), ema: tensors });
});

Deno.test("parseState() refuses numbers that are not finite in any part of a state, by the tensor's name", () => {
  const { network } = tinyModel();
  const learned = new Set(
    network.exits.flatMap(({ layers }) => layers.flatMap(layerParameters)).filter(({ learned }) => learned)
      .map(({ name }) => name),
  );
  const tensors = new Map(Array.from(randomTensors(network), ([name, { shape, data }]) => [name, {
    shape,
    data: data.map(Math.abs),
  }]));
  const moments = new Map([...tensors].filter(([name]) => learned.has(name)));
  const position = startPosition(network.exits.length);
  const file = formatState({ position, state: { tensors, momentum: moments, squares: moments, ema: tensors } });
  parseState(file, network, "state");
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
  for (const part of ["tensors", "momentum", "squares", "average"]) {
    const name = Object.keys(header).findLast((key) => key.startsWith(`${part}/`))!;
    for (const value of [NaN, Infinity]) {
      const spoiled = file.slice();
      new DataView(spoiled.buffer).setFloat32(8 + length + header[name].data_offsets[1] - 4, value, true);
      assertThrows(() => parseState(spoiled, network, "state"), RanetError, `"${name}" contains ${value}`);
    }
  }
  const below = new Map([...moments].map(([name, { shape, data }]) => [name, { shape, data: data.map((x) => -x) }]));
  const negative = formatState({ position, state: { tensors, momentum: moments, squares: below } });
  assertThrows(() => parseState(negative, network, "state"), RanetError, "are negative");
});
