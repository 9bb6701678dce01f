#!/bin/sh
# Hugging Face datasets 5.0.1: if the name of one folder or file contains a word such as train, test, eval or dev,
# load_dataset("imagefolder") loads only this folder or file, and without labels. No warning is printed.
#
# Expected: class folders that are named after no split give all images, with the folders as labels.
# Seen: of two classes crash_test and crash_dummy, only crash_test is loaded, as the split "test"; of four photos in cat/ and
# dog/, only cat/test-2.png; with other names, all images and labels are loaded.
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
    for split, data in datasets.load_dataset("imagefolder", data_dir=name).items():
        label = data.features.get("label")
        print(f"{name}: {len(data)} of {len(files)} images, split {split}, labels {label and label.names}")

load("pets", ["cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png"])
load("crash", ["crash_test/1.png", "crash_test/2.png", "crash_dummy/1.png", "crash_dummy/2.png"])
load("photos", ["cat/1.png", "cat/test-2.png", "dog/1.png", "dog/2.png"])
EOF
env/bin/python run.py > seen 2> log || { cat log; exit 2; }
cat seen
cat > expected <<'EOF'
pets: 4 of 4 images, split train, labels ['cat', 'dog']
crash: 2 of 4 images, split test, labels None
photos: 1 of 4 images, split test, labels None
EOF
diff expected seen
