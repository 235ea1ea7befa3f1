/* A kernel that moves its clock to CPU 1 by logical destination 2, before CPU 1 has written its logical id. */
#include "pc.h"

enum { PIN = 2, VECTOR = 0x42 };
static volatile int ticks;

static HANDLER tick(struct frame *frame) { (void)frame; ticks++; print("tick\n"); eoi(); }

void main(void)
{
    pc_init();
    *at(APIC_DFR) = 0xFFFFFFFF;         /* flat: one bit a CPU */
    *at(APIC_LDR) = 1 << 24;            /* this is CPU 0. Nobody did the same on CPU 1 */
    gate(VECTOR, tick);
    entry(PIN, VECTOR | LOGICAL, 1 << 24);
    clock_every(10);
    while (ticks < 5)
        wait();
    print("moving the clock to CPU 1\n");
    entry(PIN, VECTOR | LOGICAL, 2 << 24);
    while (ticks < 10)
        wait();
    print("it ticks there\n");
}
