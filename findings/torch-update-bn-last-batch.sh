#!/usr/bin/env bash
# PyTorch 1.13.1: torch.optim.swa_utils.update_bn gives every batch the same weight, whatever its size. One image that remains for the
# last batch counts as much as the 32 images of each other batch. `drop_last=True` of the DataLoader avoids this.
# Debian 12: python3-torch.
set -euo pipefail
python=/usr/bin/python3
"$python" -c "import torch" 2>/dev/null || { echo "needs python3-torch" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >show.py <<'EOF'
import sys
import torch
from torch.optim.swa_utils import update_bn
from torch.utils.data import DataLoader

# 65 images of 4 × 4 pixels: 64 are black, the last one is white.
images = torch.zeros(65, 1, 4, 4)
images[64] = 1

def mean(drop_last):
    model = torch.nn.Sequential(torch.nn.BatchNorm2d(1))
    update_bn(DataLoader(images, batch_size=32, drop_last=drop_last), model)
    return round(model[0].running_mean.item(), 4)

print("PyTorch", torch.__version__)
whole, dropped = mean(False), mean(True)
print("mean of all pixels:              ", round(images.mean().item(), 4))
print("running_mean after update_bn:    ", whole)
print("running_mean with drop_last=True:", dropped)
sys.exit(0 if whole == 0.3333 and dropped == 0 else 1)
EOF
"$python" show.py
