using Wirq.Lab.Scenarios.Reading;

namespace Wirq.Board.Scripted;

/// <summary>All words of a device's scenario. The reader and the documentation use them.</summary>
internal static class DeviceWords
{
    internal static IReadOnlyList<string> Scenario { get; } = ["name", "about", "machine", "steps", "expect"];

    internal static IReadOnlyList<string> Machine { get; } = ["devices"];

    internal static IReadOnlyList<string> Device { get; } = ["pin", "msi", "msix", "served", "vendor", "device"];

    internal static WordList<bool> Pins { get; } = new(("A", true), ("none", false));

    internal static WordList<bool> Served { get; } = new(("write", false), ("read", true));

    internal static IReadOnlyList<string> Steps { get; } = ["time", "repeat", "wait", "expect"];

    internal static WordList<Deed> Deeds { get; } = new(("raise", Deed.Raise), ("lower", Deed.Lower), ("pulse", Deed.Pulse), ("send", Deed.Send), ("word", Deed.Word));

    internal const string Within = "within";

    internal static WordList<Awaited> Waits { get; } = new(("intx", Awaited.Intx), ("vectors", Awaited.Vectors), ("served", Awaited.Served),
        ("unmasked", Awaited.Unmasked), ("doorbell", Awaited.Doorbell), ("read", Awaited.Read), ("written", Awaited.Written), ("connected", Awaited.Connected));

    internal static WordList<int> Registers { get; } = new(("id", ScriptedRegisters.Id), ("status", ScriptedRegisters.Status), ("raised", ScriptedRegisters.Raised),
        ("sent", ScriptedRegisters.Sent), ("doorbell", ScriptedRegisters.Doorbell), ("word", ScriptedRegisters.Word));

    internal static IReadOnlyList<string> Bounds { get; } = ["least", "most"];
}
