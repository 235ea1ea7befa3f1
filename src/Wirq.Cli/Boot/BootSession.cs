using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Wirq.Board.Loading;
using Wirq.Board.Machine;
using Wirq.Board.Memory;
using Wirq.Cli.Host;
using Wirq.Linux;
using Wirq.Linux.Probes;
using Wirq.Routing;

namespace Wirq.Cli.Boot;

/// <summary>Runs a guest from its image to its end.</summary>
[SupportedOSPlatform("linux")]
internal static class BootSession
{
    private const double LongestTimeout = 1_000_000;

    internal static int Start(BootOptions options)
    {
        MultibootImage image;
        byte[] module;
        try
        {
            Validate(options);
            image = MultibootImage.Open(options.Image);
            module = options.Module is null ? [] : File.ReadAllBytes(options.Module.FullName);
        }
        catch (Exception bad) when (bad is UsageException or ImageException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(bad.Message);
            return CommandLine.BadInput;
        }
        HostReport host = HostReport.Read(device: options.Device);
        if (host.Absent is { } absent)
        {
            HostAbsent.Paragraph(Console.Error, $"wirq boot needs KVM: {absent}; wirq host says what works without", 0);
            return BootCommand.NoEnd;
        }
        BootText.WriteHost(Console.Error, host, options);
        try
        {
            return Boot(options, image, module, host);
        }
        catch (ImageException bad)
        {
            Console.Error.WriteLine(bad.Message);
            return CommandLine.BadInput;
        }
        catch (Exception bad) when (bad is IOException or UnauthorizedAccessException)
        {
            // Without a recording it is the output that cannot be written.
            Console.Error.WriteLine(options.Record is null ? bad.Message : $"{options.Record}: {bad.Message}");
            return CommandLine.BadInput;
        }
        catch (KernelException refused)
        {
            Console.Error.WriteLine(refused.Message);
            return BootCommand.NoEnd;
        }
    }

    private static int Boot(BootOptions options, MultibootImage image, byte[] module, HostReport host)
    {
        using var console = new GuestConsole(options.Json ? null : Console.OpenStandardOutput());
        using var watch = new BoardWatch(Path.GetFileName(options.Image), options.Record is null ? null : options.Record.Create);
        using KvmSystem system = options.Device is null ? KvmSystem.Open() : KvmSystem.Open(options.Device);
        var pcOptions = new PcOptions
        {
            MemoryBytes = options.MemoryBytes,
            Console = console.Write,
            Board = new BoardOptions
            {
                Cpus = options.Cpus,
                Configuration = options.Configuration,
                X2Apic = options.X2Apic,
                Workarounds = host.Workarounds,
                Observe = watch.Begin,
            },
        };
        GuestEnd end;
        TimeSpan elapsed;
        using (var pc = new Pc(system, pcOptions))
        {
            pc.Load(image, options.Append, module);
            (end, elapsed) = RunToEnd(pc, options.Timeout);
        }
        // The vCPUs stand, so nothing more comes to the console or the watch.
        if (!console.Finish())
            Console.Error.WriteLine();
        var result = new BootResult(options, host, end, elapsed, watch);
        if (options.Json)
            BootJson.Write(result, console, Console.OpenStandardOutput());
        BootText.WriteEnd(Console.Error, result);
        return result.Status;
    }

    private static (GuestEnd, TimeSpan) RunToEnd(Pc pc, TimeSpan? timeout)
    {
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            pc.Board.End(new GuestEnd(GuestEndKind.Stopped,
                context.Signal == PosixSignal.SIGINT ? BootCommand.Interrupted : BootCommand.Terminated, $"by {context.Signal}"));
        }
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        long start = Stopwatch.GetTimestamp();
        pc.Board.Start();
        GuestEnd? end = pc.Board.Wait(timeout ?? Timeout.InfiniteTimeSpan);
        return (end ?? new GuestEnd(GuestEndKind.Timeout), Stopwatch.GetElapsedTime(start));
    }

    private static void Validate(BootOptions options)
    {
        if (options.Cpus is < 1 or > BoardOptions.MaxCpus)
            throw new UsageException($"--cpus takes 1 to {BoardOptions.MaxCpus}");
        if (options.MemoryBytes is < BoardMemory.MinBytes or > BoardMemory.MaxBytes)
            throw new UsageException($"--memory takes {BoardMemory.MinBytes >> 20} to {BoardMemory.MaxBytes >> 20} MiB");
        if (!(options.TimeoutSeconds is >= 0 and <= LongestTimeout))
            throw new UsageException($"--timeout takes seconds, 0 to {LongestTimeout}");
    }
}
