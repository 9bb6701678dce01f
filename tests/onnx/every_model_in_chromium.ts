/**
 * Takes minutes, so it is not part of the suite: `.ci/run` runs it.
 *
 * @module
 */

import { createModel, loadModel } from "../../lib/model/model.ts";
import { BUNDLED_MODELS, BUNDLED_SPECS, readSpec } from "../../lib/model/read_spec.ts";
import { inputSize } from "../../lib/network/common.ts";
import { areaOf } from "../../lib/network/size.ts";
import { buildNetwork } from "../../lib/network/build.ts";
import { randomTensors } from "../fixtures.ts";
import { chromiumTest } from "../web/browser.ts";
import { checkInBrowser } from "./in_browser.ts";

chromiumTest("ONNX Runtime Web computes the logits of every exit of every small bundled model", async (t) => {
  const small = (await Promise.all(BUNDLED_SPECS.map((name) => readSpec(name)))).filter(({ input }) =>
    areaOf(inputSize(input)) <= 64 ** 2
  );
  await checkInBrowser(
    t,
    await Promise.all(
      small.map((spec) =>
        BUNDLED_MODELS.includes(spec.name)
          ? loadModel(spec.name)
          : createModel(spec, randomTensors(buildNetwork(spec)), { source: "random" })
      ),
    ),
  );
});
