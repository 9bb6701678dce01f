#!/usr/bin/env bash
# heif-enc 1.15.1 (libheif): if the EXIF data of a JPEG say "rotate by 90°", `heif-enc -A` neither rotates the pixels nor writes the
# property irot. It only copies the EXIF data, which HEIF (ISO/IEC 23008-12) tells readers to ignore for orientation. Therefore the
# photo lies on its side in readers that follow the standard, such as browsers. avifenc 0.11.1 writes irot for the same file.
# Debian 12: imagemagick, libimage-exiftool-perl, libheif-examples, libavif-bin.
set -euo pipefail
for tool in convert exiftool heif-enc avifenc avifdec; do
  command -v "$tool" >/dev/null || { echo "needs $tool" >&2; exit 2; }
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
convert -size 96x64 gradient:red-blue photo.jpg
exiftool -q -n -Orientation=6 -overwrite_original photo.jpg
heif-enc -A photo.jpg -o heif-enc.avif >/dev/null 2>&1
avifenc photo.jpg avifenc.avif >/dev/null
echo "heif-enc $(heif-enc --help 2>&1 | sed -n 's/.*version: *//p' | head -n 1), avifenc $(avifenc --version | sed -n 's/^Version: \([0-9.]*\).*/\1/p')"
for file in heif-enc avifenc; do
  has() { LC_ALL=C grep -aq "$1" "$file.avif" && echo yes || echo no; }
  echo "$file.avif: irot $(has irot), EXIF's orientation $(exiftool -s3 -EXIF:Orientation "$file.avif")," \
    "$(avifdec --info "$file.avif" | sed -n 's/^ \* Resolution *: */stored /p')"
done
if grep -aq irot heif-enc.avif || ! grep -aq irot avifenc.avif; then exit 1; fi
