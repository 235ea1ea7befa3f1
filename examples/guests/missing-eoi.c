/* A disk driver whose error path returns without an EOI. The clock, whose vector is higher, ticks on; the console,
   whose vector is lower, is dead. "edu" is the disk: bit 1 of its status is an error. */
#include "pc.h"

enum { CONSOLE_PIN = 4, CONSOLE = 0x44, DISK = 0x5B, CLOCK = 0x62, DONE = 1, ERROR = 2 };
static volatile int ticks, done;

static HANDLER tick(struct frame *frame) { (void)frame; ticks++; eoi(); }

static HANDLER disk(struct frame *frame)
{
    (void)frame;
    uint32_t status = edu_status();
    edu_ack(status);
    if (status & ERROR)
        return;                         /* here: the local APIC still has the vector in service */
    done++;
    eoi();
}

static HANDLER console(struct frame *frame) { (void)frame; in8(COM1 + 2); out8(COM1 + 1, 0); print("the console lives\n"); eoi(); }

void main(void)
{
    pc_init();
    edu_init();
    gate(CLOCK, tick); gate(DISK, disk); gate(CONSOLE, console);
    entry(2, CLOCK, 0);
    entry(edu_pin, DISK | LEVEL, 0);
    entry(CONSOLE_PIN, CONSOLE, 0);
    clock_every(20);
    for (int request = 1; request <= 3; request++) {
        edu_raise(request == 3 ? ERROR : DONE);
        while (done < request && ticks < 10 * request)
            wait();
        print(done == request ? "disk: done\n" : "disk: no answer\n");
    }
    out8(COM1 + 4, 0x08); out8(COM1 + 1, 0x02);
    edu_raise(DONE);
    while (done < 4)
        wait();
    print("disk: done\n");
}
