#!/usr/bin/env bash
# Runs images of kvm-unit-tests on Wirq's chips and beside them on the same host: with the chips that KVM has
# (irqchip kernel), and in QEMU where it is present. Prints the rows of the table in docs/guests.md.
#
#   WIRQ_KVM_UNIT_TESTS=/path/to/kvm-unit-tests/x86 bash bench/guests.sh [SECONDS [IMAGE:CPUS:x2apic|xapic[:WORD]…]]
#
# SECONDS bounds each run (60). WORD is the image's argument. Each run is one row: image, CPUs, who, passed, failed, seconds,
# how it ended. WIRQ_COMMAND names a wirq that is built, as in the nested machine (tests/nested/nested), which has no QEMU
# beside it: there its rows are left out.
set -u
folder=${WIRQ_KVM_UNIT_TESTS:?names the folder of the images}
bound=${1:-60}
shift $(( $# > 0 ? 1 : 0 ))
runs=("$@")
[ ${#runs[@]} -gt 0 ] || runs=(smptest:1:xapic smptest:2:x2apic idt_test:1:xapic ioapic:1:xapic ioapic:2:x2apic
    ioapic:4:x2apic eventinj:1:xapic)
root=$(cd "$(dirname "$0")/.." && pwd)
if [ -n "${WIRQ_COMMAND:-}" ]; then
    wirq() { "$WIRQ_COMMAND" "$@"; }
else
    dotnet build -c Release "$root/src/Wirq.Cli" >&2 || exit 1
    wirq() { dotnet "$root/src/Wirq.Cli/bin/Release/net10.0/Wirq.Cli.dll" "$@"; }
fi
with_qemu=
if [ -n "${NESTED:-}" ]; then echo "in the nested machine the rows of QEMU are left out" >&2
elif command -v qemu-system-x86_64 > /dev/null; then with_qemu=yes
else echo "qemu-system-x86_64 is absent: its rows are left out" >&2; fi
console=$(mktemp) && words=$(mktemp) || exit 1
trap 'rm -f "$console" "$words"' EXIT

# row IMAGE CPUS MODE WHO SECONDS END
row() {
    printf '| %s | %s %s | %s | %s | %s | %s | %s |\n' "$1" "$2" "$3" "$4" "$(grep -c '^PASS' "$console")" \
        "$(grep -c '^FAIL' "$console")" "$5" "$6"
    grep '^FAIL' "$console" | tr -d '\r' | sort | uniq -c | sed 's/^/    /' >&2
}

for run in "${runs[@]}"; do
    IFS=: read -r image cpus mode word <<< "$run"
    argument=()
    [ -z "$word" ] || argument=(--append "$word")
    file=$folder/$image.flat
    for chips in user split kernel; do
        start=$(date +%s.%N)
        wirq boot "$file" --cpus "$cpus" $([ "$mode" = x2apic ] && echo --x2apic) --irqchip $chips --timeout "$bound" "${argument[@]}" \
            > "$console" 2> "$words"
        status=$?
        seconds=$(awk "BEGIN { printf \"%.1f\", $(date +%s.%N) - $start }")
        end=$(case $status in 0 | 1) echo "code" ;; 3) echo "stopped" ;; *) echo "status $status" ;; esac)
        grep -q 'laws held' "$words" || end="$end, a law broke"
        row "$image${word:+ $word}" "$cpus" "$mode" "wirq $chips" "$seconds" "$end"
    done
    [ -n "$with_qemu" ] || continue
    for chips in off on; do
        start=$(date +%s.%N)
        timeout -k 2 "$bound" qemu-system-x86_64 -nodefaults -display none -serial stdio -machine q35 \
            -accel kvm,kernel-irqchip=$chips -cpu qemu64,-kvm,$([ "$mode" = x2apic ] && echo +x2apic,+tsc-deadline || echo -x2apic) \
            -smp "$cpus" -m 256 -device pc-testdev -device isa-debug-exit,iobase=0xf4,iosize=0x4 -kernel "$file" ${word:+-append "$word"} \
            < /dev/null > "$console" 2> "$words"
        status=$?
        seconds=$(awk "BEGIN { printf \"%.1f\", $(date +%s.%N) - $start }")
        row "$image${word:+ $word}" "$cpus" "$mode" "qemu, chips $([ $chips = on ] && echo KVM\'s || echo its own)" "$seconds" \
            "$([ $status -ge 124 ] && echo stopped || echo code)"
    done
done
