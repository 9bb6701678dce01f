#!/usr/bin/env bash
# OpenCV 5.0.0 (also 4.6.0 and 4.14.0) and libvips 8.14.1 ignore the largest sample that a PGM or PPM file names, and return samples
# as they are stored. White of a file with 10 bits a sample (1023) becomes 3 of 255 in OpenCV. ImageMagick and netpbm's tools
# scale samples to the range, as the format's specification says.
# Debian 12: python3-pip, python3-numpy, libvips-tools, netpbm; PyPI: opencv-python-headless.
set -euo pipefail
for tool in vips pnmdepth; do command -v "$tool" >/dev/null || { echo "needs $tool" >&2; exit 2; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
/usr/bin/python3 -m pip install --quiet --root-user-action=ignore --target packages opencv-python-headless==5.0.0.93 || exit 2
cat >show.py <<'PYTHON'
import struct, subprocess, sys
import cv2

print("OpenCV", cv2.__version__)
print(subprocess.run(["vips", "--version"], capture_output=True, text=True).stdout.strip())
answers = []
for most in (200, 1023):
    samples = [0, most // 2, most]
    with open("grey.pgm", "wb") as file:
        file.write(b"P5\n3 1\n%d\n" % most + struct.pack(">3H" if most > 255 else ">3B", *samples))
    # netpbm's answer, as a file whose largest sample is 255
    scaled = subprocess.run(["pnmdepth", "255", "grey.pgm"], capture_output=True, check=True).stdout[-3:]
    subprocess.run(["vips", "copy", "grey.pgm", "vips.png"], check=True)
    opencv = cv2.imread("grey.pgm")[0, :, 0].tolist()
    vips = cv2.imread("vips.png", cv2.IMREAD_UNCHANGED)[0].tolist()
    print(f"samples up to {most}: {samples}; pnmdepth 255: {list(scaled)}; OpenCV: {opencv}; libvips: {vips}")
    answers.append((list(scaled), opencv, vips))
sys.exit(0 if answers == [
    ([0, 128, 255], [0, 100, 200], [0, 100, 200]),
    ([0, 127, 255], [0, 1, 3], [0, 511, 1023]),
] else 1)
PYTHON
PYTHONPATH=packages /usr/bin/python3 show.py
