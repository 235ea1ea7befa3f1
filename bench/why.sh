#!/usr/bin/env bash
# How fast wirq why judges a log of a KVM host or of QEMU, against grep -c on the same file. They take turns; printed are medians of
# processor time (user and system) and of wall time, in seconds, and the ratio of the processor times.
#
#   WIRQ=/path/to/native/wirq bash bench/why.sh [MEGABYTES [ROUNDS [LOG.gz [WORD]]]]
#
# The log is one VM's life (LOG.gz, text of ftrace or of QEMU's -trace) again and again, while its clock goes on. It lies in TMPDIR
# until the end. WORD is what grep counts: kvm_, and for a log of QEMU apic_ is the like.
set -u
wirq=${WIRQ:?names the native command, see docs/install.md}
megabytes=${1:-1000}
rounds=${2:-3}
root=$(cd "$(dirname "$0")/.." && pwd)
life=${3:-$root/tests/Wirq.Traces.Tests/Kvm/logs/amd-ok.trace.txt.gz}
word=${4:-kvm_}
log=$(mktemp) && times=$(mktemp) || exit 1
trap 'rm -f "$log" "$times"' EXIT

zcat "$life" | awk -v most="$((megabytes * 1000000))" '
    { line[NR] = $0 }
    END {
        for (at = 1; at <= NR; at++)
            if (match(line[at], /[0-9]+\.[0-9][0-9][0-9][0-9][0-9][0-9]:/)) {
                before[at] = substr(line[at], 1, RSTART - 1)
                after[at] = substr(line[at], RSTART + RLENGTH - 8)
                seconds[at] = substr(line[at], RSTART, RLENGTH - 8) + 0
                first = first ? first : seconds[at]
                last = seconds[at]
            }
        for (turn = 0; size < most; turn++)
            for (at = 1; at <= NR; at++) {
                if (turn > 0 && !(at in seconds))
                    continue
                text = at in seconds ? before[at] seconds[at] + turn * (last - first + 2) after[at] : line[at]
                size += length(text) + 1
                print text
            }
    }' > "$log"

# measure NAME COMMAND…: adds "NAME processor wall" to the times
measure() {
    local name=$1 TIMEFORMAT='%U %S %R'
    shift
    { time "$@" > "$times.out" 2>&1; } 2>&1 | awk -v name="$name" '{ print name, $1 + $2, $3 }' >> "$times"
    rm -f "$times.out"
}

# median NAME COLUMN
median() {
    awk -v name="$1" -v column="$2" '$1 == name { print $column }' "$times" | sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'
}

for (( round = 0; round < rounds; round++ )); do
    measure grep grep -c "$word" "$log"
    measure why "$wirq" why "$log"
done
lines=$(wc -l < "$log")
grep=$(median grep 2)
why=$(median why 2)
printf 'lines %s\ngrep -c: processor %s, wall %s\nwirq why: processor %s, wall %s, %s lines/s and processor, %s times grep -c\n' "$lines" "$grep" "$(median grep 3)" \
    "$why" "$(median why 3)" "$(awk -v a="$lines" -v b="$why" 'BEGIN { printf "%.1f million", a / b / 1e6 }')" "$(awk -v a="$why" -v b="$grep" 'BEGIN { printf "%.1f", a / b }')"
