#!/usr/bin/env bash
# With SPARSE_OK=TRUE, GDAL 3.6.2 omits empty tiles from a TIFF: their offset and length are 0. Pillow 9.4.0 silently shows the
# beginning of the file, its header, as the pixels of every such tile, and refuses compressed ones ("-2"). OpenCV 4.6.0 and npm sharp
# 0.35.5 refuse both; npm geotiff 3.0.5 reads both like GDAL.
# Debian 12: gdal-bin, python3-pil, python3-numpy, python3-opencv; npm.
set -euo pipefail
python=/usr/bin/python3
for tool in gdalwarp npm node; do command -v "$tool" >/dev/null || { echo "needs $tool" >&2; exit 2; }; done
"$python" -c "import PIL, numpy, cv2" 2>/dev/null || { echo "needs python3-pil python3-numpy python3-opencv" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --no-save geotiff@3.0.5 sharp@0.35.5 || exit 2
"$python" -c '
import numpy
from PIL import Image
Image.fromarray(numpy.full((16, 16, 3), 90, "uint8")).save("corner.png")'
gdal_translate -q -a_ullr 0 0 16 -16 corner.png corner.tif
for compress in NONE LZW; do # one tile of 16 × 16 pixels, and eight of nothing
  gdalwarp -q -te 0 -48 48 0 -tr 1 1 -co SPARSE_OK=TRUE -co TILED=YES -co BLOCKXSIZE=16 -co BLOCKYSIZE=16 \
    -co COMPRESS=$compress corner.tif $compress.tif
done
cat >read.mjs <<'NODE'
import { readFile } from "node:fs/promises";
import { fromArrayBuffer } from "geotiff";
import sharp from "sharp";
for (const name of ["NONE", "LZW"]) {
  const file = await readFile(`${name}.tif`);
  const image = await (await fromArrayBuffer(new Uint8Array(file).buffer)).getImage();
  const { length, [0]: first, [length - 1]: last } = await image.readRasters({ interleave: true });
  const read = await sharp(file).raw().toBuffer().then(() => "read", () => "refused");
  console.log(`${name}: geotiff ${first} ${last}; sharp ${read}`);
}
NODE
node read.mjs 2>/dev/null | tee node.txt
gdalwarp --version
cat >show.py <<'PYTHON'
import sys
import cv2, numpy, PIL
from PIL import Image

print("Pillow", PIL.__version__, "OpenCV", cv2.__version__)
cv2.setLogLevel(0)
pixels = numpy.asarray(Image.open("NONE.tif"))
header = list(open("NONE.tif", "rb").read(6))
first, second = pixels[0, 16].tolist(), pixels[0, 17].tolist()
print("NONE: stored pixel", pixels[0, 0].tolist(), "first pixels of a tile that is not stored", first, second, "file", header)
try:
    Image.open("LZW.tif").load()
    refused = False
except OSError as error:
    refused = True
    print("LZW: Pillow", repr(error))
others = [cv2.imread(name) is None for name in ("NONE.tif", "LZW.tif")]
print("OpenCV refuses", others)
node = open("node.txt").read()
expected = "NONE: geotiff 90 0; sharp refused\nLZW: geotiff 90 0; sharp refused\n"
sys.exit(0 if first + second == header and refused and all(others) and node == expected else 1)
PYTHON
"$python" show.py 2>/dev/null
