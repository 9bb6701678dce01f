#!/usr/bin/env bash
# torchvision 0.14.1 (ImageFolder) and keras-preprocessing 1.1.0 (flow_from_directory) read different images from the same folder:
# torchvision follows links to folders and reads .webp; Keras silently does neither. Both silently ignore .gif, .avif and .jfif if the
# class has another image.
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

os.makedirs("photos/cat"); os.makedirs("more")
image = Image.new("RGB", (8, 8))
image.save("photos/cat/a.png"); image.save("photos/cat/b.webp"); image.save("photos/cat/c.gif")
image.save("photos/cat/d.jfif", format="JPEG"); image.save("more/e.png")
os.symlink("../../more", "photos/cat/linked")

print("torchvision", torchvision.__version__, "keras-preprocessing", keras_preprocessing.__version__)
torch = sorted(os.path.relpath(path, "photos") for path, _ in torchvision.datasets.ImageFolder("photos").samples)
keras = sorted(ImageDataGenerator().flow_from_directory("photos", target_size=(8, 8)).filenames)
print("torchvision reads", torch)
print("keras reads      ", keras)
sys.exit(0 if torch == ["cat/a.png", "cat/b.webp", "cat/linked/e.png"] and keras == ["cat/a.png"] else 1)
EOF
"$python" show.py
