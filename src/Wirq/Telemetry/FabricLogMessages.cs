using Microsoft.Extensions.Logging;
using Wirq.Events;

namespace Wirq.Telemetry;

/// <summary>The ids of the messages of a <see cref="FabricLog"/>. They are stable: none is ever given to another
/// message.</summary>
public static class FabricLogEvents
{
    /// <summary>A guest did something that has no effect by the architecture. Warning, Wirq.Guest.</summary>
    public const int GuestMisuse = 100;
    /// <summary>A local APIC recorded an error, such as an illegal vector. Warning, Wirq.Guest.</summary>
    public const int ApicError = 101;
    /// <summary>An access to an MSR of a local APIC took <c>#GP</c>. Warning, Wirq.Guest.</summary>
    public const int MsrFault = 102;
    /// <summary>A message reached no CPU. Warning, Wirq.Guest.</summary>
    public const int MessageRefused = 103;
    /// <summary>A remapping unit blocked a message. Warning, Wirq.Guest.</summary>
    public const int RemappingFault = 104;
    /// <summary>The storm brake holds a line that no EOI lowers. Warning, Wirq.Guest.</summary>
    public const int Storm = 105;
    /// <summary>The host refused a call. Error, Wirq.Host.</summary>
    public const int HostRefused = 200;
    /// <summary>A virq lost its route to another: there are fewer GSIs than virqs that interrupt. Warning,
    /// Wirq.Routing.</summary>
    public const int RouteReclaimed = 300;
    /// <summary>Many virqs wait for a route. Information, Wirq.Routing.</summary>
    public const int RoutesWaitedFor = 301;
    /// <summary>The machine was reset. Information, Wirq.Machine.</summary>
    public const int MachineReset = 400;
}

/// <summary>The messages of a <see cref="FabricLog"/>.</summary>
internal static partial class FabricLogMessages
{
    [LoggerMessage(FabricLogEvents.GuestMisuse, LogLevel.Warning,
        "cpu{Cpu} does what has no effect: {What}, 0x{Value:x} at 0x{Where:x} ({Count} times so far, of those that were not left out)")]
    internal static partial void GuestMisuse(ILogger logger, int cpu, Misuse what, ulong where, ulong value, ulong count);

    [LoggerMessage(FabricLogEvents.ApicError, LogLevel.Warning, "the local APIC of cpu{Cpu} records {Errors} ({Count} times so far)")]
    internal static partial void ApicError(ILogger logger, int cpu, ErrorStatus errors, ulong count);

    [LoggerMessage(FabricLogEvents.MsrFault, LogLevel.Warning,
        "cpu{Cpu} takes #GP at MSR 0x{Msr:x}, value 0x{Value:x} ({Count} times so far)")]
    internal static partial void MsrFault(ILogger logger, int cpu, uint msr, ulong value, ulong count);

    [LoggerMessage(FabricLogEvents.MessageRefused, LogLevel.Warning,
        "vector 0x{Vector:x2} of {Sender} reaches no CPU: {Reason} ({Count} times so far)")]
    internal static partial void MessageRefused(ILogger logger, Origin sender, byte vector, RefusalReason reason, ulong count);

    [LoggerMessage(FabricLogEvents.RemappingFault, LogLevel.Warning,
        "remapping unit {Unit} blocks a message of {Sender}, fault reason 0x{Reason:x} ({Count} times so far)")]
    internal static partial void RemappingFault(ILogger logger, Origin sender, int unit, ulong reason, ulong count);

    [LoggerMessage(FabricLogEvents.Storm, LogLevel.Warning,
        "pin {Pin} of I/OAPIC {IoApic} is still asserted after every EOI: held until {Deadline} ns; does its driver serve the device? ({Count} times so far)")]
    internal static partial void Storm(ILogger logger, int ioApic, int pin, long deadline, ulong count);

    [LoggerMessage(FabricLogEvents.HostRefused, LogLevel.Error, "{Call} for GSI {Gsi} failed with errno {Errno}: {Advice} ({Count} times so far)")]
    internal static partial void HostRefused(ILogger logger, string call, int gsi, int errno, string advice, ulong count);

    [LoggerMessage(FabricLogEvents.RouteReclaimed, LogLevel.Warning,
        "virq {Virq} loses its route, GSI {Gsi}, to another, as all {Budget} GSIs are in use or the kernel refused it ({Count} times so far)")]
    internal static partial void RouteReclaimed(ILogger logger, int virq, int gsi, int budget, ulong count);

    [LoggerMessage(FabricLogEvents.RoutesWaitedFor, LogLevel.Information, "{Waiting} virqs wait for a route; there are {Budget} GSIs")]
    internal static partial void RoutesWaitedFor(ILogger logger, long waiting, int budget);

    [LoggerMessage(FabricLogEvents.MachineReset, LogLevel.Information, "the machine is reset")]
    internal static partial void MachineReset(ILogger logger);
}
