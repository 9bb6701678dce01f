#!/usr/bin/env bash
# PyTorch 1.13.1: OneCycleLR also changes AdamW's beta1, to 0.95 at the first step and 0.85 at the highest rate, whatever `betas` is. With
# SGD, it changes momentum in the same way. `cycle_momentum=False` keeps the given value.
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

def betas(**options):
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.AdamW([weight], lr=1e-3, betas=(0.9, 0.999))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-2, total_steps=10, **options)
    seen = []
    for step in range(10):
        seen.append(round(optimizer.param_groups[0]["betas"][0], 3))
        optimizer.step()
        if step < 9: schedule.step()
    return seen

print("PyTorch", torch.__version__)
cycled, kept = betas(), betas(cycle_momentum=False)
print("AdamW(betas=(0.9, 0.999)), beta1 of each step:", *cycled)
print("with cycle_momentum=False:                    ", *kept)
sys.exit(0 if cycled[0] == 0.95 and min(cycled) == 0.85 and set(kept) == {0.9} else 1)
EOF
"$python" show.py
