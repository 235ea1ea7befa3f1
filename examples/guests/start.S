# A Multiboot kernel of 32 bits: QEMU's -kernel loads it, SeaBIOS runs before it, and main() is entered with interrupts off.
        .set    MAGIC, 0x1BADB002
        .text
        .long   MAGIC, 0, -MAGIC
        .globl  _start
_start: mov     $stack_end, %esp
        lgdt    gdt_limit
        ljmp    $0x08, $1f
1:      mov     $0x10, %ax
        mov     %ax, %ds
        mov     %ax, %es
        mov     %ax, %ss
        call    main
2:      hlt                             # main() came back: the guest has nothing left to do
        jmp     2b

        .data
        .align  8
gdt:    .quad   0, 0x00CF9A000000FFFF, 0x00CF92000000FFFF
gdt_limit:
        .word   gdt_limit - gdt - 1
        .long   gdt

        .bss
        .align  16
        .space  16384
stack_end:
