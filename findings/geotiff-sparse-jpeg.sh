#!/usr/bin/env bash
# npm geotiff 3.0.5: in a TIFF of JPEG tiles in YCbCr, tiles that GDAL left out because they are empty (SPARSE_OK=TRUE) become green
# by readRGB(): their zeros are taken for YCbCr. GDAL 3.6.2 gives black there, as in the same file with all tiles stored.
# Debian 12: gdal-bin, python3-pil, python3-numpy; npm.
set -euo pipefail
python=/usr/bin/python3
for tool in gdalwarp npm node; do command -v "$tool" >/dev/null || { echo "needs $tool" >&2; exit 2; }; done
"$python" -c "import PIL, numpy" 2>/dev/null || { echo "needs python3-pil python3-numpy" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --no-save geotiff@3.0.5 || exit 2
"$python" -c '
import numpy
from PIL import Image
Image.fromarray(numpy.full((16, 16, 3), 90, "uint8")).save("corner.png")'
gdal_translate -q -a_ullr 0 0 16 -16 corner.png corner.tif
for sparse in TRUE FALSE; do # one grey tile of 16 × 16 pixels, and eight of nothing
  gdalwarp -q -te 0 -48 48 0 -tr 1 1 -co SPARSE_OK=$sparse -co TILED=YES -co BLOCKXSIZE=16 -co BLOCKYSIZE=16 \
    -co COMPRESS=JPEG -co PHOTOMETRIC=YCBCR corner.tif sparse-$sparse.tif
  gdal_translate -q -of PNG sparse-$sparse.tif sparse-$sparse.png
  "$python" -c '
import sys
from PIL import Image
print(sys.argv[1], "GDAL:", *Image.open(sys.argv[1] + ".png").getpixel((47, 47)))' sparse-$sparse
done | tee gdal.txt
cat >read.mjs <<'NODE'
import { readFile } from "node:fs/promises";
import { fromArrayBuffer } from "geotiff";
for (const name of ["sparse-TRUE", "sparse-FALSE"]) {
  const image = await (await fromArrayBuffer(new Uint8Array(await readFile(`${name}.tif`)).buffer)).getImage();
  console.log(name, "geotiff:", ...(await image.readRGB({ interleave: true })).slice(-3));
}
NODE
gdalwarp --version
node read.mjs | tee geotiff.txt
printf 'sparse-%s GDAL: 0 0 0\n' TRUE FALSE | cmp -s - gdal.txt &&
  printf 'sparse-%s geotiff: %s\n' TRUE "0 135 0" FALSE "0 0 0" | cmp -s - geotiff.txt
