/* A Multiboot image of 32 bits: a stack, interrupt gates, and C. */
        .set    magic, 0x1BADB002
        .set    flags, 0
        .section .multiboot, "a"
        .align  4
        .long   magic, flags, -(magic + flags)

        .text
        .global _start
_start: cli
        mov     $stack, %esp
        lgdt    gdt_register
        ljmp    $8, $1f
1:      mov     $16, %ax
        mov     %ax, %ds
        mov     %ax, %es
        mov     %ax, %ss
        push    %ebx
        call    main
2:      hlt
        jmp     2b

/* One gate for each vector from 0 to 255: it pushes its vector. */
        .macro  gate vector
        .align  16
        push    $\vector
        jmp     common
        .endm
        .align  16
        .global gates
gates:
        .altmacro
        .set    i, 0
        .rept   256
        gate    %i
        .set    i, i + 1
        .endr

common: pusha
        push    32(%esp)
        cld
        call    interrupt
        add     $4, %esp
        popa
        add     $4, %esp
        iret

        .data
        .align  8
gdt:    .quad   0, 0x00CF9A000000FFFF, 0x00CF92000000FFFF
gdt_register:
        .word   . - gdt - 1
        .long   gdt

        .bss
        .align  16
        .skip   16384
stack:

        .section .note.GNU-stack, "", @progbits
