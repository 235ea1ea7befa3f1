using System.Runtime.Versioning;
using Wirq.Board.Devices;
using Wirq.Board.Devices.Pci;
using Wirq.Board.Historic;
using Wirq.Board.Machine;
using Wirq.Board.Xen;
using Wirq.Linux.Probes;
using Wirq.Xen;

namespace Wirq.Cli.Boot;

/// <summary>The options of <c>wirq boot</c>.</summary>
internal sealed record BootOptions(string Image, int Cpus, int Mebibytes, string IrqChip, bool X2Apic, string Append,
    FileInfo? Module, FileInfo? Initrd, bool Vtd, FileInfo? Disk, bool Entropy, ConsoleChoice Console,
    double TimeoutSeconds, FileInfo? Record, string? Device, bool Json, XenChoice Xen,
    string Design, string LevelDevice)
{
    internal ulong MemoryBytes => (ulong)Math.Max(Mebibytes, 0) << 20;

    /// <summary>The time limit of the guest; null for none.</summary>
    internal TimeSpan? Timeout => TimeoutSeconds > 0 ? TimeSpan.FromSeconds(TimeoutSeconds) : null;

    /// <summary>The file that the image gets: a module, or Linux's initial RAM disk.</summary>
    internal FileInfo? Payload => Initrd ?? Module;

    /// <summary>The files that are read.</summary>
    internal IEnumerable<string> Inputs => new[] { Image, Payload?.FullName, Disk?.FullName, Console.InputFile, Device ?? "/dev/kvm" }.OfType<string>();

    /// <summary>The words of <c>--design</c>. The defects have the names of the laboratory's designs.</summary>
    internal static readonly string[] Designs = ["none", "service-before-route", "ack-at-eoi"];

    /// <summary>The words of <c>--level-device</c>.</summary>
    internal static readonly string[] LevelDevices = ["none", "wired", "sampled"];

    internal BoardDesign BoardDesign => (BoardDesign)Designs.IndexOf(Design);

    internal LevelDeviceKind LevelDeviceKind => (LevelDeviceKind)LevelDevices.IndexOf(LevelDevice);

    [SupportedOSPlatform("linux")]
    internal DeliveryConfiguration Configuration => Enum.Parse<DeliveryConfiguration>(IrqChip, ignoreCase: true);
}

/// <summary>What is done with the guest's console.</summary>
/// <param name="Input">What is typed: a file, or <see cref="StandardInput"/>; null for nothing.</param>
/// <param name="Prompt">What each line of it waits for; empty for nothing.</param>
/// <param name="Until">The text with which the run is over; empty for none.</param>
/// <param name="DirectCom1">Whether COM1 interrupts without OUT2.</param>
internal sealed record ConsoleChoice(string? Input, string Prompt, string Until, bool DirectCom1)
{
    internal const string StandardInput = "-";

    internal string? InputFile => Input is null or StandardInput ? null : Input;

    [SupportedOSPlatform("linux")]
    internal SerialWiring Wiring => DirectCom1 ? SerialWiring.Direct : SerialWiring.Pc;
}

/// <summary>What of Xen's interface the guest gets.</summary>
/// <param name="Offered">Whether it gets it.</param>
/// <param name="Viridian">Whether Hyper-V's leaves of CPUID come first.</param>
/// <param name="ForcedEmulation">Whether the prefix of test images is accepted.</param>
/// <param name="Polls">Whether the line of a callback is looked at on each entry.</param>
internal sealed record XenChoice(bool Offered, bool Viridian, bool ForcedEmulation, bool Polls)
{
    [SupportedOSPlatform("linux")]
    internal XenGuestOptions? Options => Offered
        ? new XenGuestOptions { Viridian = Viridian, Callback = Polls ? CallbackPolicy.Poll : CallbackPolicy.Ack }
        : null;
}

/// <summary>The result of a run.</summary>
[SupportedOSPlatform("linux")]
internal sealed record BootResult(BootOptions Options, HostReport Host, GuestEnd End, TimeSpan Elapsed, BoardWatch Watch,
    long Misrouted, LevelDeviceCounts? LevelDevice)
{
    // QEMU's isa-debug-exit turns a written 0 into this. Guests write 0 for success.
    private const int GuestSucceeded = 1;

    /// <summary>The exit code of the command.</summary>
    internal required int Status { get; init; }

    /// <summary>The exit code if only the guest and the laws counted.</summary>
    internal static int StatusOf(GuestEnd end, BoardWatch watch) => end.Kind switch
    {
        GuestEndKind.Stopped => (int)end.Code,
        _ when watch.Laws.Any(law => law.Break is not null) => CommandLine.Failure,
        GuestEndKind.PowerOff or GuestEndKind.Text => CommandLine.Success,
        GuestEndKind.Crash => CommandLine.Failure,
        GuestEndKind.Exit => end.Code == GuestSucceeded ? CommandLine.Success : CommandLine.Failure,
        _ => CommandLine.NoEnd,
    };
}
