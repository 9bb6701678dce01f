#!/usr/bin/env bash
# Pillow 9.4.0 opens a TIFF of six bands (photometric RGB and three unspecified extra samples, as in satellite images) as RGBX, and
# silently drops the fifth and sixth band. It refuses the same bands with photometric grey.
# Debian 12: python3-pil, python3-numpy.
set -euo pipefail
python=/usr/bin/python3
"$python" -c "import PIL, numpy" 2>/dev/null || { echo "needs python3-pil python3-numpy" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >show.py <<'PYTHON'
import struct, sys
import PIL, numpy
from PIL import Image

WIDTH, HEIGHT, BANDS = 4, 3, 6
# Band b of pixel p is 10 b + p. Bands are interleaved.
SAMPLES = bytes(10 * b + p for p in range(WIDTH * HEIGHT) for b in range(BANDS))

def tiff(photometric, colours):
    extra = BANDS - colours
    fields, blobs = {}, b""
    start = 8 + 2 + 12 * 12 + 4
    def shorts(values):
        nonlocal blobs
        at = start + len(blobs)
        blobs += struct.pack(f"<{len(values)}H", *values)
        return at
    fields = {256: (3, 1, WIDTH), 257: (3, 1, HEIGHT), 258: (3, BANDS, shorts([8] * BANDS)), 259: (3, 1, 1),
              262: (3, 1, photometric), 277: (3, 1, BANDS), 278: (3, 1, HEIGHT), 279: (4, 1, len(SAMPLES)),
              284: (3, 1, 1), 338: (3, extra, shorts([0] * extra)), 339: (3, BANDS, shorts([1] * BANDS))}
    fields[273] = (4, 1, start + len(blobs))
    body = b"".join(struct.pack("<HHII", tag, *fields[tag]) for tag in sorted(fields))
    return b"II*\0" + struct.pack("<IH", 8, len(fields)) + body + struct.pack("<I", 0) + blobs + SAMPLES

open("rgb.tif", "wb").write(tiff(2, 3))
open("grey.tif", "wb").write(tiff(1, 1))
print("Pillow", PIL.__version__)
image = Image.open("rgb.tif")
bands = numpy.asarray(image)
print("photometric RGB, SamplesPerPixel", image.tag_v2[277], "->", image.mode, bands.shape, "first pixel", bands[0, 0].tolist(),
      "of", list(SAMPLES[:BANDS]))
try:
    Image.open("grey.tif")
    refused = False
except PIL.UnidentifiedImageError as error:
    print("photometric grey ->", type(error).__name__)
    refused = True
sys.exit(0 if image.mode == "RGBX" and bands[0, 0].tolist() == [0, 10, 20, 30] and refused else 1)
PYTHON
"$python" show.py
