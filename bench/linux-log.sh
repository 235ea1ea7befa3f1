#!/usr/bin/env bash
# Records the events of this host's KVM while `wirq boot` boots Linux to the first process of its initial RAM disk.
#
#   bash bench/linux-log.sh WIRQ FOLDER NAME [OPTION of wirq boot…]
#
# WIRQ is the command, FOLDER is one that bench/linux.sh made. $OUT/NAME.dat (without OUT: here) is the log of trace-cmd, and
# $OUT/NAME.txt what the guest printed. Variables: WIRQ_APPEND, more of the kernel's command line; WIRQ_LIMIT, seconds until
# the guest is stopped (120); WIRQ_BUFFER, KiB of each CPU's buffer (200000 holds a whole boot: nothing is lost however slowly it
# is written).
#
# Needs root, KVM, and trace-cmd. On this host or in the nested machine:
#
#   NESTED_OUT=logs tests/nested/nested bash bench/linux-log.sh out/wirq linux split-2 --irqchip split --cpus 2
set -euo pipefail
[ $# -ge 3 ] || { sed -n '2,/^set -/{/^set -/!s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
wirq=$(realpath "$1") folder=$(realpath "$2") name=$3
shift 3
command -v trace-cmd > /dev/null || { echo "linux-log.sh: trace-cmd is missing: apt-get install trace-cmd" >&2; exit 2; }
out=$(realpath "${OUT:-.}")
# trace-cmd moves pages from the kernel to files, which not every file system can take.
work=$(mktemp -d /dev/shm/linux-log.XXXXXX)
trap 'rm -rf "$work"' EXIT
cd "$work"
# What wirq asks this host's KVM before the boot are VMs of their own. The guest's console goes to a file: a terminal that does not
# take it would hold up the guest.
status=0
trace-cmd record -q -e kvm -f '!(COMM ~ "wirq probe*")' -b "${WIRQ_BUFFER:-200000}" -o log.dat \
    "$wirq" boot "$folder/vmlinux" --initrd "$folder/initrd" --timeout "${WIRQ_LIMIT:-120}" --memory 512 \
    --append "console=ttyS0 panic=-1${WIRQ_APPEND:+ $WIRQ_APPEND}" "$@" > console.txt 2> words.txt || status=$?
cp console.txt "$out/$name.txt"
cp log.dat "$out/$name.dat"
cat words.txt >&2
exit $status
