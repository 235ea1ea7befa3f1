#!/usr/bin/env bash
# Records the events of this host's KVM while `wirq boot` boots Linux, and has the command judge the log.
#
#   bash bench/linux-log.sh WIRQ FOLDER NAME [OPTION of wirq boot…]
#
# WIRQ is the command, FOLDER is one that bench/linux.sh made. $OUT/NAME.dat (here, without OUT) gets the log of trace-cmd.
# Needs root, KVM, and trace-cmd. On this host or in the nested machine:
#
#   NESTED_OUT=logs tests/nested/nested bash bench/linux-log.sh out/wirq linux split-2 --irqchip split --cpus 2
set -euo pipefail
[ $# -ge 3 ] || { sed -n '2,/^set -/{/^set -/!s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
wirq=$1 folder=$2 name=$3
shift 3
command -v trace-cmd > /dev/null || { echo "linux-log.sh: trace-cmd is missing: apt-get install trace-cmd" >&2; exit 2; }
log=$(realpath -m "${OUT:-.}/$name.dat")
# The parts of each CPU are written first, and the file after them: in memory, where there is a place. Half a GiB of buffer for
# each CPU holds all of a boot, so that nothing is lost however slowly it is written.
work=$(mktemp -d "${TRACES:-/dev/shm}/linux-log.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
trace-cmd record -q -e kvm -b "${BUFFER:-200000}" -o "$work/log.dat" \
    "$wirq" boot "$folder/vmlinux" --timeout "${LIMIT:-120}" --initrd "$folder/initrd" --memory 512 --append "console=ttyS0 panic=-1${APPEND:+ $APPEND}" "$@" >&2
cp "$work/log.dat" "$log"
ls -l "$log" >&2
