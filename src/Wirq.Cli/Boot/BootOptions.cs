using System.Runtime.Versioning;
using Wirq.Board.Machine;
using Wirq.Linux.Probes;

namespace Wirq.Cli.Boot;

/// <summary>The options of <c>wirq boot</c>.</summary>
internal sealed record BootOptions(string Image, int Cpus, int Mebibytes, string IrqChip, bool X2Apic, string Append,
    FileInfo? Module, double TimeoutSeconds, FileInfo? Record, string? Device, bool Json)
{
    internal ulong MemoryBytes => (ulong)Math.Max(Mebibytes, 0) << 20;

    /// <summary>How long the guest may run; null for ever.</summary>
    internal TimeSpan? Timeout => TimeoutSeconds > 0 ? TimeSpan.FromSeconds(TimeoutSeconds) : null;

    /// <summary>The files that are read.</summary>
    internal IEnumerable<string> Inputs => new[] { Image, Module?.FullName, Device ?? "/dev/kvm" }.OfType<string>();

    [SupportedOSPlatform("linux")]
    internal DeliveryConfiguration Configuration => Enum.Parse<DeliveryConfiguration>(IrqChip, ignoreCase: true);
}

/// <summary>What came of it.</summary>
[SupportedOSPlatform("linux")]
internal sealed record BootResult(BootOptions Options, HostReport Host, GuestEnd End, TimeSpan Elapsed, BoardWatch Watch)
{
    // What QEMU's isa-debug-exit makes of a 0, by which guests say that all went well.
    private const int GuestSucceeded = 1;

    /// <summary>What the command answers its caller.</summary>
    internal required int Status { get; init; }

    /// <summary>What it would answer, if only the guest and the laws counted.</summary>
    internal static int StatusOf(GuestEnd end, BoardWatch watch) => end.Kind switch
    {
        GuestEndKind.Stopped => (int)end.Code,
        _ when watch.Laws.Any(law => law.Break is not null) => CommandLine.Failure,
        GuestEndKind.Exit => end.Code == GuestSucceeded ? CommandLine.Success : CommandLine.Failure,
        _ => CommandLine.NoEnd,
    };
}
