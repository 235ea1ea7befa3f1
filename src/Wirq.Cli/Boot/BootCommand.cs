using System.CommandLine;
using System.Runtime.Versioning;
using Wirq.Cli.Host;
using Wirq.Cli.Outputs;

namespace Wirq.Cli.Boot;

/// <summary><c>wirq boot</c>: runs an independent guest on KVM, with Wirq's chips.</summary>
internal static class BootCommand
{
    private const int DefaultMebibytes = 256;

    internal static Command Build()
    {
        var image = new Argument<string>("IMAGE") { Description = "Linux (bzImage, or vmlinux by PVH), or an ELF image with a Multiboot header (kvm-unit-tests) or a PVH note (Xen's test framework)" };
        var cpus = new Option<int>("--cpus") { Description = "CPUs", DefaultValueFactory = _ => 1 };
        var memory = new Option<int>("--memory") { Description = "Memory in MiB", DefaultValueFactory = _ => DefaultMebibytes };
        var irqchip = new Option<string>("--irqchip")
        {
            Description = "Whose the controllers are: user (all Wirq's), split (local APICs KVM's), kernel (all KVM's)",
            DefaultValueFactory = _ => "user",
        };
        irqchip.AcceptOnlyFromAmong("user", "split", "kernel");
        var x2apic = new Option<bool>("--x2apic") { Description = "CPUs have x2APIC mode" };
        var append = new Option<string>("--append") { Description = "The image's arguments", DefaultValueFactory = _ => "" };
        var module = new Option<FileInfo?>("--module") { Description = "A Multiboot module: the environment of kvm-unit-tests" };
        var initrd = new Option<FileInfo?>("--initrd") { Description = "Linux's initial RAM disk; it is handed over as a module is" };
        var iommu = new Option<string>("--iommu")
        {
            Description = "The remapping unit of interrupts: none, vtd (needs irqchip user or split)",
            DefaultValueFactory = _ => "none",
        };
        iommu.AcceptOnlyFromAmong("none", "vtd");
        var disk = new Option<FileInfo?>("--disk") { Description = "The content of a virtio disk; the file does not change" };
        var entropy = new Option<bool>("--entropy") { Description = "There is a virtio source of random bytes" };
        var input = new Option<string?>("--input") { Description = "What is typed into the guest's console: a file, or - for stdin" };
        var prompt = new Option<string>("--prompt") { Description = "With --input: each line waits until the guest has written this text", DefaultValueFactory = _ => "" };
        var until = new Option<string>("--until") { Description = "The run is over, and a success, when the guest has written this text", DefaultValueFactory = _ => "" };
        var com1 = new Option<string>("--com1")
        {
            Description = "What lets COM1 interrupt: pc (OUT2, which the guest sets), direct (nothing, as in QEMU)",
            DefaultValueFactory = _ => "pc",
        };
        com1.AcceptOnlyFromAmong("pc", "direct");
        var level = new Option<string>("--level-device")
        {
            Description = "A PCI function that raises a level interrupt as often as its driver orders: none, wired, sampled (only its rise is visible)",
            DefaultValueFactory = _ => "none",
        };
        level.AcceptOnlyFromAmong(BootOptions.LevelDevices);
        var design = new Option<string>("--design")
        {
            Description = "A historic defect, built in on purpose: none, service-before-route (needs irqchip split), ack-at-eoi (needs user or split)",
            DefaultValueFactory = _ => "none",
        };
        design.AcceptOnlyFromAmong(BootOptions.Designs);
        var timeout = new Option<double>("--timeout") { Description = "Seconds until the guest is stopped; 0 for never" };
        var record = new Option<FileInfo?>("--record") { Description = "Write the events of the interrupt system to a file" };
        var device = new Option<string?>("--device") { Description = "KVM's device; /dev/kvm by default" };
        var xen = new Option<bool>("--xen") { Description = "The guest finds Xen: hypercalls, event channels, upcalls; needs irqchip user" };
        var viridian = new Option<bool>("--viridian") { Description = "With --xen: Hyper-V's CPUID leaves come before Xen's" };
        var fep = new Option<bool>("--fep") { Description = "With --xen: accept the forced-emulation prefix of test images" };
        var callback = new Option<string>("--callback")
        {
            Description = "With --xen: when the line of the callback is looked at: ack, or poll (each entry, as Xen does)",
            DefaultValueFactory = _ => "ack",
        };
        callback.AcceptOnlyFromAmong("ack", "poll");
        var json = new Option<bool>("--json") { Description = "Print JSON once the guest has ended, its console in it" };
        var command = new Command("boot", "Run a real guest on KVM with Wirq's chips")
        {
            image, cpus, memory, irqchip, x2apic, append, module, initrd, iommu, disk, entropy, input, prompt, until, com1, level, design, timeout, record, device, json, xen, viridian, fep, callback,
        };
        command.SetAction(parsed => Run(new BootOptions(parsed.GetValue(image)!, parsed.GetValue(cpus), parsed.GetValue(memory),
            parsed.GetValue(irqchip)!, parsed.GetValue(x2apic), parsed.GetValue(append)!, parsed.GetValue(module),
            parsed.GetValue(initrd), parsed.GetValue(iommu) == "vtd", parsed.GetValue(disk), parsed.GetValue(entropy),
            new ConsoleChoice(parsed.GetValue(input), parsed.GetValue(prompt)!, parsed.GetValue(until)!, parsed.GetValue(com1) == "direct"),
            parsed.GetValue(timeout), parsed.GetValue(record), parsed.GetValue(device), parsed.GetValue(json),
            new XenChoice(parsed.GetValue(xen), parsed.GetValue(viridian), parsed.GetValue(fep), parsed.GetValue(callback) == "poll"),
            parsed.GetValue(design)!, parsed.GetValue(level)!)));
        return command;
    }

    private static int Run(BootOptions options)
    {
        if (!KvmPlatform.IsHere)
        {
            Console.Error.WriteLine($"wirq boot runs a guest on KVM: {KvmPlatform.WhyNot}; wirq host says what works without");
            return CommandLine.NoEnd;
        }
        try
        {
            return Start(options);
        }
        catch (UsageException bad)
        {
            Console.Error.WriteLine(bad.Message);
            return CommandLine.BadInput;
        }
    }

    [SupportedOSPlatform("linux")]
    private static int Start(BootOptions options)
    {
        using var stop = new StopRequest(options.Timeout);
        // Before signals are caught: this waits for the reader of a pipe, and a signal must be able to end the program
        // then.
        using OutputFile? record = OutputFile.Open("--record", options.Record, options.Inputs, () => stop.IsImpatient);
        return BootSession.Start(options, record, stop);
    }
}
