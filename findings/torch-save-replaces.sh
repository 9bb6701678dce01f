#!/usr/bin/env bash
# PyTorch 1.13.1: if `torch.save` fails, it leaves an archive without data in place of the previous checkpoint. The state of a CyclicLR
# scheduler is enough to make it fail, because it contains a WeakMethod, which cannot be pickled. A script that saves each epoch under
# the same name then loses the previous epochs. (Workaround: write to another name, then rename.)
# Debian 12: python3-torch.
set -euo pipefail
/usr/bin/python3 -c "import torch" 2>/dev/null || { echo "needs python3-torch" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
/usr/bin/python3 - <<'PYTHON'
import os
import sys
import zipfile

import torch

print("torch", torch.__version__)
network = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
checkpoint = {"state_dict": network.state_dict(), "optimizer": optimizer.state_dict()}
torch.save(checkpoint, "checkpoint.pth.tar")
before = os.path.getsize("checkpoint.pth.tar")
scheduler = torch.optim.lr_scheduler.CyclicLR(optimizer, base_lr=0.1, max_lr=0.2)
try:
    torch.save({**checkpoint, "scheduler": scheduler.state_dict()}, "checkpoint.pth.tar")
    print("torch.save succeeds")
    sys.exit(1)
except TypeError as error:
    print("torch.save:", error)
names = zipfile.ZipFile("checkpoint.pth.tar").namelist()
print("bytes before", before, "after", os.path.getsize("checkpoint.pth.tar"), names)
sys.exit(1 if any(name.endswith("data.pkl") for name in names) else 0)
PYTHON
