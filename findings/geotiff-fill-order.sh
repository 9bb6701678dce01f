#!/usr/bin/env bash
# npm geotiff 3.0.5 ignores FillOrder 2 (lowest bit first) of an uncompressed TIFF: the bits of each sample are reversed, and there is
# no error. libtiff reads the same pixels with FillOrder 1 and 2.
# Debian 12: imagemagick, libtiff-tools.
set -euo pipefail
for tool in convert tiffcp npm node; do command -v "$tool" >/dev/null || { echo "needs $tool" >&2; exit 2; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund geotiff@3.0.5 || exit 2
convert -size 8x8 gradient:red-blue -depth 8 -type TrueColor -compress none plain.tif
tiffcp -c none -f lsb2msb plain.tif reversed.tif
cat >read.mjs <<'EOF'
import { readFileSync } from "node:fs";
import { fromArrayBuffer } from "geotiff";
const read = async (name) => {
  const bytes = readFileSync(name);
  const tiff = await fromArrayBuffer(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  return [...(await (await tiff.getImage()).readRGB({ interleave: true }))];
};
const [plain, reversed] = [await read("plain.tif"), await read("reversed.tif")];
const wrong = reversed.filter((sample, i) => sample !== plain[i]).length;
console.log(`${wrong} of ${plain.length} samples differ; first pixel of row 4: ${plain.slice(72, 75)}, with FillOrder 2 ${reversed.slice(72, 75)}`);
process.exit(wrong > 0 ? 0 : 1);
EOF
echo "geotiff $(node -p 'require("./node_modules/geotiff/package.json").version')"
node read.mjs
