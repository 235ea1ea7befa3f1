# A level pin is moved to another vector while its line is high, as an operating system does: mask, EOI, new entry, unmask.
# UART, IRQ 4: its transmitter-empty interrupt stays asserted until it is served.
.code32
.set LAPIC, 0xFEE00000
.set IOAPIC, 0xFEC00000
.section .text
.align 4
.long 0x1BADB002, 0, -0x1BADB002
.global _start
_start:
    cli
    mov $stack, %esp
    lgdt gdtr
    ljmp $8, $1f
1:  mov $16, %ax
    mov %ax, %ds
    mov %ax, %es
    mov %ax, %ss
    mov $old, %eax
    mov $idt + 0x31 * 8, %edi
    call gate
    mov $new, %eax
    mov $idt + 0x41 * 8, %edi
    call gate
    lidt idtr
    mov $0xFF, %al
    out %al, $0x21
    out %al, $0xA1
    movl $0x1FF, LAPIC + 0xF0
    mov $0x19, %eax
    mov $0, %ebx
    call entry
    mov $0x18, %eax
    mov $0x8031, %ebx
    call entry
    mov $0x3FC, %dx
    mov $0x0B, %al
    out %al, %dx
    sti
    mov $0x3F9, %dx
    mov $2, %al
    out %al, %dx
2:  hlt
    jmp 2b
gate:
    mov %ax, (%edi)
    movw $8, 2(%edi)
    movw $0x8E00, 4(%edi)
    shr $16, %eax
    mov %ax, 6(%edi)
    ret
entry:
    mov %eax, IOAPIC
    mov %ebx, IOAPIC + 0x10
    ret
old:
    cmpl $0, moved
    jne 3f
    movl $1, moved
    mov $0x18, %eax
    mov $0x18031, %ebx
    call entry
    movl $0, LAPIC + 0xB0
    mov $0x18041, %ebx
    call entry
    mov $0x8041, %ebx
    call entry
    iret
3:  movl $0, LAPIC + 0xB0
    iret
new:
    mov $0x3F9, %dx
    mov $0, %al
    out %al, %dx
    movl $0, LAPIC + 0xB0
    iret
.align 8
gdt: .quad 0, 0x00CF9A000000FFFF, 0x00CF92000000FFFF
gdtr: .word 23
    .long gdt
idtr: .word 256 * 8 - 1
    .long idt
.bss
.align 8
moved: .skip 8
idt: .skip 256 * 8
.skip 4096
stack:
