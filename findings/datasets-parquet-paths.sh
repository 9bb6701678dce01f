#!/bin/sh
# Hugging Face datasets 5.0.1 (with pyarrow 25.0.1): to_parquet of a data set of image files, such as one from
# load_dataset("imagefolder"), stores the paths of the images and not the images, without a warning. The table is empty
# of pictures on another machine. embed_table_storage puts the files into it.
#
# Expected: a table that contains the images, as push_to_hub uploads it.
# Seen: bytes is None for every image, and path is the place of the file on this machine.
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
import pyarrow.parquet
from PIL import Image
from datasets.table import embed_table_storage

datasets.disable_progress_bars()
for name in ["cat", "dog"]:
    os.makedirs(f"photos/{name}")
    Image.new("RGB", (2, 2), name == "cat" and "red" or "blue").save(f"photos/{name}/1.png")
data = datasets.load_dataset("imagefolder", data_dir="photos", split="train")
data.to_parquet("paths.parquet")
data.with_format("arrow").map(embed_table_storage, batched=True).to_parquet("files.parquet")
for name in ["paths.parquet", "files.parquet"]:
    for row in pyarrow.parquet.read_table(name).to_pylist():
        image = row["image"]
        size = image["bytes"] and len(image["bytes"])
        size_of_file = os.path.getsize(f"photos/{['cat', 'dog'][row['label']]}/1.png")
        print(name, "bytes:", size if size is None else size == size_of_file, "path:", os.path.basename(image["path"]))
EOF
env/bin/python run.py > seen 2> log || { cat log; exit 2; }
cat seen
cat > expected <<'EOF'
paths.parquet bytes: None path: 1.png
paths.parquet bytes: None path: 1.png
files.parquet bytes: True path: 1.png
files.parquet bytes: True path: 1.png
EOF
diff expected seen
