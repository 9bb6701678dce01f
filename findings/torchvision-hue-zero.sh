#!/usr/bin/env bash
# torchvision 0.14.1: adjust_hue by 0 changes a Pillow image, because it converts to 8-bit HSV and back: each channel by up to 6 of 255, and
# by 0.6 on average. A tensor changes by at most 1. Therefore ColorJitter(hue=…) on Pillow images loses colours even with tiny changes.
# Debian 12: python3-torchvision, python3-pil, python3-numpy.
set -euo pipefail
python=/usr/bin/python3
"$python" -c "import torchvision, PIL, numpy" 2>/dev/null || { echo "needs python3-torchvision python3-pil python3-numpy" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >show.py <<'EOF'
import sys, warnings
warnings.filterwarnings("ignore")
import numpy, PIL, torchvision
from PIL import Image
from torchvision.transforms import functional

print("torchvision", torchvision.__version__, "Pillow", PIL.__version__)
pixels = numpy.random.RandomState(0).randint(0, 256, (64, 64, 3), dtype=numpy.uint8)
image = Image.fromarray(pixels)
found = {
    "Pillow image": numpy.asarray(functional.adjust_hue(image, 0.0)),
    "tensor": functional.adjust_hue(functional.pil_to_tensor(image), 0.0).permute(1, 2, 0).numpy(),
}
most = {}
for kind, result in found.items():
    difference = abs(result.astype(int) - pixels)
    most[kind] = difference.max()
    print(f"adjust_hue(0) of a {kind}: {difference.max()} of 255 at most, {difference.mean():.2f} on average")
sys.exit(0 if most["Pillow image"] > 3 and most["tensor"] <= 1 else 1)
EOF
"$python" show.py
