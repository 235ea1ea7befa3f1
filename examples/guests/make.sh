#!/usr/bin/env bash
# Makes the five logs of examples/ anew: builds each guest, runs it in QEMU (TCG, QEMU's own chips) and keeps the trace.
# Needs gcc that can -m32 (no library of 32 bits is linked), ld and qemu-system-x86_64. Prints what each guest printed.
#
#   bash examples/guests/make.sh [FOLDER [GUEST…]]        the logs go to FOLDER; examples/ by default
set -eu
here=$(cd "$(dirname "$0")" && pwd)
to=$(mkdir -p "${1:-$here/..}" && cd "${1:-$here/..}" && pwd)
shift $(( $# > 0 ? 1 : 0 ))
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# make GUEST LOG LAST-WORDS [QEMU'S OPTIONS…]
make() {
    guest=$1 log=$2 last=$3
    shift 3
    gcc -m32 -O1 -Wall -ffreestanding -fno-pic -fno-stack-protector -fcf-protection=none -mgeneral-regs-only -nostdlib -static -no-pie \
        -Wno-main -Wno-unused-function -Wl,-melf_i386,-Ttext=0x100000,--build-id=none,-z,noexecstack \
        -o "$work/guest.elf" "$here/start.S" "$here/$guest.c"
    rm -f "$work/log" "$work/console"
    qemu-system-x86_64 -accel tcg -cpu qemu64 -m 32 -nodefaults -display none -no-reboot \
        -serial "file:$work/console" -kernel "$work/guest.elf" "$@" \
        -trace 'ioapic_*' -trace 'apic_*' -trace 'pic_*' -msg timestamp=on -D "$work/log" &
    qemu=$!
    # The guest says its last words and hangs: that is its story. The log goes on for a moment, to show that nothing comes.
    for ((wait = 0; wait < 600; wait++)); do
        ! grep -qs "$last" "$work/console" || break
        sleep 0.1
    done
    sleep 1.5
    kill "$qemu"
    wait "$qemu" || true
    gzip -n9 < "$work/log" > "$to/$log.log.gz"
    printf '== %s: %s lines; the guest printed:\n%s\n' "$log.log.gz" "$(wc -l < "$work/log")" "$(tr -d '\0' < "$work/console")"
}

want() { [ "${#guests[@]}" -eq 0 ] || [[ " ${guests[*]} " == *" $1 "* ]]; }
guests=("$@")
pc=(-machine pc,kernel-irqchip=off)
! want lost-edge || make lost-edge hang h "${pc[@]}"
! want wrong-destination || make wrong-destination wrong-destination 'to CPU 1' "${pc[@]}" -smp 2
! want missing-eoi || make missing-eoi missing-eoi 'no answer' "${pc[@]}" -device edu -d int
! want storm || make storm storm 'nobody cared' "${pc[@]}" -device edu
! want remapping-fault || make remapping-fault remapping-fault 'is freed' -machine q35,kernel-irqchip=off \
    -device intel-iommu,intremap=on,eim=off -trace 'vtd_*' -trace 'x86_iommu*'
