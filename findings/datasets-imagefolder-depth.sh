#!/bin/sh
# Hugging Face datasets 5.0.1: load_dataset("imagefolder") takes the innermost folder of an image as its label, where torchvision's
# ImageFolder takes the outermost. If images are at different depths, no image has a label, and no warning is printed.
#
# Expected: classes cat and dog from cat/persian/, cat/siamese/ and dog/, as in torchvision.
# Seen: classes akita, persian and siamese if all images are equally deep; otherwise no label at all, as also with one image beside the
# class folders.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q --disable-pip-version-check datasets==5.0.1 pyarrow==25.0.1 pillow==12.3.0 numpy==2.4.6 || exit 2
export HF_HOME="$folder/home" HF_HUB_OFFLINE=1
cat > run.py <<'EOF'
import os
import datasets
from PIL import Image

datasets.disable_progress_bars()

def load(name, files):
    for file in files:
        os.makedirs(os.path.dirname(f"{name}/{file}"), exist_ok=True)
        Image.new("RGB", (2, 2)).save(f"{name}/{file}")
    data = datasets.load_dataset("imagefolder", data_dir=name, split="train")
    label = data.features.get("label")
    print(f"{name}: {len(data)} images, labels {label and label.names}")

load("flat", ["cat/1.png", "dog/1.png"])
load("nested", ["cat/persian/1.png", "cat/siamese/1.png", "dog/akita/1.png"])
load("uneven", ["cat/persian/1.png", "cat/siamese/1.png", "dog/1.png"])
load("cover", ["cat/1.png", "dog/1.png", "cover.png"])
EOF
env/bin/python run.py > seen 2> log || { cat log; exit 2; }
cat seen
cat > expected <<'EOF'
flat: 2 images, labels ['cat', 'dog']
nested: 3 images, labels ['akita', 'persian', 'siamese']
uneven: 3 images, labels None
cover: 3 images, labels None
EOF
diff expected seen
