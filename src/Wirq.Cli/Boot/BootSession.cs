using System.Runtime.Versioning;
using Wirq.Board.Devices.Pci;
using Wirq.Board.Historic;
using Wirq.Board.Loading;
using Wirq.Board.Machine;
using Wirq.Board.Memory;
using Wirq.Cli.Host;
using Wirq.Cli.Outputs;
using Wirq.Linux;
using Wirq.Linux.Probes;
using Wirq.Routing;

namespace Wirq.Cli.Boot;

/// <summary>Runs a guest from its image to its end.</summary>
[SupportedOSPlatform("linux")]
internal static class BootSession
{
    private const double LongestTimeout = 1_000_000;

    internal static int Start(BootOptions options, OutputFile? record, StopRequest stop)
    {
        try
        {
            using var errors = new OutputPump(StandardStreams.OpenError(), "stderr");
            using var words = new StreamWriter(errors, leaveOpen: true) { AutoFlush = true };
            int status = Start(options, record, words, errors, stop);
            // The status also contains failures that could not be printed.
            errors.Flush(() => stop.IsDue);
            return status;
        }
        // No thread is left even for the messages.
        catch (KernelException refused)
        {
            Console.Error.WriteLine(refused.Message);
            return CommandLine.NoEnd;
        }
    }

    private static int Start(BootOptions options, OutputFile? record, TextWriter words, OutputPump errors, StopRequest stop)
    {
        BoardImage image;
        byte[] module, disk;
        GuestTyping typing;
        try
        {
            Validate(options);
            image = BoardImage.Open(options.Image);
            module = options.Payload is null ? [] : ImageFile.Read(options.Payload.FullName);
            disk = options.Disk is null ? [] : ImageFile.Read(options.Disk.FullName);
            if (options.Disk is not null && disk.Length == 0)
                throw new ImageException(options.Disk.FullName, -1, "expected the content of a disk; the file is empty");
            typing = GuestTyping.Open(options.Console);
        }
        catch (Exception bad) when (bad is UsageException or ImageException)
        {
            words.WriteLine(bad.Message);
            return CommandLine.BadInput;
        }
        using GuestTyping opened = typing;
        HostReport host = HostReport.Read(device: options.Device);
        if (host.Absent is { } absent)
        {
            Paragraph.Write(words, $"wirq boot needs KVM: {absent}; wirq host says what works without", 0);
            return CommandLine.NoEnd;
        }
        BootText.WriteHost(words, host, options);
        // Before the guest writes to the same terminal.
        errors.Flush(() => true);
        try
        {
            return Boot(options, record, image, module, disk, typing, host, words, stop);
        }
        catch (ImageException bad)
        {
            words.WriteLine(bad.Message);
            return CommandLine.BadInput;
        }
        catch (KernelException refused)
        {
            Paragraph.Write(words, $"wirq: this host refuses: {refused.Message}", 0);
            return CommandLine.NoEnd;
        }
    }

    private static int Boot(BootOptions options, OutputFile? record, BoardImage image, byte[] module, byte[] disk, GuestTyping typing,
        HostReport host, TextWriter words, StopRequest stop)
    {
        stop.Listen();
        using var output = new OutputPump(StandardStreams.OpenOutput(), "stdout");
        var console = new GuestConsole(options.Json ? null : output);
        using var watch = new BoardWatch(Path.GetFileName(options.Image), record is null ? null : () => record.Stream);
        using KvmSystem system = options.Device is null ? KvmSystem.Open() : KvmSystem.Open(options.Device);
        var pcOptions = new PcOptions
        {
            MemoryBytes = options.MemoryBytes,
            Console = value =>
            {
                console.Write(value);
                typing.Saw(value);
            },
            SerialWiring = options.Console.Wiring,
            Marked = watch.Mark,
            Sending = watch.Sending,
            Disk = disk,
            Entropy = options.Entropy,
            LevelDevice = options.LevelDeviceKind,
            ForcedEmulation = options.Xen.ForcedEmulation,
            Board = new BoardOptions
            {
                Cpus = options.Cpus,
                Configuration = options.Configuration,
                X2Apic = options.X2Apic,
                Workarounds = host.Workarounds,
                Observe = watch.Begin,
                Xen = options.Xen.Options,
                Vtd = options.Vtd,
                Design = options.BoardDesign,
            },
        };
        GuestEnd end;
        TimeSpan elapsed;
        long misrouted;
        LevelDeviceCounts? levelDevice;
        using (var pc = new Pc(system, pcOptions))
        {
            pc.Load(image, options.Append, module);
            try
            {
                typing.Start(pc);
                (end, elapsed) = stop.Run(pc.Board);
            }
            finally
            {
                // A guest that waits for its reader would prevent its vCPU from stopping.
                output.LetGo();
                typing.Stop();
            }
            (misrouted, levelDevice) = (pc.Board.Misrouted, pc.LevelDevice);
        }
        // The vCPUs are stopped, so nothing more comes to the console or the watch.
        watch.Complete();
        int status = BootResult.StatusOf(end, watch);
        var result = new BootResult(options, host, end, elapsed, watch, misrouted, levelDevice) { Status = record?.Complete(status, words) ?? status };
        if (options.Json)
            BootJson.Write(result, console, output);
        bool written = output.Flush(() => stop.IsDue);
        if (console.EndsInLine)
            words.WriteLine();
        BootText.WriteEnd(words, result);
        if (typing.Failure is { } failure)
            Paragraph.Write(words, $"wirq: {failure}", 0);
        if (written)
            return result.Status;
        BootText.WriteLost(words, output);
        return result.Status != CommandLine.Success ? result.Status : (int)(stop.Stopped?.Code ?? CommandLine.Unwritten);
    }

    private static void Validate(BootOptions options)
    {
        if (options.Cpus is < 1 or > BoardOptions.MaxCpus)
            throw new UsageException($"--cpus takes 1 to {BoardOptions.MaxCpus}");
        if (options.MemoryBytes is < BoardMemory.MinBytes or > BoardMemory.MaxBytes)
            throw new UsageException($"--memory takes {BoardMemory.MinBytes >> 20} to {BoardMemory.MaxBytes >> 20} MiB");
        if (options is { Module: not null, Initrd: not null })
            throw new UsageException("an image gets one file: --initrd or --module, not both");
        if (options.Vtd && options.Configuration == DeliveryConfiguration.Kernel)
            throw new UsageException("--iommu vtd needs --irqchip user or split: the kernel's I/OAPIC sends past Wirq's unit");
        if (options.BoardDesign == BoardDesign.ServiceBeforeRoute && options.Configuration != DeliveryConfiguration.Split)
            throw new UsageException("--design service-before-route needs --irqchip split: elsewhere no pin of Wirq's has a route in a kernel that could be late");
        if (options.BoardDesign == BoardDesign.AckAtEoi && options.Configuration == DeliveryConfiguration.Kernel)
            throw new UsageException("--design ack-at-eoi needs --irqchip user or split: with kernel, the I/OAPIC is KVM's");
        if (options.Xen is { Offered: true } && options.Configuration != DeliveryConfiguration.User)
            throw new UsageException($"--xen needs --irqchip user, because upcalls go into Wirq's local APICs; this is --irqchip {options.IrqChip}");
        if (options.Xen is { Offered: false, Viridian: true } or { Offered: false, ForcedEmulation: true } or { Offered: false, Polls: true })
            throw new UsageException("--viridian, --fep and --callback say how the guest finds Xen: give --xen too");
        if (options.Console is { Input: null, Prompt.Length: > 0 })
            throw new UsageException("--prompt says what each line of the input waits for: give --input too");
        if (!(options.TimeoutSeconds is >= 0 and <= LongestTimeout))
            throw new UsageException($"--timeout takes seconds, 0 to {LongestTimeout}");
    }
}
