/* Programs what the remapping unit must refuse, has a device fire, and says what fault must follow: its device, index and reason.
 *
 * The board's test function is under the program's control: it can send any message. What an entry says is changed in a table of
 * the program's own, which the unit gets for the time of one interrupt; other interrupts would be refused too, so nothing may
 * happen meanwhile. Needs the kernel parameter iomem=relaxed. */
#define _GNU_SOURCE
#include "guest.h"
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define PCI "/sys/bus/pci/devices/0000:00:"
#define UNIT 0xFED90000
enum { GCMD = 0x18, GSTS = 0x1C, IRTA = 0xB8, PAGE = 4096, ENTRIES = 256, BLOCK = 512 };
/* What GSTS reports and a write of GCMD must repeat, and the command that takes IRTA. */
static const uint32_t KEPT = 0x96FFFFFF, SET_TABLE = 1u << 24;
/* IRTA: extended interrupt mode, and 256 entries. Nothing lies at the last address. */
static const uint64_t EXTENDED = 1 << 11, SIZE = 7, NOWHERE = 0x7FFFFF0000;
enum { TEST_FUNCTION = 0x0008, DISK = 0x0010, NOBODY = 0x00F8 };
/* An entry: 1 present, 2 faults suppressed, 7 << 12 reserved; its vector; who may use it, all 16 bits compared. */
enum { PRESENT = 1, SUPPRESSED = 2, RESERVED = 1 << 12, VECTOR = 0xE0 };
struct entry { uint64_t low, high; };
#define ENTRY(flags, source) ((struct entry){ (flags) | VECTOR << 16, 1 << 18 | (source) })

static volatile uint32_t *unit, *function, *disk_vectors;
static volatile struct entry *table;
static uint64_t own, theirs;
static int configuration, disk, unit_irq, fired;

static void *map(const char *path, off_t at, size_t length)
{
    int file = open(path, O_RDWR | O_SYNC);
    void *memory = file < 0 ? MAP_FAILED : mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, file, at);
    if (memory == MAP_FAILED) {
        printf("WIRQ-FAULTS cannot map %s\n", path);
        exit(2);
    }
    return memory;
}

static uint64_t physical(void *page)
{
    uint64_t word = 0;
    int file = open("/proc/self/pagemap", O_RDONLY);
    if (file < 0 || pread(file, &word, sizeof word, (off_t)((uintptr_t)page / PAGE * sizeof word)) != sizeof word)
        return 0;
    close(file);
    return (word & ((1ull << 55) - 1)) * PAGE;
}

static void use(uint64_t address)
{
    *(volatile uint64_t *)(unit + IRTA / 4) = address;
    unit[GCMD / 4] = (unit[GSTS / 4] & KEPT) | SET_TABLE;
    while (!(unit[GSTS / 4] & SET_TABLE))
        continue;
}

/* What was written to the console must have left it: its interrupts are remapped too. */
static void quiet(void)
{
    fflush(stdout);
    tcdrain(1);
    sleep_ms(200);
}

static void send(uint32_t address, uint16_t data)
{
    uint32_t high = 0;
    if (pwrite(configuration, &address, 4, 0x54) != 4 || pwrite(configuration, &high, 4, 0x58) != 4
        || pwrite(configuration, &data, 2, 0x5C) != 2)
        exit(3);
    function[2] = 0;
}

/* A message in remappable format, without a subhandle or with one. */
static uint32_t remappable(unsigned index, int with_subhandle)
{
    return 0xFEE00000u | (index & 0x7FFF) << 5 | 1 << 4 | (with_subhandle ? 1 << 3 : 0) | (index >> 15 & 1) << 2;
}

/* A request of the disk, from a process of its own: it ends when the disk's interrupt comes. */
static pid_t request(int number)
{
    static char block[BLOCK] __attribute__((aligned(BLOCK)));
    pid_t child = fork();
    if (child == 0)
        _exit(pread(disk, block, BLOCK, (off_t)number * BLOCK) == BLOCK ? 0 : 1);
    return child;
}

enum how { BY_FUNCTION, BY_DISK };

/* One interrupt under a table. */
static void fire(uint64_t address, enum how how, uint32_t message, uint16_t data, const char *device, unsigned index, unsigned reason)
{
    /* Linux prints ten lines and looks at its records in five seconds, at most: three of each are one fault's. */
    if (fired++ % 3 == 0)
        sleep_ms(6000);
    quiet();
    long before = handled(unit_irq, NULL);
    pid_t child = -1;
    if (address != theirs)
        use(address);
    if (how == BY_FUNCTION)
        send(message, data);
    else
        child = request(fired);
    int told = reason ? handled_after(unit_irq, before) : 0;
    if (address != theirs)
        use(theirs);
    if (how == BY_DISK) {
        /* The interrupt is lost. That of the next request finds both. */
        disk_vectors[6] = data;
        waitpid(request(fired + 1000), NULL, 0);
        waitpid(child, NULL, 0);
    }
    if (reason)
        printf("WIRQ-FAULT %s 0x%x 0x%02x %s\n", device, index, reason, told ? "told" : "untold");
    else
        printf("WIRQ-NO-FAULT %s 0x%x\n", device, index);
}

int main(void)
{
    uint16_t master = 6, enable = 1;
    unit = map("/dev/mem", UNIT, PAGE);
    function = map(PCI "01.0/resource0", 0, PAGE);
    disk_vectors = (volatile uint32_t *)((char *)map(PCI "02.0/resource0", 0, 0x8000) + 0x4000);
    void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
    table = page;
    configuration = open(PCI "01.0/config", O_RDWR);
    disk = open("/dev/vda", O_RDONLY | O_DIRECT);
    unit_irq = irq_of("dmar0");
    if (page == MAP_FAILED || configuration < 0 || disk < 0 || unit_irq < 0 || ioperm(MARK_PORT, 1, 1) != 0
        || pwrite(configuration, &master, 2, 4) != 2 || pwrite(configuration, &enable, 2, 0x52) != 2)
        return 2;
    memset(page, 0, PAGE);
    own = physical(page) | EXTENDED | SIZE;
    theirs = *(volatile uint64_t *)(unit + IRTA / 4);
    /* The disk's second vector, that of its queue: address bits 19:5 are its index. */
    unsigned of_disk = disk_vectors[4] >> 5 & 0x7FFF, other = of_disk == 3 ? 30 : 3;
    printf("WIRQ-FAULTS the disk has entry 0x%x\n", of_disk);
    mark(1);
    /* Messages that Linux's own table refuses: the entry of another device, one that nobody has, no entry at all. */
    fire(theirs, BY_FUNCTION, remappable(of_disk, 0), 0, "00:01.0", of_disk, 0x26);
    fire(theirs, BY_FUNCTION, remappable(0x7FF0, 0), 0, "00:01.0", 0x7FF0, 0x22);
    fire(theirs, BY_FUNCTION, 0xFEE00000, VECTOR, "00:01.0", 0, 0x25);
    /* Entries that are wrong, and one beyond the table. */
    table[other] = ENTRY(PRESENT | RESERVED, TEST_FUNCTION);
    fire(own, BY_FUNCTION, remappable(other, 0), 0, "00:01.0", other, 0x24);
    fire(own, BY_FUNCTION, remappable(ENTRIES - 1, 1), 0x24, "00:01.0", ENTRIES - 1 + 0x24, 0x21);
    fire(NOWHERE | EXTENDED | SIZE, BY_FUNCTION, remappable(9, 0), 0, "00:01.0", 9, 0x23);
    /* A fault that its entry suppresses, and an entry that is right: the CPU takes a vector that Linux does not know. */
    table[other] = ENTRY(SUPPRESSED, TEST_FUNCTION);
    fire(own, BY_FUNCTION, remappable(other, 0), 0, "00:01.0", other, 0);
    table[other] = ENTRY(PRESENT, TEST_FUNCTION);
    fire(own, BY_FUNCTION, remappable(other, 0), 0, "00:01.0", other, 0);
    /* The disk's entry: not present, for another device. Then the disk's message, with reserved bits set in its data. */
    if (of_disk < ENTRIES) {
        table[of_disk] = ENTRY(0, DISK);
        fire(own, BY_DISK, 0, 0, "00:02.0", of_disk, 0x22);
        table[of_disk] = ENTRY(PRESENT, NOBODY);
        fire(own, BY_DISK, 0, 0, "00:02.0", of_disk, 0x26);
    }
    disk_vectors[6] = 1 << 16;
    fire(theirs, BY_DISK, 0, 0, "00:02.0", of_disk, 0x20);
    mark(2);
    puts("WIRQ-FAULTS done");
    return 0;
}
