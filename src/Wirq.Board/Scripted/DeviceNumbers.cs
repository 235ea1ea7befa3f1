using Wirq.Linux.VfioUser;

namespace Wirq.Board.Scripted;

/// <summary>The numbers of a scripted device, by the names that a scenario has for them.</summary>
internal static class DeviceNumbers
{
    private static readonly (string Name, Func<PciFunction, ScriptedRegisters, long> Of)[] s_all =
    [
        ("raised", (function, _) => function.Interrupts.Raised),
        ("signalled", (function, _) => function.Interrupts.Signalled),
        ("again", (function, _) => function.Interrupts.SignalledAgain),
        ("served", (_, registers) => registers.Served),
        ("slowest", (_, registers) => registers.LongestLatency),
        ("unmasks", (function, _) => function.Interrupts.Unmasks),
        ("by-message", (function, _) => function.Interrupts.UnmaskMessages),
        ("by-eventfd", (function, _) => function.Interrupts.UnmaskEventFds),
        ("needless", (function, _) => function.Interrupts.NeedlessUnmasks),
        ("early", (function, _) => function.Interrupts.EarlyUnmasks),
        ("idle", (function, _) => function.Interrupts.IdleUnmasks),
        ("masks", (function, _) => function.Interrupts.Masks),
        ("disintx", (function, _) => function.Interrupts.InterruptDisables),
        (Sent, (function, _) => function.Interrupts.AllSent),
        (Lost, (function, _) => function.Interrupts.AllLost),
        ("by-client", (function, _) => function.Interrupts.ByClient),
        ("triggers-set", (function, _) => function.Interrupts.TriggersSet),
        ("triggers-swapped", (function, _) => function.Interrupts.TriggersSwapped),
        ("triggers-removed", (function, _) => function.Interrupts.TriggersRemoved),
        ("reads", (function, _) => function.Accesses.RegisterReads),
        ("writes", (function, _) => function.Accesses.RegisterWrites),
        ("table", (function, _) => function.Accesses.TableReads + function.Accesses.TableWrites),
        ("config", (function, _) => function.Accesses.ConfigReads + function.Accesses.ConfigWrites),
        ("resets", (function, _) => function.Accesses.Resets),
        ("refused", (function, _) => function.Accesses.Refused),
        ("connections", (function, _) => function.Accesses.Connections),
        ("doorbell", (_, registers) => registers.DoorbellValue),
    ];

    private const string Sent = "sent", Lost = "lost";

    /// <summary>All names.</summary>
    internal static IReadOnlyList<string> Names { get; } = [.. s_all.Select(one => one.Name)];

    /// <summary>Whether a number is one of each vector.</summary>
    internal static bool IsByVector(string name) => name is Sent or Lost;

    /// <summary>A number.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="vector">Of which vector; -1 for all.</param>
    /// <param name="function">The device.</param>
    /// <param name="registers">Its registers.</param>
    internal static long Of(string name, int vector, PciFunction function, ScriptedRegisters registers) =>
        vector >= 0 ? (name == Sent ? function.Interrupts.Sent : function.Interrupts.Lost)[vector] : Array.Find(s_all, one => one.Name == name).Of(function, registers);
}
