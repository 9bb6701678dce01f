#!/usr/bin/env bash
# torchvision 0.14.1 (with Pillow 9.4.0): two operations of TrivialAugmentWide do not do what their strength says. Solarize at its lowest
# strength, threshold 255, turns white black. Equalize does not change images of up to 255 pixels, whatever their contrast.
# Debian 12: python3-torchvision, python3-pil.
set -euo pipefail
python=/usr/bin/python3
"$python" -c "import torchvision, PIL" 2>/dev/null || { echo "needs python3-torchvision python3-pil" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >show.py <<'EOF'
import sys, warnings
warnings.filterwarnings("ignore")
import PIL, torchvision
from PIL import Image
from torchvision.transforms import TrivialAugmentWide, functional

print("torchvision", torchvision.__version__, "Pillow", PIL.__version__)
thresholds, _ = TrivialAugmentWide()._augmentation_space(31)["Solarize"]
weakest = float(thresholds[0])
white, near = (functional.solarize(Image.new("L", (1, 1), grey), weakest).getpixel((0, 0)) for grey in (255, 254))
print(f"Solarize at its weakest, threshold {weakest:.0f}: 255 becomes {white}, 254 becomes {near}")

def equalized(side):
    greys = Image.frombytes("L", (side, side), bytes(100 + i % 11 for i in range(side * side)))
    return functional.equalize(greys).getextrema()

for side in (15, 17):
    print(f"Equalize of {side} x {side} pixels, greys 100 to 110: {equalized(side)}")
sys.exit(0 if (white, near) == (0, 254) and equalized(15) == (100, 110) and equalized(17) == (0, 255) else 1)
EOF
"$python" show.py
