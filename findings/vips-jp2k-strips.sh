#!/usr/bin/env bash
# libvips 8.14.1: `vips tiffsave --compression jp2k` in strips, which are the default, or in tiles of 32 pixels exits with 0 and
# leaves a TIFF without pixels, which vips itself cannot read. In tiles of 128 pixels, the file is right. libvips 8.18.7 (npm
# sharp 0.35.5) refuses to write strips: "scanline encoding is not implemented".
# Debian 12: libvips-tools, libtiff-tools; npm.
set -euo pipefail
for tool in vips tiffdump npm node; do command -v "$tool" >/dev/null || { echo "needs $tool" >&2; exit 2; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --no-save sharp@0.35.5 || exit 2
vips --version
vips gaussnoise noise.v 128 128 --mean 100
vips cast noise.v grey.png uchar
save() { # FILE OPTION…
  local status=0
  vips tiffsave grey.png "$1" --compression jp2k "${@:2}" 2>"$1.log" || status=$?
  local bytes
  bytes=$(tiffdump "$1" | sed -nE 's/^(Strip|Tile)ByteCounts.*<([0-9]+).*/\2/p')
  local copied=0
  vips copy "$1" copy.png 2>/dev/null || copied=$?
  echo "$1: tiffsave exits with $status, the first part has ${bytes:-no} bytes, vips copy exits with $copied"
}
save strips.tif | tee strips.txt
save small-tiles.tif --tile --tile-width 32 --tile-height 32 | tee small-tiles.txt
save tiles.tif --tile --tile-width 128 --tile-height 128 | tee tiles.txt
node -e 'require("sharp")("grey.png").tiff({ compression: "jp2k" }).toBuffer().then(() => "written", (error) => error.message.split("\n")[0])
  .then((found) => console.log("sharp", require("sharp").versions.vips, found))' | tee sharp.txt
grep -q "exits with 0, the first part has 0 bytes, vips copy exits with 1" strips.txt &&
  grep -qE "exits with 0, the first part has (no|0) bytes, vips copy exits with 1" small-tiles.txt &&
  grep -qE "exits with 0, the first part has [1-9][0-9]+ bytes, vips copy exits with 0" tiles.txt &&
  grep -q "scanline encoding is not implemented" sharp.txt
