#!/usr/bin/env bash
# libtiff 4.5.0: floating-point numbers that are stored big-endian with predictor 3 come back as other numbers, without an error, by
# tiffcp and by GDAL 3.6.2 (ENDIANNESS=BIG, PREDICTOR=3) alike. The writer puts the lowest byte of each number first; the predictor has
# the highest first in either byte order (Adobe Photoshop TIFF Technical Note 3), and so the reader takes it. Little-endian is right.
# Debian 12: libtiff-tools, gdal-bin, python3-numpy.
set -euo pipefail
python=/usr/bin/python3
for tool in tiffcp raw2tiff gdal_translate; do command -v "$tool" >/dev/null || { echo "needs $tool" >&2; exit 2; }; done
"$python" -c "import numpy" 2>/dev/null || { echo "needs python3-numpy" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$python" -c '
import numpy
numpy.random.default_rng(1).normal(size=(8, 16)).astype("<f4").tofile("numbers.raw")'
raw2tiff -w 16 -l 8 -d float numbers.raw plain.tif
tiffcp -L -c zip:3 plain.tif tiffcp-little.tif
tiffcp -B -c zip:1 plain.tif tiffcp-big-without-predictor.tif
tiffcp -B -c zip:3 plain.tif tiffcp-big.tif
for order in LITTLE BIG; do
  gdal_translate -q -co ENDIANNESS=$order -co COMPRESS=DEFLATE -co PREDICTOR=3 plain.tif "gdal-${order,,}.tif" 2>/dev/null
done
tiffcp -h 2>&1 | sed -n 1p
gdalinfo --version
for file in tiffcp-little tiffcp-big-without-predictor tiffcp-big gdal-little gdal-big; do
  tiffcp -L -c none $file.tif back.tif
  gdal_translate -q -of ENVI -co SUFFIX=ADD back.tif back.envi 2>/dev/null
  "$python" -c '
import sys, numpy
numbers, back = numpy.fromfile("numbers.raw", "<f4"), numpy.fromfile("back.envi", "<f4")
print(sys.argv[1], "same numbers" if (numbers == back).all() else f"other numbers: {back[0]} for {numbers[0]}")' $file
done | tee found.txt
[ "$(grep -c "same numbers$" found.txt)" = 3 ] && grep -q "^tiffcp-big other numbers" found.txt && grep -q "^gdal-big other numbers" found.txt
