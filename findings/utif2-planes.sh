#!/usr/bin/env bash
# npm utif2 4.1.0 reads wrong pixels, without an error, from RGB TIFFs with PlanarConfiguration 2 or FillOrder 2, and from 4-bit grey
# ones; tiles, LZW and predictor 2 are read correctly. libtiff reads all of these files correctly.
# Debian 12: imagemagick, libtiff-tools.
set -euo pipefail
for tool in convert tiffcp npm node; do command -v "$tool" >/dev/null || { echo "needs $tool" >&2; exit 2; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund utif2@4.1.0 || exit 2
convert -size 32x32 gradient:red-blue -depth 8 -type TrueColor -compress none plain.tif
tiffcp -c lzw:2 -t -w 16 -l 16 plain.tif tiles.tif
tiffcp -c none -p separate plain.tif planes.tif
tiffcp -c none -f lsb2msb plain.tif reversed.tif
# 16 grey levels, which 4 bits can represent exactly.
convert -size 1x16 gradient: -depth 4 -scale 16x16! -depth 8 -type Grayscale -compress none grey8.tif
convert grey8.tif -depth 4 -compress none grey4.tif
cat >read.cjs <<'EOF'
const { readFileSync } = require("node:fs");
const UTIF = require("utif2");
const read = (name) => {
  const bytes = readFileSync(name);
  const [ifd] = UTIF.decode(bytes);
  UTIF.decodeImage(bytes, ifd);
  return UTIF.toRGBA8(ifd);
};
const wrong = (name, right) => {
  const [pixels, expected] = [read(name), read(right)];
  const count = expected.filter((sample, i) => sample !== pixels[i]).length;
  console.log(`${name}: ${count} of ${expected.length} samples differ from ${right}`);
  return count > 0;
};
const found = [wrong("tiles.tif", "plain.tif"), wrong("planes.tif", "plain.tif"), wrong("reversed.tif", "plain.tif"), wrong("grey4.tif", "grey8.tif")];
process.exit(found.join() === "false,true,true,true" ? 0 : 1);
EOF
echo "utif2 $(node -p 'require("./node_modules/utif2/package.json").version')"
node read.cjs
