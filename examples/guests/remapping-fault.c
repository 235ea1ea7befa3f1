/* A kernel with VT-d interrupt remapping that frees entry 7 of its table, and leaves the clock's pin pointing at it. */
#include "pc.h"

enum { PIN = 2, VECTOR = 0x42, ENTRY = 7, PRESENT = 1, VTD = 0xFED90000, GCMD = VTD + 0x18, GSTS = VTD + 0x1C, IRTA = VTD + 0xB8 };
static volatile uint32_t table[256][4] __attribute__((aligned(4096)));
static volatile int ticks;

static HANDLER tick(struct frame *frame) { (void)frame; ticks++; print("tick\n"); eoi(); }

static void command(uint32_t bit)
{
    *at(GCMD) = (*at(GSTS) & 0x96FFFFFF) | bit;
    while (!(*at(GSTS) & bit)) { }
}

void main(void)
{
    pc_init();
    gate(VECTOR, tick);
    table[ENTRY][0] = VECTOR << 16 | PRESENT;       /* physical destination 0, fixed, edge; any requester */
    *at(IRTA) = (uint32_t)table | 7;                /* 2 to the power of 7 + 1 entries */
    *at(IRTA + 4) = 0;
    command(1 << 24);                               /* SIRTP: take the table */
    command(1 << 25);                               /* IRE: remap from now on */
    entry(PIN, VECTOR, ENTRY << 17 | 1 << 16);      /* the remappable format: an index in place of a destination */
    clock_every(10);
    while (ticks < 5)
        wait();
    print("entry 7 is freed\n");
    table[ENTRY][0] = 0;
    while (ticks < 10)
        wait();
    print("it ticks on\n");
}
