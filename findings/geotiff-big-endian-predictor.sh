#!/usr/bin/env bash
# npm geotiff 3.0.5 reads wrong samples from a big-endian 16-bit TIFF with predictor 2; the little-endian copy is read correctly.
# By TIFF 6.0, section 14, differences are between samples, independent of byte order. libtiff reads both files correctly.
# Debian 12: imagemagick, libtiff-tools.
set -euo pipefail
for tool in convert tiffcp npm node; do command -v "$tool" >/dev/null || { echo "needs $tool" >&2; exit 2; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund geotiff@3.0.5 || exit 2
convert -seed 7 -size 16x16 plasma:red-blue -depth 16 -type TrueColor -compress none source.tif
tiffcp -L -c zip:2 source.tif little.tif
tiffcp -B -c zip:2 source.tif big.tif
cat >read.mjs <<'EOF'
import { readFileSync } from "node:fs";
import { fromArrayBuffer } from "geotiff";
const read = async (name) => {
  const bytes = readFileSync(name);
  const tiff = await fromArrayBuffer(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  return [...(await (await tiff.getImage()).readRasters({ interleave: true }))];
};
const [source, little, big] = [await read("source.tif"), await read("little.tif"), await read("big.tif")];
const wrong = (samples) => samples.filter((sample, i) => sample !== source[i]).length;
console.log(`samples that differ from the source's: little-endian ${wrong(little)}, big-endian ${wrong(big)} of ${source.length}`);
console.log(`pixel 2 of row 9: ${source.slice(435, 438)}, little-endian ${little.slice(435, 438)}, big-endian ${big.slice(435, 438)}`);
process.exit(wrong(little) === 0 && wrong(big) > 0 ? 0 : 1);
EOF
echo "geotiff $(node -p 'require("./node_modules/geotiff/package.json").version')"
node read.mjs
