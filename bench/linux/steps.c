/* One request at a time: each waits until its interrupt was handled, so none can merge with another. Then the devices must have
 * sent as many as were handled, and the last one was handled too. Marks 1 and 2 stand around them. */
#define _GNU_SOURCE
#include "guest.h"
#include <fcntl.h>
#include <unistd.h>

enum { REQUESTS = 200, BLOCK = 512 };

static int named(const char *message, const char *line)
{
    int irq = irq_of(message);
    return irq >= 0 ? irq : irq_of(line);
}

static void steps(const char *what, int file, int irq)
{
    static char block[BLOCK] __attribute__((aligned(BLOCK)));
    long first = handled(irq, NULL), late = 0;
    int done = 0, disk = strcmp(what, "disk") == 0;
    for (; done < REQUESTS; done++) {
        long before = handled(irq, NULL);
        ssize_t count = disk ? pread(file, block, BLOCK, (off_t)done * BLOCK) : read(file, block, 64);
        if (count <= 0)
            break;
        late += !handled_after(irq, before);
    }
    printf("WIRQ-STEPS %s requests %d handled %ld late %ld\n", what, done, handled(irq, NULL) - first, late);
}

int main(void)
{
    int disk = open("/dev/vda", O_RDONLY | O_DIRECT), random = open("/dev/hwrng", O_RDONLY);
    if (ioperm(MARK_PORT, 1, 1) != 0)
        return 2;
    sleep_ms(1000);
    mark(1);
    if (disk >= 0)
        steps("disk", disk, named("virtio0-req.0", "virtio0"));
    if (random >= 0)
        steps("entropy", random, named("virtio1-input", "virtio1"));
    sleep_ms(200);
    mark(2);
    return 0;
}
