/* A serial driver that masks its pin while it works. The next "transmitter empty" comes under that mask. */
#include "pc.h"

enum { PIN = 4, VECTOR = 0x44 };
static const char *text = "hello, world\n";

static HANDLER transmit(struct frame *frame)
{
    (void)frame;
    entry(PIN, VECTOR | MASKED, 0);
    in8(COM1 + 2);                      /* IIR: takes the interrupt back, the line falls */
    if (*text)
        out8(COM1, *text++);            /* sent at once: the line rises, and the pin is masked */
    else
        out8(COM1 + 1, 0);
    eoi();
    entry(PIN, VECTOR, 0);              /* too late: an I/OAPIC keeps no edge that came under a mask */
}

void main(void)
{
    pc_init();
    gate(VECTOR, transmit);
    entry(PIN, VECTOR, 0);
    out8(COM1 + 4, 0x08);               /* OUT2: lets the interrupt out */
    out8(COM1 + 1, 0x02);               /* IER: when the transmitter is empty */
    while (*text)
        wait();
    print("all was sent\n");
}
