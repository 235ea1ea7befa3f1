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
    long before = handled(irq, NULL), first, by_cpu[MAX_CPUS], moves = 0, refused = 0, late = 0, wrong = 0, last[MAX_CPUS];
    if (read(random, bytes, sizeof bytes) <= 0 || !handled_after(irq, before))
        return 3;
    first = handled(irq, NULL);
    mark(1);
    for (int move = 0; move < MOVES; move++) {
        int from = effective(irq), to = !from;
        refused += !ask(irq, to);
        before = handled(irq, last);
        if (read(random, bytes, sizeof bytes) <= 0)
            break;
        late += !handled_after(irq, before);
        handled(irq, by_cpu);
        /* A move that waited for the one before is made at this interrupt, which still came to the old CPU. */
        int now = effective(irq);
        moves += now != from;
        wrong += now == to && by_cpu[to] == last[to];
    }
    mark(2);
    printf("WIRQ-MOVES asked %d moves %ld refused %ld late %ld wrong %ld handled %ld\n", MOVES, moves, refused, late, wrong,
        handled(irq, NULL) - first);
    return 0;
}
