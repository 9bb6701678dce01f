#!/usr/bin/env bash
# Debian's darknet (0.0.0+git20180914.61c9d02e-2, imagenet.labels.list) lists ImageNet's classes in another order than networks that
# were trained with PyTorch or Keras, whose logits follow the sorted WordNet ids: class 0 is kit fox in darknet and tench elsewhere.
# Both have 1,000 classes, so nothing fails, but almost all labels are wrong. npm @tensorflow-models/mobilenet 2.1.1 has the sorted order.
# Debian 12: apt-get, dpkg-deb; npm.
set -euo pipefail
for tool in apt-get dpkg-deb npm node; do command -v "$tool" >/dev/null || { echo "needs $tool" >&2; exit 2; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download darknet >/dev/null 2>&1 || exit 2
dpkg-deb -x darknet_*.deb darknet
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --no-save --legacy-peer-deps --ignore-scripts @tensorflow-models/mobilenet@2.1.1 || exit 2
data=darknet/usr/share/darknet/data
head -n 1000 $data/imagenet.labels.list >ids
head -n 1000 $data/imagenet.shortnames.list >names
sort ids >sorted
echo "darknet $(dpkg-deb -f darknet_*.deb Version), @tensorflow-models/mobilenet 2.1.1"
cat >show.cjs <<'EOF'
const { readFileSync } = require("node:fs");
const lines = (file) => readFileSync(file, "utf8").trimEnd().split("\n");
const { IMAGENET_CLASSES } = require("./node_modules/@tensorflow-models/mobilenet/dist/imagenet_classes.js");
const [ids, names, sorted] = ["ids", "names", "sorted"].map(lines);
const nameOf = new Map(ids.map((id, i) => [id, names[i]]));
const first = (index) => IMAGENET_CLASSES[index].split(",")[0];
const agree = (order) => order.filter((id, i) => nameOf.get(id) === first(i)).length;
console.log(`class 0: darknet ${ids[0]} ${names[0]}, mobilenet ${first(0)} (${sorted[0]} is the first sorted id)`);
console.log(`same name at the same place: ${agree(ids)} of 1000 as listed, ${agree(sorted)} of 1000 sorted by id`);
process.exit(ids[0] === "n02119789" && agree(ids) < 10 && agree(sorted) > 900 ? 0 : 1);
EOF
node show.cjs
