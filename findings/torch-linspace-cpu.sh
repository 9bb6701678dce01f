#!/usr/bin/env bash
# PyTorch 2.13.0: torch.linspace depends on the instructions of the CPU. The middle of linspace(0, 32, 31) is 16.0 without AVX2, and
# 15.999999 with it (with fused multiply-adds). torchvision 0.28.0 truncates this number: TrivialAugmentWide shifts an image by
# 16 pixels on one machine and by 15 on another, with the same seed. PyTorch 1.13.1 (Debian 12) gives 16.0 in both cases.
# Python 3.11 on x86-64 with AVX2. ATEN_CPU_CAPABILITY chooses the instructions.
set -euo pipefail
grep -q avx2 /proc/cpuinfo || { echo "needs a CPU with AVX2" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q --disable-pip-version-check torch==2.13.0 numpy==2.4.6 pillow==12.3.0 || exit 2
env/bin/pip install -q --disable-pip-version-check --no-deps torchvision==0.28.0 || exit 2
cat >show.py <<'EOF'
import torch
# The transforms need no compiled code; this lets builds of torch and torchvision for CPUs and GPUs be mixed.
torch.library.register_fake = lambda *names, **options: lambda function: function
from PIL import Image
from torchvision.transforms import InterpolationMode, TrivialAugmentWide
from torchvision.transforms.autoaugment import _apply_op

magnitude = float(TrivialAugmentWide()._augmentation_space(31)["TranslateX"][0][15])
image = Image.new("RGB", (40, 1), "white")
shifted = _apply_op(image, "TranslateX", magnitude, InterpolationMode.NEAREST, None)
black = sum(shifted.getpixel((x, 0)) == (0, 0, 0) for x in range(40))
print(torch.__version__.split("+")[0], "linspace(0, 32, 31)[15] =", float(torch.linspace(0, 32, 31)[15]), "shift:", black)
EOF
for capability in default avx2; do
  echo "$capability: $(ATEN_CPU_CAPABILITY=$capability env/bin/python show.py)" | tee -a seen
done
diff seen - <<'EOF'
default: 2.13.0 linspace(0, 32, 31)[15] = 16.0 shift: 16
avx2: 2.13.0 linspace(0, 32, 31)[15] = 15.999999046325684 shift: 15
EOF
