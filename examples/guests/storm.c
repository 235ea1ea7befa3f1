/* A driver that ends its interrupt and forgets its device: the level line stays up, and each EOI brings the next one. */
#include "pc.h"

enum { DISK = 0x5B, CLOCK = 0x62, MANY = 1000 };
static volatile uint32_t taken;

static HANDLER tick(struct frame *frame) { (void)frame; eoi(); }

static HANDLER disk(struct frame *frame)
{
    (void)frame;
    if (++taken == MANY)
        entry(edu_pin, DISK | LEVEL | MASKED, 0);   /* as a kernel does that has seen enough */
    eoi();                                          /* edu_ack(1) is missing: the line is still up */
}

void main(void)
{
    pc_init();
    edu_init();
    gate(CLOCK, tick); gate(DISK, disk);
    entry(2, CLOCK, 0);
    clock_every(20);
    entry(edu_pin, DISK | LEVEL, 0);
    print("the disk is asked\n");
    edu_raise(1);
    while (taken < MANY)
        wait();
    print("nobody cared: the disk's interrupt is disabled\n");
}
