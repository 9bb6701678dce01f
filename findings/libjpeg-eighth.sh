#!/usr/bin/env bash
# libjpeg-turbo 2.1.5 (Debian 12; used by Pillow's `draft` and djpeg): a JPEG that is decoded at 1/8 of its size is brighter on average
# than at full size, at 1/2 or at 1/4, by up to 0.25 of 255. At 1/8, each pixel comes from one coarsely quantized value, and halves are
# always rounded up. Means and standard deviations that are computed from such thumbnails are shifted.
# Debian 12: python3-pil, python3-numpy.
set -euo pipefail
/usr/bin/python3 -c 'import PIL, numpy' 2>/dev/null || { echo "needs python3-pil and python3-numpy" >&2; exit 2; }
/usr/bin/python3 - <<'EOF'
import io
import sys

import numpy as np
import PIL
from PIL import Image, features

rng = np.random.default_rng(1)
size = 2048
smooth = Image.fromarray(rng.integers(60, 190, (64, 64), dtype=np.uint8)).resize((size, size), Image.BICUBIC)
noisy = np.clip(np.asarray(smooth) + rng.normal(0, 9, (size, size)), 0, 255).astype(np.uint8)
file = io.BytesIO()
Image.fromarray(noisy).save(file, "jpeg", quality=88)


def mean(part):
    file.seek(0)
    image = Image.open(file)
    image.draft("L", (size // part, size // part))
    assert image.size == (size // part, size // part)
    return np.asarray(image).mean()


whole = mean(1)
shifts = {part: mean(part) - whole for part in (2, 4, 8)}
print(f"Pillow {PIL.__version__}, libjpeg-turbo {features.version_feature('libjpeg_turbo')}")
print("mean minus the mean at full size, of 255:", ", ".join(f"1/{part} {shift:+.3f}" for part, shift in shifts.items()))
sys.exit(0 if shifts[8] > 0.15 and abs(shifts[2]) < 0.03 and abs(shifts[4]) < 0.03 else 1)
EOF
