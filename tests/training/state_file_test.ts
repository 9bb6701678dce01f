import { assertEquals } from "@std/assert";
import { startPosition } from "../../lib/training/records.ts";
import { formatState, parseState } from "../../lib/training/state_file.ts";
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
