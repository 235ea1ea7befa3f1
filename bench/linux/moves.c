/* Moves the interrupt of the entropy device from CPU to CPU, and has the device fire after each move. Marks 1 and 2 stand around
 * it. The disk's interrupt cannot be moved: Linux manages it. */
#include "guest.h"
#include <fcntl.h>
#include <unistd.h>

enum { MOVES = 500 };

static int effective(int irq)
{
    char path[64];
    int cpu = -1;
    snprintf(path, sizeof path, "/proc/irq/%d/effective_affinity_list", irq);
    FILE *file = fopen(path, "r");
    if (file && fscanf(file, "%d", &cpu) != 1)
        cpu = -1;
    if (file)
        fclose(file);
    return cpu;
}

static int ask(int irq, int cpu)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/irq/%d/smp_affinity_list", irq);
    int file = open(path, O_WRONLY);
    int asked = file >= 0 && dprintf(file, "%d\n", cpu) > 0;
    if (file >= 0)
        close(file);
    return asked;
}

int main(void)
{
    static char bytes[64];
    int random = open("/dev/hwrng", O_RDONLY), irq = irq_of("virtio1-input"), managed = irq_of("virtio0-req.0");
    if (random < 0 || irq < 0 || ioperm(MARK_PORT, 1, 1) != 0)
        return 2;
    printf("WIRQ-MANAGED %s\n", managed >= 0 && !ask(managed, 1) ? "refused" : "moved");
    /* The console's interrupts must be over; and the entry of the interrupt must be in use. */
    sleep_ms(1000);
    long before = handled(irq, NULL), by_cpu[MAX_CPUS], last[MAX_CPUS], moves = 0, used = 0, waited = 0, late = 0, wrong = 0;
    if (read(random, bytes, sizeof bytes) <= 0 || !handled_after(irq, before))
        return 3;
    long first = handled(irq, NULL);
    int fresh = 1;
    mark(1);
    for (int move = 0; move < MOVES; move++) {
        int from = effective(irq), to = !from;
        /* With the move before not cleaned up yet, Linux makes this one at the next interrupt, which still comes to the old CPU. */
        int asked = ask(irq, to), at_once = effective(irq) == to;
        if (!asked)
            break;
        used += at_once && fresh;
        before = handled(irq, last);
        if (read(random, bytes, sizeof bytes) <= 0)
            break;
        late += !handled_after(irq, before);
        handled(irq, by_cpu);
        int at_interrupt = !at_once && effective(irq) == to;
        moves += at_once + at_interrupt;
        waited += at_interrupt;
        used += at_interrupt;
        /* Whether the entry was used since it was moved last. */
        fresh = !at_interrupt;
        int expected = at_once ? to : from;
        wrong += by_cpu[expected] == last[expected];
        sleep_ms(10);
    }
    mark(2);
    printf("WIRQ-MOVES moves %ld used %ld waited %ld late %ld wrong %ld handled %ld\n", moves, used, waited, late, wrong,
        handled(irq, NULL) - first);
    return 0;
}
