import { createModel } from "../../lib/model/model.ts";
import { buildNetwork } from "../../lib/network/build.ts";
import { parseSpec } from "../../lib/spec/parse.ts";
import { randomTensors } from "../fixtures.ts";
import { randomModel } from "../quantized/random_model.ts";
import { longChromiumTest } from "../web/browser.ts";
import { checkInBrowser } from "./in_browser.ts";

/** The first convolution of its head reads 15 channels, a multiple of 3, and writes 8. */
const THIRDS = `
name: thirds
input: { size: 12 }
classes: 3
base_features: [{ scale: 1, channels: 9 }]
subnetworks: [{ blocks: 1, growth: 6, bottleneck: 1 }]
layers: [1]
head: { channels: 8 }
`;

longChromiumTest(
  "ONNX Runtime Web computes the same convolutions of 3n channels, also with WebGPU and in 8 bits",
  async (t) => {
    const spec = parseSpec(THIRDS);
    const tensors = randomTensors(buildNetwork(spec));
    const inBytes = randomModel(parseSpec(THIRDS.replace("thirds", "thirds-int8")), { seed: 1 });
    await checkInBrowser(t, [createModel(spec, tensors, { source: "random" }), inBytes]);
  },
);
