#!/usr/bin/env bash
# ONNX Runtime 1.30.0 (npm onnxruntime-node and onnxruntime-web): a linear Resize of uint8 or int8 truncates, so that results are up
# to one step too small (int8: towards zero). The same Resize in float32, followed by rounding, gives the nearest integer. Therefore a
# quantized model is exact only with DequantizeLinear, Resize, QuantizeLinear.
# Debian 12: python3-onnx (onnx 1.12).
set -euo pipefail
for tool in npm node; do command -v "$tool" >/dev/null || { echo "needs $tool" >&2; exit 2; }; done
/usr/bin/python3 -c 'import onnx' 2>/dev/null || { echo "needs python3-onnx" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts onnxruntime-node@1.30.0 onnxruntime-web@1.30.0 || exit 2
/usr/bin/python3 - <<'EOF'
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

for name, dtype in (("float32", TensorProto.FLOAT), ("uint8", TensorProto.UINT8), ("int8", TensorProto.INT8)):
    value = lambda which, width: helper.make_tensor_value_info(which, dtype, [1, 1, 1, width])
    node = helper.make_node("Resize", ["x", "", "scales"], ["y"], mode="linear",
                            coordinate_transformation_mode="align_corners")
    scales = numpy_helper.from_array(np.array([1, 1, 1, 3], np.float32), "scales")
    graph = helper.make_graph([node], "g", [value("x", 2)], [value("y", 6)], [scales])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, name + ".onnx")
EOF
cat >run.mjs <<'EOF'
import { readFileSync } from "node:fs";
import * as node from "onnxruntime-node";
import * as web from "onnxruntime-web";
web.env.wasm.numThreads = 1;
let isCut = true;
for (const [name, { InferenceSession, Tensor }] of Object.entries({ node, web })) {
  const resize = async (type, data) => {
    const session = await InferenceSession.create(new Uint8Array(readFileSync(`${type}.onnx`)));
    return [...(await session.run({ x: new Tensor(type, data, [1, 1, 1, 2]) })).y.data];
  };
  for (const [type, ends] of [["uint8", Uint8Array.of(0, 4)], ["int8", Int8Array.of(-4, 0)]]) {
    const exact = await resize("float32", Float32Array.from(ends));
    const found = await resize(type, ends);
    console.log(`onnxruntime-${name}, ${type}: ${found.join(" ")}; in float32 ${exact.map((x) => x.toFixed(1)).join(" ")}`);
    isCut &&= found.every((x, i) => x === Math.trunc(exact[i]) + 0);
  }
}
process.exit(isCut ? 0 : 1);
EOF
for name in node web; do echo "onnxruntime-$name $(node -p "require('./node_modules/onnxruntime-$name/package.json').version")"; done
node run.mjs
