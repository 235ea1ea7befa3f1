/* The driver of a scripted device (docs/device.md). Its argument is intx, msi or msix. It counts what it takes until that is
   what the device's word says, tells the counts on the first serial port and at the doorbell, and ends the machine by
   isa-debug-exit. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;

enum { ID = 0, STATUS = 4, RAISED = 8, SENT = 12, DOORBELL = 16, WORD = 20 };
enum { FIRST = 0x40, MOST = 16, READY = 0x1000, PIC = 0x20 };

extern u8 gates[];

static struct { u16 low, selector, kind, high; } idt[256] __attribute__((aligned(8)));
static volatile u8 *bar;
static volatile u32 served, unwanted, messages, over, counts[MOST];
static u8 line;

static void out8(u16 port, u8 value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
static void out32(u16 port, u32 value) { __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port)); }
static u8 in8(u16 port) { u8 value; __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port)); return value; }
static u32 in32(u16 port) { u32 value; __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port)); return value; }

static u32 get(u32 offset) { return *(volatile u32 *)(bar + offset); }
static void set(u32 offset, u32 value) { *(volatile u32 *)(bar + offset) = value; }
static volatile u32 *apic(u32 offset) { return (volatile u32 *)(0xFEE00000 + offset); }

static void say(const char *text)
{
    for (; *text; text++) {
        while ((in8(0x3FD) & 0x20) == 0)
            ;
        out8(0x3F8, *text);
    }
}

static void number(u32 value)
{
    char text[11], *at = text + 10;
    *at = 0;
    do
        *--at = '0' + value % 10;
    while ((value /= 10) != 0);
    say(at);
}

static u32 config(u32 device, u32 offset)
{
    out32(0xCF8, 0x80000000 | device << 8 | (offset & 0xFC));
    return in32(0xCFC);
}

static void set_config(u32 device, u32 offset, u32 value)
{
    out32(0xCF8, 0x80000000 | device << 8 | (offset & 0xFC));
    out32(0xCFC, value);
}

void interrupt(u32 vector)
{
    if (vector >= PIC && vector < PIC + 16) {
        if (get(STATUS) & 1) {
            served++;
            /* Where a read serves the device, this does nothing. */
            set(STATUS, 1);
            over = served == get(WORD);
        } else
            unwanted++;
        if (vector >= PIC + 8)
            out8(0xA0, 0x20);
        out8(0x20, 0x20);
    } else if (vector >= FIRST && vector < FIRST + MOST) {
        counts[vector - FIRST]++;
        over = ++messages == get(WORD);
        *apic(0xB0) = 0;
    } else {
        say("exception ");
        number(vector);
        out8(0xF4, 0x7F);
    }
}

static u32 capability(u32 device, u8 id)
{
    for (u32 at = config(device, 0x34) & 0xFF; at != 0; at = config(device, at) >> 8 & 0xFF)
        if ((config(device, at) & 0xFF) == id)
            return at;
    return 0;
}

static void start_intx(u32 device)
{
    static const u8 words[2][4] = { { 0x11, PIC, 4, 1 }, { 0x11, PIC + 8, 2, 1 } };
    line = config(device, 0x3C) & 0xFF;
    for (int chip = 0; chip < 2; chip++) {
        out8(chip ? 0xA0 : 0x20, words[chip][0]);
        for (int i = 1; i < 4; i++)
            out8(chip ? 0xA1 : 0x21, words[chip][i]);
    }
    u16 open = 1 << line | 1 << 2;
    out8(0x21, ~open & 0xFF);
    out8(0xA1, ~open >> 8 & 0xFF);
}

static void start_msix(u32 device)
{
    u32 at = capability(device, 0x11), where = config(device, at + 4);
    u32 vectors = (config(device, at) >> 16 & 0x7FF) + 1;
    volatile u32 *table = (volatile u32 *)((config(device, 0x10 + 4 * (where & 7)) & ~0xFu) + (where & ~7u));
    for (u32 i = 0; i < vectors && i < MOST; i++) {
        table[i * 4] = 0xFEE00000;
        table[i * 4 + 1] = 0;
        table[i * 4 + 2] = FIRST + i;
        table[i * 4 + 3] = 0;
    }
    set_config(device, at, config(device, at) | 0x80000000);
}

static void start_msi(u32 device)
{
    u32 at = capability(device, 5), control = config(device, at) >> 16;
    set_config(device, at + 4, 0xFEE00000);
    set_config(device, at + 8, 0);
    set_config(device, at + 12, FIRST);
    /* As many vectors as it has. */
    set_config(device, at, (control | 1 | (control >> 1 & 7) << 4) << 16 | (config(device, at) & 0xFFFF));
}

void main(u32 *information)
{
    const char *command = (const char *)information[4], *argument = command;
    u32 device = 0;
    /* The last word: the first may be the image's name. */
    for (const char *at = command; *at; at++)
        if (*at == ' ')
            argument = at + 1;
    for (u32 i = 0; i < 256; i++) {
        u32 gate = (u32)gates + i * 16;
        idt[i].low = gate;
        idt[i].selector = 8;
        idt[i].kind = 0x8E00;
        idt[i].high = gate >> 16;
    }
    struct { u16 limit; u32 base; } __attribute__((packed)) table = { sizeof idt - 1, (u32)idt };
    __asm__ volatile("lidt %0" : : "m"(table));
    out8(0x21, 0xFF);
    out8(0xA1, 0xFF);
    *apic(0xF0) = 0x1FF;

    for (u32 i = 0; i < 256 && device == 0; i++)
        if (config(i, 0) == 0x57511234)
            device = i;
    if (device == 0) {
        say("no device\n");
        out8(0xF4, 0x7E);
    }
    set_config(device, 4, (config(device, 4) & 0xFFFF) | 6);
    bar = (volatile u8 *)(config(device, 0x10) & ~0xFu);
    if (get(ID) != 0x51524957) {
        say("not WIRQ\n");
        out8(0xF4, 0x7D);
    }
    if (argument[0] == 'i')
        start_intx(device);
    else if (argument[3] == 'x')
        start_msix(device);
    else
        start_msi(device);
    set(DOORBELL, READY);
    while (!over)
        __asm__ volatile("sti; hlt; cli");

    say(argument);
    say(": served ");
    number(served);
    say(" unwanted ");
    number(unwanted);
    for (u32 i = 0; i < MOST; i++)
        if (counts[i] != 0) {
            say(" v");
            number(i);
            say("=");
            number(counts[i]);
        }
    say("\n");
    set(DOORBELL, served + messages);
    out8(0xF4, 0);
    for (;;)
        __asm__ volatile("cli; hlt");
}
