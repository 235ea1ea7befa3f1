/* What the guests of these examples know of a PC: ports, the two APICs, the clock, and QEMU's teaching device "edu". */
#include <stdint.h>

#define HANDLER __attribute__((interrupt)) void
struct frame;

static inline void out8(uint16_t port, uint8_t value) { asm volatile("outb %0, %1" :: "a"(value), "Nd"(port)); }
static inline uint8_t in8(uint16_t port) { uint8_t value; asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port)); return value; }
static inline void out32(uint16_t port, uint32_t value) { asm volatile("outl %0, %1" :: "a"(value), "Nd"(port)); }
static inline uint32_t in32(uint16_t port) { uint32_t value; asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port)); return value; }
static inline void wait(void) { asm volatile("sti; hlt" ::: "memory"); }

static inline volatile uint32_t *at(uint32_t address) { return (volatile uint32_t *)address; }

/* The local APIC. */
enum { APIC = 0xFEE00000, APIC_EOI = APIC + 0xB0, APIC_LDR = APIC + 0xD0, APIC_DFR = APIC + 0xE0, APIC_SVR = APIC + 0xF0 };
static inline void eoi(void) { *at(APIC_EOI) = 0; }

/* The I/OAPIC: an entry is two registers of 32 bits behind a window. */
enum { MASKED = 1 << 16, LEVEL = 1 << 15, LOW_ACTIVE = 1 << 13, LOGICAL = 1 << 11 };
static inline void ioapic(uint8_t reg, uint32_t value) { *at(0xFEC00000) = reg; *at(0xFEC00010) = value; }
static inline void entry(int pin, uint32_t low, uint32_t high) { ioapic(0x11 + 2 * pin, high); ioapic(0x10 + 2 * pin, low); }

/* The interrupt descriptor table. */
static struct { uint16_t low, selector, type, high; } idt[256] __attribute__((aligned(8)));
static inline void gate(uint8_t vector, void (*handler)(struct frame *))
{
    uint32_t to = (uint32_t)handler;
    idt[vector].low = to; idt[vector].selector = 0x08; idt[vector].type = 0x8E00; idt[vector].high = to >> 16;
}

/* The console, polled. */
enum { COM1 = 0x3F8 };
static inline void print(const char *text)
{
    while (*text) { while (!(in8(COM1 + 5) & 0x20)) { } out8(COM1, *text++); }
}

/* The clock: a pulse on GSI 0, which is pin 2 of the I/OAPIC, every so many ms. */
static inline void clock_every(uint32_t ms)
{
    uint32_t count = 1193 * ms;
    out8(0x43, 0x34); out8(0x40, count); out8(0x40, count >> 8);
}

/* The firmware's clock stopped (a last time it expires at once), both 8259s initialised and masked, the local APIC on:
   interrupts come by the I/OAPIC alone. */
static inline void pc_init(void)
{
    static struct { uint16_t limit; uint32_t base; } __attribute__((packed)) idtr;
    idtr.limit = sizeof idt - 1; idtr.base = (uint32_t)idt;
    asm volatile("lidt %0" :: "m"(idtr));
    out8(0x43, 0x30); out8(0x40, 1); out8(0x40, 0);
    for (int i = 0; i < 1000; i++) in8(0x61);
    out8(0x20, 0x11); out8(0x21, 0x20); out8(0x21, 4); out8(0x21, 1); out8(0x21, 0xFF);
    out8(0xA0, 0x11); out8(0xA1, 0x28); out8(0xA1, 2); out8(0xA1, 1); out8(0xA1, 0xFF);
    *at(APIC_SVR) = 0x1FF;
}

/* The first PCI function of that vendor and device: its bus, device and function, as in port 0xCF8. */
static inline uint32_t pci_read(uint32_t function, int offset) { out32(0xCF8, function | offset); return in32(0xCFC); }
static inline void pci_write(uint32_t function, int offset, uint32_t value) { out32(0xCF8, function | offset); out32(0xCFC, value); }
static inline uint32_t pci_find(uint32_t id)
{
    for (uint32_t device = 0; device < 32; device++)
        if (pci_read(0x80000000 | device << 11, 0) == id) return 0x80000000 | device << 11;
    print("no such PCI device\n");
    return 0;
}

/* QEMU's "edu": its line goes up by a write to 0x60, and down by one to 0x64. */
static uint32_t edu, edu_pin;
static inline void edu_init(void)
{
    uint32_t function = pci_find(0x11E81234);
    edu = pci_read(function, 0x10) & ~0xFu;
    edu_pin = pci_read(function, 0x3C) & 0xFF;      /* SeaBIOS has routed its INTA to this IRQ of the board */
    pci_write(function, 4, pci_read(function, 4) | 2);
}
static inline void edu_raise(uint32_t what) { *at(edu + 0x60) = what; }
static inline uint32_t edu_status(void) { return *at(edu + 0x24); }
static inline void edu_ack(uint32_t what) { *at(edu + 0x64) = what; }
