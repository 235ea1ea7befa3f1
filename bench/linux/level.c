/* Drives the board's level device, whose driver is wirq_level.ko, and prints the driver's counts.
 *
 *   level moves N [US]  moves its interrupt between CPU 0 and 1, N times, while it fires
 *   level events N      has it make N events
 *
 * A write of smp_affinity only asks: the kernel moves the interrupt when it comes next. So a move counts when the effective
 * affinity has followed. Without US that is looked at in a loop; with it, every US microseconds, and a move is asked for while
 * no event waits: the CPU is free for the device then, and a move takes half the time. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PARAMETERS "/sys/module/wirq_level/parameters/"

/* A move that takes longer is given up; the interrupt does not come any more. */
enum { MOVE_SECONDS = 60, END_SECONDS = 60 };

enum { PROGRESS = 500 };

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void read_text(const char *path, char *text, size_t room)
{
    int file = open(path, O_RDONLY);
    ssize_t length = file < 0 ? -1 : read(file, text, room - 1);
    if (length < 0) {
        perror(path);
        exit(2);
    }
    close(file);
    text[length] = 0;
    text[strcspn(text, "\n")] = 0;
}

static void write_text(const char *path, const char *text)
{
    int file = open(path, O_WRONLY);
    if (file < 0 || write(file, text, strlen(text)) < 0) {
        perror(path);
        exit(2);
    }
    close(file);
}

static unsigned long parameter(const char *name)
{
    char path[128], text[64];
    snprintf(path, sizeof path, PARAMETERS "%s", name);
    read_text(path, text, sizeof text);
    return strtoul(text, NULL, 0);
}

static int find_irq(void)
{
    /* /proc/irq/N/wirq_level is a folder of its handler. */
    char path[300];
    DIR *folder = opendir("/proc/irq");
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        snprintf(path, sizeof path, "/proc/irq/%s/wirq_level", entry->d_name);
        if (access(path, F_OK) == 0)
            return atoi(entry->d_name);
    }
    fputs("level: nobody handles the level device\n", stderr);
    exit(2);
}

static void print_counts(const char *word, int irq, unsigned long moved, double seconds)
{
    char taken[64];
    read_text(PARAMETERS "taken", taken, sizeof taken);
    printf("%s irq=%d moved=%lu moves=%lu misplaced=%lu phantoms=%lu made=%lu served=%lu queue=%lu acknowledged=%lu seconds=%.1f taken=%s\n",
        word, irq, moved, parameter("moves"), parameter("misplaced"), parameter("phantoms"), parameter("made"), parameter("served"),
        parameter("queue"), parameter("acknowledged"), seconds, taken);
    fflush(stdout);
}

static unsigned long move(int irq, unsigned long count, useconds_t pause)
{
    char affinity[64], effective[64], text[64];
    snprintf(affinity, sizeof affinity, "/proc/irq/%d/smp_affinity", irq);
    snprintf(effective, sizeof effective, "/proc/irq/%d/effective_affinity", irq);
    read_text(effective, text, sizeof text);
    unsigned long cpu = strtoul(text, NULL, 16) & 1 ? 0 : 1;
    double start = now();
    for (unsigned long done = 0; done < count; done++) {
        for (double begin = now(); pause && parameter("queue") && now() - begin < MOVE_SECONDS;)
            usleep(pause);
        cpu = 1 - cpu;
        write_text(affinity, cpu ? "2" : "1");
        double begin = now();
        while (read_text(effective, text, sizeof text), strtoul(text, NULL, 16) != 1ul << cpu) {
            if (now() - begin > MOVE_SECONDS)
                return done;
            if (pause)
                usleep(pause);
        }
        if ((done + 1) % PROGRESS == 0)
            print_counts("WIRQ-PROGRESS", irq, done + 1, now() - start);
    }
    return count;
}

int main(int argc, char **argv)
{
    unsigned long count = argc >= 3 ? strtoul(argv[2], NULL, 0) : 0, moved = 0;
    char text[64];
    int irq = find_irq();
    double begin = now();
    if ((argc == 3 || argc == 4) && strcmp(argv[1], "moves") == 0) {
        write_text(PARAMETERS "events", "0xffffffff");
        moved = move(irq, count, argc == 4 ? (useconds_t)strtoul(argv[3], NULL, 0) : 0);
        write_text(PARAMETERS "events", "0");
    } else if (argc == 3 && strcmp(argv[1], "events") == 0) {
        snprintf(text, sizeof text, "%lu", count);
        write_text(PARAMETERS "events", text);
    } else
        return 2;
    for (double end = now() + END_SECONDS; now() < end && (parameter("events") || parameter("queue"));)
        usleep(10000);
    /* A phantom would come after the last event. */
    usleep(200000);
    print_counts("WIRQ-LEVEL", irq, moved, now() - begin);
    return 0;
}
