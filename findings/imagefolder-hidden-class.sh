#!/usr/bin/env bash
# torchvision 0.14.1 (ImageFolder) and keras-preprocessing 1.1.0 (flow_from_directory) read a hidden folder that contains an image, such
# as Jupyter's .ipynb_checkpoints, as the first class. The indexes of all other classes increase by one.
# Debian 12: python3-torchvision, python3-keras-preprocessing, python3-pil.
set -euo pipefail
python=/usr/bin/python3
"$python" -c "import torchvision, keras_preprocessing, PIL" 2>/dev/null || { echo "needs python3-torchvision python3-keras-preprocessing python3-pil" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >show.py <<'EOF'
import os, sys, warnings
warnings.filterwarnings("ignore")
from PIL import Image
import keras_preprocessing, torchvision
from keras_preprocessing.image import ImageDataGenerator

def classes():
    keras = ImageDataGenerator().flow_from_directory("photos", target_size=(8, 8)).class_indices
    return torchvision.datasets.ImageFolder("photos").class_to_idx, dict(keras)

def save(folder):
    os.makedirs(folder)
    Image.new("RGB", (8, 8)).save(f"{folder}/1.png")

print("torchvision", torchvision.__version__, "keras-preprocessing", keras_preprocessing.__version__)
save("photos/cat"); save("photos/dog")
before = classes()
print("two folders:          ", *before)
save("photos/.ipynb_checkpoints")
after = classes()
print("and a hidden folder:  ", *after)
right = {"cat": 0, "dog": 1}
shifted = {".ipynb_checkpoints": 0, "cat": 1, "dog": 2}
sys.exit(0 if before == (right, right) and after == (shifted, shifted) else 1)
EOF
"$python" show.py
