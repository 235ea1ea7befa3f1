/*
 * The way from an eventfd to IRR with nothing of Wirq on it, to compare with: a machine of KVM with a split irqchip,
 * one vCPU that never runs, one route, one irqfd. For each line that it reads it writes the eventfd as often as its
 * argument says and prints how many nanoseconds that took. A second thread sleeps all the while, as a monitor always
 * has some: with one thread alone Linux looks descriptors up without counting references, which no monitor enjoys.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define VECTOR 0x41
#define GSI 48
#define RESERVED_GSIS 48
#define SPURIOUS 0xf0
#define REQUEST 0x200
#define ENABLED 0x1ff

static void must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static uint32_t *word(struct kvm_lapic_state *apic, int offset)
{
	return (uint32_t *)(void *)(apic->regs + offset);
}

static uint32_t *requests(struct kvm_lapic_state *apic)
{
	return word(apic, REQUEST + VECTOR / 32 * 16);
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void *sleeps(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static int64_t batch(int vcpu, int fd, long writes)
{
	struct kvm_lapic_state apic;
	const uint64_t one = 1;
	int64_t start, end;

	must(ioctl(vcpu, KVM_GET_LAPIC, &apic) == 0, "KVM_GET_LAPIC");
	*requests(&apic) = 0;
	must(ioctl(vcpu, KVM_SET_LAPIC, &apic) == 0, "KVM_SET_LAPIC");
	start = now();
	for (long i = 0; i < writes; i++)
		must(write(fd, &one, sizeof(one)) == sizeof(one), "write");
	end = now();
	must(ioctl(vcpu, KVM_GET_LAPIC, &apic) == 0, "KVM_GET_LAPIC");
	if (*requests(&apic) != 1u << VECTOR % 32) {
		fprintf(stderr, "the interrupt is not in IRR\n");
		exit(1);
	}
	return end - start;
}

int main(int argc, char **argv)
{
	long writes = argc > 1 ? atol(argv[1]) : 10000;
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	struct kvm_enable_cap split = { .cap = KVM_CAP_SPLIT_IRQCHIP, .args = { RESERVED_GSIS } };
	struct kvm_irqfd irqfd = { .gsi = GSI };
	struct kvm_irq_routing *table = calloc(1, sizeof(*table) + sizeof(table->entries[0]));
	struct kvm_lapic_state apic;
	pthread_t other;
	char line[16];
	int vm, vcpu, fd;

	must(pthread_create(&other, NULL, sleeps, NULL) == 0, "pthread_create");
	must(kvm >= 0, "/dev/kvm");
	must(table != NULL, "calloc");
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	must(vm >= 0, "KVM_CREATE_VM");
	must(ioctl(vm, KVM_ENABLE_CAP, &split) == 0, "KVM_CAP_SPLIT_IRQCHIP");
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	must(vcpu >= 0, "KVM_CREATE_VCPU");
	must(ioctl(vcpu, KVM_GET_LAPIC, &apic) == 0, "KVM_GET_LAPIC");
	*word(&apic, SPURIOUS) = ENABLED;
	must(ioctl(vcpu, KVM_SET_LAPIC, &apic) == 0, "KVM_SET_LAPIC");
	table->nr = 1;
	table->entries[0].gsi = GSI;
	table->entries[0].type = KVM_IRQ_ROUTING_MSI;
	table->entries[0].u.msi.address_lo = 0xfee00000;
	table->entries[0].u.msi.data = VECTOR;
	must(ioctl(vm, KVM_SET_GSI_ROUTING, table) == 0, "KVM_SET_GSI_ROUTING");
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	must(fd >= 0, "eventfd");
	irqfd.fd = fd;
	must(ioctl(vm, KVM_IRQFD, &irqfd) == 0, "KVM_IRQFD");
	while (fgets(line, sizeof(line), stdin)) {
		printf("%lld\n", (long long)batch(vcpu, fd, writes));
		fflush(stdout);
	}
	return 0;
}
