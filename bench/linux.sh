#!/usr/bin/env bash
# Makes a folder with what `wirq boot` needs to boot Linux: Debian's stock kernel, as bzImage and unpacked as vmlinux, and an
# initial RAM disk whose first process prints /proc/interrupts and turns the machine off.
#
#   bash bench/linux.sh FOLDER [PACKAGE]
#
# PACKAGE is linux-image-cloud-amd64 by default. Needs apt-get, dpkg, gcc, cpio, gzip, busybox-static, and lz4 or xz. The
# driver of the board's level device is built too where the headers of this kernel are, and make (linux-headers-VERSION).
set -euo pipefail
folder=$(realpath -m "${1:?usage: bash bench/linux.sh FOLDER [PACKAGE]}")
package=${2:-linux-image-cloud-amd64}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder/root"/{bin,dev,proc,sys}
cd "$folder"

if [ ! -e bzImage ]; then
    image=$(apt-cache depends "$package" | awk '/Depends: linux-image-[0-9]/ { print $2; exit }' | sed 's/-unsigned$//')
    apt-get download "${image:?no package $package is known: apt-get update}"
    dpkg -x "$image"_*.deb package
    cp package/boot/vmlinuz-* bzImage
    # The drivers of virtio are modules; a module comes after those that it needs.
    rm -rf root/modules && mkdir root/modules
    number=10
    for module in virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk virtio-rng; do
        file=$(find package/lib/modules -name "$module.ko*" | head -1)
        [ -n "$file" ] || continue
        case $file in *.xz) xz -dc "$file" ;; *) cat "$file" ;; esac > "root/modules/$number-$module.ko"
        number=$((number + 1))
    done
    rm -r package "$image"_*.deb
fi
# The packed kernel: its place in the file is in the setup header (0x248, 0x24c); its last 4 bytes are its length.
number() { od -An -t u4 -j "$1" -N 4 bzImage | tr -d ' '; }
at=$((($(od -An -t u1 -j 497 -N 1 bzImage) + 1) * 512 + $(number 584)))
dd if=bzImage of=packed bs=1M iflag=skip_bytes,count_bytes skip="$at" count=$(($(number 588) - 4)) status=none
case $(od -An -t x1 -N 4 packed | tr -d ' ') in
    02214c18) lz4 -d -f -q packed vmlinux ;;
    fd377a58) xz -dc < packed > vmlinux ;;
    *) echo "linux.sh: the kernel is packed in a way that this script does not know; there is no vmlinux" >&2 ;;
esac
rm packed
cp "$(command -v busybox)" root/bin/busybox
cp "$here/linux/init" root/init
chmod +x root/init
for program in counts steps moves faults traffic level; do gcc -O2 -Wall -static -o "root/bin/$program" "$here/linux/$program.c"; done
# The version is in the setup header (0x20e).
version=$(dd if=bzImage bs=1 skip=$(($(od -An -t u2 -j 526 -N 2 bzImage) + 512)) count=64 status=none | tr '\0 ' '\n\n' | head -1)
if [ -e "/lib/modules/$version/build/Makefile" ]; then
    rm -rf module && mkdir -p module root/level
    cp "$here/linux/wirq_level.c" module/
    echo 'obj-m := wirq_level.o' > module/Kbuild
    make -s -C "/lib/modules/$version/build" M="$PWD/module" modules
    strip -d -o root/level/wirq_level.ko module/wirq_level.ko
else
    echo "linux.sh: there are no headers of $version, so there is no driver of the level device: apt-get install linux-headers-$version" >&2
fi
(cd root && find . | cpio -o -H newc 2>/dev/null | gzip -1) > initrd
ls -l bzImage vmlinux initrd
