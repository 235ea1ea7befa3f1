// SPDX-License-Identifier: GPL-2.0
/* The driver of the board's level device (1AF4:10F1): it counts where its interrupts are handled.
 *
 * An I/OAPIC pin is moved in the interrupt itself, after the handler and with the pin masked. So while the handler runs, the
 * effective affinity is the CPU that the entry named when the interrupt was sent, and an interrupt on another CPU was
 * misdelivered. All counters are written by the handler alone, which never runs twice at once. */
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/module.h>
#include <linux/pci.h>

/* Offsets in BAR0. */
enum { EVENTS = 0x04, PAUSE = 0x08, QUEUE = 0x0C, MADE = 0x10, ACKNOWLEDGED = 0x14, BURST = 0x18 };

enum { MAX_CPUS = 8 };

static unsigned int pause = 1000, burst = 1, taken[MAX_CPUS], misplaced, phantoms, served, moves, last = MAX_CPUS;
static void __iomem *registers;

module_param(pause, uint, 0444);
MODULE_PARM_DESC(pause, "time from the last event that was served to the next, in microseconds");
module_param(burst, uint, 0444);
MODULE_PARM_DESC(burst, "events that the device makes at once; each has an interrupt of its own");
module_param_array(taken, uint, NULL, 0444);
MODULE_PARM_DESC(taken, "interrupts, by CPU");
module_param(misplaced, uint, 0444);
MODULE_PARM_DESC(misplaced, "interrupts on a CPU outside the effective affinity");
module_param(phantoms, uint, 0444);
MODULE_PARM_DESC(phantoms, "interrupts for which the device had no event");
module_param(served, uint, 0444);
MODULE_PARM_DESC(served, "events that were served");
module_param(moves, uint, 0444);
MODULE_PARM_DESC(moves, "interrupts whose effective affinity was not that of the one before");

/* A register of the device as a parameter: EVENTS is written, the others are read. */
static int set_register(const char *text, const struct kernel_param *parameter)
{
	unsigned int value;
	int error = kstrtouint(text, 0, &value);

	if (error)
		return error;
	if (!registers)
		return -ENODEV;
	iowrite32(value, registers + (unsigned long)parameter->arg);
	return 0;
}

static int get_register(char *text, const struct kernel_param *parameter)
{
	return registers ? sysfs_emit(text, "%u\n", ioread32(registers + (unsigned long)parameter->arg)) : -ENODEV;
}

static const struct kernel_param_ops register_ops = { .set = set_register, .get = get_register };

module_param_cb(events, &register_ops, (void *)EVENTS, 0644);
MODULE_PARM_DESC(events, "events that the device is still to make");
module_param_cb(queue, &register_ops, (void *)QUEUE, 0444);
MODULE_PARM_DESC(queue, "events that wait to be served");
module_param_cb(made, &register_ops, (void *)MADE, 0444);
MODULE_PARM_DESC(made, "events that the device made");
module_param_cb(acknowledged, &register_ops, (void *)ACKNOWLEDGED, 0444);
MODULE_PARM_DESC(acknowledged, "acknowledges that the device got for its line");

static void count_place(int irq)
{
	unsigned int cpu = raw_smp_processor_id();
	const struct cpumask *named = irq_data_get_effective_affinity_mask(irq_get_irq_data(irq));
	unsigned int now = cpumask_first(named);

	if (cpu < MAX_CPUS)
		taken[cpu]++;
	if (!cpumask_test_cpu(cpu, named))
		misplaced++;
	if (last != MAX_CPUS && now != last)
		moves++;
	last = now;
}

static irqreturn_t handle(int irq, void *device)
{
	/* With threadirqs this is a thread, whose CPU says nothing. */
	if (in_hardirq())
		count_place(irq);
	if (!ioread32(registers + QUEUE)) {
		phantoms++;
		return IRQ_NONE;
	}
	iowrite32(1, registers + QUEUE);
	served++;
	return IRQ_HANDLED;
}

static int probe(struct pci_dev *device, const struct pci_device_id *id)
{
	int error = pcim_enable_device(device);

	if (!error)
		error = pcim_iomap_regions(device, BIT(0), KBUILD_MODNAME);
	if (error)
		return error;
	registers = pcim_iomap_table(device)[0];
	iowrite32(pause, registers + PAUSE);
	iowrite32(burst, registers + BURST);
	error = devm_request_irq(&device->dev, device->irq, handle, 0, KBUILD_MODNAME, device);
	if (!error)
		pr_info(KBUILD_MODNAME ": irq %d\n", device->irq);
	return error;
}

static const struct pci_device_id ids[] = { { PCI_DEVICE(0x1AF4, 0x10F1) }, { } };
MODULE_DEVICE_TABLE(pci, ids);

/* The module stays: its counters are read after its last interrupt. */
static struct pci_driver wirq_level_driver = { .name = KBUILD_MODNAME, .id_table = ids, .probe = probe };
builtin_pci_driver(wirq_level_driver);

MODULE_DESCRIPTION("Counts where the interrupts of Wirq's level device are handled");
MODULE_LICENSE("GPL");
