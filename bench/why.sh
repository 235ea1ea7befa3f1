#!/usr/bin/env bash
# How fast wirq why judges logs of KVM hosts and of QEMU, against grep -c on the same file. They take turns; printed are, for each log,
# medians of processor time (user and system) and of wall time, in seconds, and the ratios of both. A log of QEMU is read on a
# thread of its own, so with two free CPUs its second ratio is the smaller one. A log of a KVM host is judged on one thread.
#
#   WIRQ=/path/to/native/wirq bash bench/why.sh [MEGABYTES [ROUNDS [LOG…]]]
#
# A file is one VM's life (LOG: text of ftrace or of QEMU's -trace, plain or .gz) again and again, while its clock goes on. It lies in
# TMPDIR until its row is done. Without a LOG, the lives are kept logs. grep counts kvm_ in a log of a KVM host, apic_ in one of QEMU.
set -u
wirq=${WIRQ:?names the native command, see docs/install.md}
megabytes=${1:-1000}
rounds=${2:-3}
shift $(( $# < 2 ? $# : 2 ))
tests=$(cd "$(dirname "$0")/.." && pwd)/tests
lives=("$@")
[ $# -gt 0 ] || lives=("$tests/Wirq.Traces.Tests/Kvm/logs/amd-ok.trace.txt.gz" "$tests"/Wirq.Traces.Tests/Replay/logs/{hung-no-eoi,reset,ioapic-2cpu,vtd-msix}.log.gz
    "$tests/Wirq.Traces.Tests/Why/logs/no-eoi.log.gz" "$tests/reports/why/bad-vector.log.gz")
log=$(mktemp) && times=$(mktemp) || exit 1
trap 'rm -f "$log" "$times"' EXIT

# repeat LIFE: its lines, each turn as much later as the life took
repeat() {
    gzip -cdf "$1" | awk -v most="$((megabytes * 1000000))" '
    { line[NR] = $0 }
    END {
        for (at = 1; at <= NR; at++)
            if (match(line[at], /[0-9]+\.[0-9][0-9][0-9][0-9][0-9][0-9]:/)) {
                before[at] = substr(line[at], 1, RSTART - 1)
                after[at] = substr(line[at], RSTART + RLENGTH - 8)
                seconds[at] = substr(line[at], RSTART, RLENGTH - 8) + 0
                first = stamped++ ? first : seconds[at]
                last = seconds[at]
            }
        for (turn = 0; size < most && NR > 0; turn++)
            for (at = 1; at <= NR; at++) {
                # A head of a file comes once. In a log with stamps, lines without one may belong to the line before.
                if (turn > 0 && !(at in seconds) && line[at] ~ /^#/)
                    continue
                text = at in seconds ? before[at] seconds[at] + turn * (last - first + 2) after[at] : line[at]
                size += length(text) + 1
                print text
            }
    }'
}

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

# ratio COLUMN
ratio() {
    awk -v a="$(median why "$1")" -v b="$(median grep "$1")" 'BEGIN { printf "%.1f", a / b }'
}

printf '%-30s %10s  %15s  %15s  %9s  %9s  %s\n' log lines 'grep -c' 'wirq why' lines/s processor wall
for life in "${lives[@]}"; do
    repeat "$life" > "$log"
    word=apic_
    head -n 1000 "$log" | grep -q 'kvm_\(eoi\|entry\|exit\)' && word=kvm_
    : > "$times"
    for (( round = 0; round < rounds; round++ )); do
        measure grep grep -c "$word" "$log"
        measure why "$wirq" why "$log"
    done
    lines=$(wc -l < "$log")
    name=${life##*/}
    printf '%-30s %10s  %7s %7s  %7s %7s  %8sM  %9s  %s\n' "${name%%.gz}" "$lines" "$(median grep 2)" "$(median grep 3)" "$(median why 2)" "$(median why 3)" \
        "$(awk -v a="$lines" -v b="$(median why 2)" 'BEGIN { printf "%.1f", a / b / 1e6 }')" \
        "$(ratio 2)" "$(ratio 3)"
done
