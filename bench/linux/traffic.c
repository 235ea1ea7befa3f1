/* Random traffic of the disk and of configuration space, from a seed (the kernel parameter wirq.seed=N; 18 by default).
 *
 * Four processes share the disk. Each reads and writes random parts of its quarter, with one buffer or with many, past the page
 * cache or through it, and keeps in memory what must be there. Meanwhile the first process accesses configuration space: all of
 * the bridge and of the test function, whose memory stays off; of the disk and of the entropy device what moves or stops nothing;
 * and their MSI-X masks, so that messages wait for their mask to fall. In the end the disk must have the bytes that memory has, and
 * the functions of the drivers their former registers. Marks 1 and 2 stand around it. */
#define _GNU_SOURCE
#include "guest.h"
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 4, REQUESTS = 500, SECTOR = 512, PAGE = 4096, MOST_SECTORS = 64, MOST_BUFFERS = 24, SPACE = 256 };
enum { BRIDGE, TEST, DISK, ENTROPY, FUNCTIONS };
enum { COMMAND = 0x04, BAR0 = 0x10, LINE = 0x3C, MSIX_CONTROL = 0x42, MEMORY_SPACE = 2, FUNCTION_MASK = 0x40 };
/* An access at the last data port reaches beyond it. */
enum { ADDRESS_PORT = 0xCF8, DATA_PORT = 0xCFC, PORTS = 12 };

static uint64_t state;
static unsigned char *must, *is;
static struct { long requests, wrong; } *counts;
static int spaces[FUNCTIONS];

static uint32_t random_below(uint32_t bound)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32) % bound;
}

static void fill(unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        bytes[i] = (unsigned char)random_below(256);
}

static void seed(unsigned number, unsigned process)
{
    state = 0x9E3779B97F4A7C15ull * (number + 1) + process;
    for (int i = 0; i < 20; i++)
        random_below(2);
}

/* Memory cut into buffers, each of whole sectors; they follow each other in the file. */
static int cut(struct iovec *parts, unsigned char *bytes, size_t sectors)
{
    int count = 0;
    while (sectors > 0) {
        size_t part = count == MOST_BUFFERS - 1 ? sectors : 1 + random_below((uint32_t)sectors);
        if (part > 1 && random_below(2))
            part = 1;
        parts[count++] = (struct iovec){ bytes, part * SECTOR };
        bytes += part * SECTOR;
        sectors -= part;
    }
    return count;
}

static void work(int worker, size_t quarter)
{
    int direct = open("/dev/vda", O_RDWR | O_DIRECT), cached = open("/dev/vda", O_RDWR);
    unsigned char *room = is + worker * MOST_SECTORS * SECTOR;
    if (direct < 0 || cached < 0)
        _exit(2);
    for (int request = 0; request < REQUESTS; request++) {
        int write = (int)random_below(2), how = (int)random_below(4);
        size_t sectors = 1 + random_below(MOST_SECTORS);
        size_t at = worker * quarter + random_below((uint32_t)(quarter / SECTOR - sectors + 1)) * SECTOR, length = sectors * SECTOR;
        ssize_t moved;
        if (how == 0 && sectors > 1) {
            /* Any byte and any length. */
            size_t skipped = random_below(SECTOR);
            at += skipped;
            length -= skipped + random_below(SECTOR);
        }
        if (write)
            fill(room, length);
        if (how == 0)
            moved = write ? pwrite(cached, room, length, (off_t)at) : pread(cached, room, length, (off_t)at);
        else {
            struct iovec parts[MOST_BUFFERS];
            int count = cut(parts, room, sectors);
            moved = write ? pwritev(direct, parts, count, (off_t)at) : preadv(direct, parts, count, (off_t)at);
        }
        counts[worker].requests++;
        counts[worker].wrong += moved != (ssize_t)length;
        if (write)
            memcpy(must + at, room, length);
        else
            counts[worker].wrong += memcmp(must + at, room, length) != 0;
        if (random_below(32) == 0)
            fsync(cached);
    }
    fsync(cached);
    _exit(0);
}

static void read_space(int function, unsigned char *bytes)
{
    if (pread(spaces[function], bytes, SPACE, 0) != SPACE)
        memset(bytes, 0, SPACE);
}

/* Masks all vectors of a function, and unmasks them. */
static void mask(int function)
{
    unsigned char high;
    if (spaces[function] < 0 || pread(spaces[function], &high, 1, MSIX_CONTROL + 1) != 1)
        return;
    high |= FUNCTION_MASK;
    if (pwrite(spaces[function], &high, 1, MSIX_CONTROL + 1) != 1)
        return;
    usleep(random_below(1000));
    high &= (unsigned char)~FUNCTION_MASK;
    if (pwrite(spaces[function], &high, 1, MSIX_CONTROL + 1) != 1)
        puts("WIRQ-TRAFFIC cannot unmask");
}

/* One access of a function's space: 1 to 4 bytes anywhere, in the parts that the kernel makes of it. */
static void configure(int function)
{
    uint32_t value = random_below(UINT32_MAX), old;
    unsigned size = 1 + random_below(4), at = random_below(SPACE - size + 1);
    int drivers = function >= DISK;
    if (spaces[function] < 0)
        return;
    if (random_below(4) == 0) {
        if (pread(spaces[function], &old, size, at) != (ssize_t)size)
            puts("WIRQ-TRAFFIC cannot read configuration space");
        return;
    }
    for (unsigned i = 0; i < size; i++) {
        unsigned place = at + i;
        if (drivers && ((place >= COMMAND && place < COMMAND + 4) || (place >= BAR0 && place < BAR0 + 4)
                || (place & ~1u) == MSIX_CONTROL))
            return;
        if (place == COMMAND)
            value &= ~((uint32_t)MEMORY_SPACE << 8 * i);
    }
    if (pwrite(spaces[function], &value, size, at) != (ssize_t)size)
        puts("WIRQ-TRAFFIC cannot write configuration space");
}

/* One access by the ports, of a function that is not there. */
static void configure_nobody(void)
{
    uint32_t address = random_below(UINT32_MAX) | 1u << 31, value = random_below(UINT32_MAX);
    unsigned short port = (unsigned short)(DATA_PORT + random_below(4));
    if ((address >> 16 & 0xFF) == 0 && (address >> 11 & 0x1F) < 8)
        address |= 0x1F << 11;
    outl(address, ADDRESS_PORT);
    switch (random_below(6)) {
        case 0: outb((unsigned char)value, port); break;
        case 1: outw((unsigned short)value, port); break;
        case 2: outl(value, port); break;
        case 3: inb(port); break;
        case 4: inw(port); break;
        default: inl(port); break;
    }
}

int main(void)
{
    static char line[4096];
    static unsigned char before[FUNCTIONS][SPACE], after[SPACE];
    unsigned number = 18;
    FILE *words = fopen("/proc/cmdline", "r");
    if (words && fgets(line, sizeof line, words) && strstr(line, "wirq.seed="))
        number = (unsigned)strtoul(strstr(line, "wirq.seed=") + 10, NULL, 0);
    int disk = open("/dev/vda", O_RDONLY | O_DIRECT);
    off_t size = disk < 0 ? 0 : lseek(disk, 0, SEEK_END);
    /* Whole pages: two processes do not share one of the cache. */
    size_t quarter = (size_t)size / WORKERS / PAGE * PAGE, all = quarter * WORKERS;
    if (quarter < MOST_SECTORS * SECTOR || ioperm(MARK_PORT, 1, 1) != 0 || ioperm(ADDRESS_PORT, PORTS, 1) != 0) {
        puts("WIRQ-TRAFFIC needs a disk of 128 KiB and more");
        return 2;
    }
    must = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    is = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    counts = mmap(NULL, WORKERS * sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (must == MAP_FAILED || is == MAP_FAILED || counts == (void *)MAP_FAILED || pread(disk, must, all, 0) != (ssize_t)all)
        return 2;
    for (int function = 0; function < FUNCTIONS; function++) {
        char path[64];
        snprintf(path, sizeof path, "/sys/bus/pci/devices/0000:00:%02x.0/config", function);
        spaces[function] = open(path, O_RDWR);
        read_space(function, before[function]);
    }
    mark(1);
    int started = 0;
    for (int worker = 0; worker < WORKERS; worker++) {
        pid_t child = fork();
        if (child == 0) {
            seed(number, (unsigned)worker + 1);
            work(worker, quarter);
        }
        started += child > 0;
    }
    seed(number, 0);
    long accesses = 0, masks = 0, requests = 0, wrong = WORKERS - started, changed = 0;
    for (int running = started, status; running > 0;) {
        if (waitpid(-1, &status, WNOHANG) > 0) {
            running--;
            wrong += status != 0;
        }
        for (int i = 0; i < 8; i++, accesses++)
            configure((int)random_below(FUNCTIONS));
        configure_nobody();
        accesses++;
        if (random_below(4) == 0) {
            mask(DISK + (int)random_below(2));
            masks++;
        }
        usleep(100);
    }
    for (int worker = 0; worker < WORKERS; worker++) {
        requests += counts[worker].requests;
        wrong += counts[worker].wrong;
    }
    for (int function = DISK; function < FUNCTIONS; function++) {
        if (spaces[function] < 0)
            continue;
        changed += pwrite(spaces[function], &before[function][LINE], 1, LINE) != 1;
        read_space(function, after);
        for (int i = 0; i < SPACE; i++)
            changed += after[i] != before[function][i];
    }
    int random = open("/dev/hwrng", O_RDONLY);
    ssize_t bytes = random < 0 ? 0 : read(random, line, 64);
    wrong += pread(disk, is, all, 0) != (ssize_t)all;
    long differ = 0;
    for (size_t i = 0; i < all; i++)
        differ += is[i] != must[i];
    sleep_ms(200);
    mark(2);
    printf("WIRQ-TRAFFIC seed %u requests %ld wrong %ld differ %ld accesses %ld masks %ld changed %ld random %zd\n", number, requests, wrong,
        differ, accesses, masks, changed, bytes);
    return 0;
}
