#!/usr/bin/env bash
# OpenCV 4.13.0 (npm @opencvjs/node 4.13.0-release.1) reads an ONNX network of eight bits, but not a Clip of bytes in it, which ONNX
# has since opset 12: readNetFromONNX() takes the file, and forward() fails: "Assertion failed: src.type() == 5". Without the
# Clip the results are right. OpenCV 5.0.0 (npm @opencvjs/web 5.0.0-release.2) computes both.
# Debian 12: python3-onnx; npm.
set -euo pipefail
for tool in npm node; do command -v "$tool" >/dev/null || { echo "needs $tool" >&2; exit 2; }; done
/usr/bin/python3 -c "import onnx, numpy" 2>/dev/null || { echo "needs python3-onnx python3-numpy" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --no-save --ignore-scripts \
  @opencvjs/node@4.13.0-release.1 @opencvjs/web@5.0.0-release.2 || exit 2
/usr/bin/python3 - <<'PYTHON'
import numpy, onnx
from onnx import TensorProto, helper, numpy_helper

def constant(name, value, dtype):
    return numpy_helper.from_array(numpy.array(value, dtype), name)

for name, clip in [("clip", True), ("plain", False)]:
    last = "clipped" if clip else "rounded"
    nodes = [
        helper.make_node("QuantizeLinear", ["image", "one", "zero"], ["bytes"]),
        helper.make_node("DequantizeLinear", ["bytes", "one", "zero"], ["features"]),
        helper.make_node("DequantizeLinear", ["weights", "scale", "signed"], ["filter"]),
        helper.make_node("DequantizeLinear", ["sum", "scale"], ["bias"]),
        helper.make_node("Conv", ["features", "filter", "bias"], ["conv"], kernel_shape=[1, 1]),
        helper.make_node("QuantizeLinear", ["conv", "one", "zero"], ["rounded"]),
        *([helper.make_node("Clip", ["rounded", "", "high"], ["clipped"])] if clip else []),
        helper.make_node("DequantizeLinear", [last, "one", "zero"], ["result"]),
    ]
    values = [constant("one", 1, "f4"), constant("zero", 0, "u1"), constant("signed", 0, "i1"), constant("scale", 0.5, "f4"),
              constant("high", 100, "u1"), constant("weights", [[[[4]]]], "i1"), constant("sum", [0], "i4")]
    shape = [helper.make_tensor_value_info(each, TensorProto.FLOAT, [1, 1, 2, 2]) for each in ("image", "result")]
    graph = helper.make_graph(nodes, "network", shape[:1], shape[1:], values)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, f"{name}.onnx")
PYTHON
cat >run.mjs <<'NODE'
import { readFileSync } from "node:fs";
const { loadOpenCV } = await import(process.argv[2]);
const cv = await loadOpenCV();
console.log(cv.getBuildInformation().match(/OpenCV \S+/)[0]);
for (const name of ["plain", "clip"]) {
  cv.FS_createDataFile("/", `${name}.onnx`, new Uint8Array(readFileSync(`${name}.onnx`)), true, false, false);
  const net = cv.readNetFromONNX(`${name}.onnx`);
  const image = new cv.Mat(2, 2, cv.CV_32F);
  image.data32F.set([10, 20, 30, 40]); // twice as much each
  try {
    net.setInput(cv.blobFromImage(image, 1, { width: 2, height: 2 }, [0, 0, 0, 0], false, false, cv.CV_32F));
    console.log(name, [...net.forward("").data32F].join(" "));
  } catch (error) {
    const { msg = String(error) } = typeof error === "number" ? cv.exceptionFromPtr(error) : error;
    console.log(name, "fails:", msg.replace(/\s+/g, " ").replace(/^.*error: /, ""));
  }
}
NODE
node run.mjs @opencvjs/node 2>/dev/null | tee old.txt
node run.mjs @opencvjs/web 2>/dev/null | tee new.txt
right="20 40 60 80"
grep -qx "plain $right" old.txt && grep -q "^clip fails: .*src.type() == " old.txt &&
  grep -qx "plain $right" new.txt && grep -qx "clip $right" new.txt
