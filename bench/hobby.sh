#!/usr/bin/env bash
# Makes a folder with images of two small kernels, for `wirq boot` and for the tests (WIRQ_HOBBY_KERNELS): xv6 with its file
# system linked in, and Fiwix with a file system whose first process is bench/hobby/init.c.
#
#   bash bench/hobby.sh FOLDER XV6 FIWIX
#
# XV6 and FIWIX are folders with the sources: the projects mit-pdos/xv6-public, and mikaku/Fiwix at its tag v1.7.0. They are
# built in copies. Needs gcc with -m32 (gcc-multilib), make, perl, and mke2fs and debugfs (e2fsprogs).
set -euo pipefail
folder=$(realpath -m "${1:?usage: bash bench/hobby.sh FOLDER XV6 FIWIX}")
xv6=$(realpath "${2:?the folder with the source of xv6}")
fiwix=$(realpath "${3:?the folder with the source of Fiwix}")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
mkdir -p "$folder"

cp -r "$xv6" "$work/xv6"
# -w: xv6 makes errors of warnings, and newer compilers have more of them.
make -s -C "$work/xv6" CC="gcc -w" clean kernelmemfs > /dev/null
cp "$work/xv6/kernelmemfs" "$folder/xv6"

cp -r "$fiwix" "$work/fiwix"
# Without an ATA disk Fiwix polls 6 times 50,000 times. 500 polls, its number for slow CPUs, are enough to see that there is none.
sed -i 's/\(ATA_RDY_RETR_LONG[[:space:]]*\)50000/\1500/' "$work/fiwix/include/fiwix/ata.h"
(cd "$work/fiwix" && make -s clean && make -s) > /dev/null
cp "$work/fiwix/fiwix" "$folder/fiwix"

mkdir -p "$work/root"/{sbin,dev,proc}
gcc -m32 -march=i386 -Os -ffreestanding -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables -nostdlib -static -no-pie \
    -Wl,--build-id=none -o "$work/root/sbin/init" "$here/hobby/init.c"
# Revision 0 of ext2: no feature that a small kernel may lack.
mke2fs -q -q -F -t ext2 -r 0 -b 1024 -I 128 -N 32 -d "$work/root" "$folder/fiwix.initrd" 256
printf 'cd /dev\nmknod console c 5 1\n' | debugfs -w -f - "$folder/fiwix.initrd" > /dev/null 2>&1
ls -l "$folder/xv6" "$folder/fiwix" "$folder/fiwix.initrd"
