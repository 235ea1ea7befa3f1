/* What the programs of the guest share: interrupts by their names, their counts, and the board's mark. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <time.h>

enum { MARK_PORT = 0xF8, MAX_CPUS = 64 };

static inline void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

/* The board keeps its counts as they are now, under this number. */
static inline void mark(unsigned char number) { outb(number, MARK_PORT); }

/* The number of the interrupt whose last word in /proc/interrupts is this one; negative: there is none. */
static inline int irq_of(const char *name)
{
    static char line[4096];
    int found = -1;
    FILE *file = fopen("/proc/interrupts", "r");
    while (file && found < 0 && fgets(line, sizeof line, file)) {
        char *last = NULL;
        for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n"))
            last = word;
        if (last && strcmp(last, name) == 0)
            found = atoi(line);
    }
    if (file)
        fclose(file);
    return found;
}

/* How often an interrupt was handled; by CPU too, if the caller wants it. */
static inline long handled(int irq, long *by_cpu)
{
    char path[64], text[1024] = "";
    long sum = 0;
    snprintf(path, sizeof path, "/sys/kernel/irq/%d/per_cpu_count", irq);
    FILE *file = fopen(path, "r");
    if (file && !fgets(text, sizeof text, file))
        text[0] = 0;
    if (file)
        fclose(file);
    int cpu = 0;
    for (char *word = strtok(text, ",\n"); word && cpu < MAX_CPUS; word = strtok(NULL, ",\n"), cpu++) {
        long count = atol(word);
        sum += count;
        if (by_cpu)
            by_cpu[cpu] = count;
    }
    return sum;
}

/* Waits until an interrupt was handled more often than this; 0: it was not, within ten seconds. */
static inline int handled_after(int irq, long before)
{
    for (int turn = 0; turn < 10000; turn++) {
        if (handled(irq, NULL) > before)
            return 1;
        sleep_ms(1);
    }
    return 0;
}
