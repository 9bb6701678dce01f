#!/usr/bin/env bash
# PyTorch 1.13.1: with the legacy container, `torch.save` of an object that contains a module (such as a loss) also writes the complete
# source code of the module's class, and the path of its source file, into the checkpoint. The zip container does not.
# Debian 12: python3-torch.
set -euo pipefail
/usr/bin/python3 -c "import torch" 2>/dev/null || { echo "needs python3-torch" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >own_loss.py <<'PYTHON'
import torch


class OwnLoss(torch.nn.Module):
    def forward(self, logits, labels):
        # a remark that nobody meant to publish
        return torch.nn.functional.cross_entropy(logits, labels)
PYTHON
/usr/bin/python3 - <<'PYTHON'
import sys

sys.path.insert(0, ".")
import torch
from own_loss import OwnLoss

print("torch", torch.__version__)
found = {}
for name, zipped in [("zip", True), ("legacy", False)]:
    checkpoint = {"state_dict": torch.nn.Linear(2, 1).state_dict(), "criterion": OwnLoss()}
    torch.save(checkpoint, name, _use_new_zipfile_serialization=zipped)
    data = open(name, "rb").read()
    found[name] = (b"a remark that nobody meant to publish" in data, b"own_loss.py" in data)
    print(f"{name}: source of the class {found[name][0]}, path of its file {found[name][1]}")
sys.exit(0 if found == {"zip": (False, False), "legacy": (True, True)} else 1)
PYTHON
