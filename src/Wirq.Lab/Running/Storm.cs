using System.Globalization;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Running;

/// <summary>An interrupt that a CPU took repeatedly, because none of its actions removed the request.</summary>
public sealed record Storm
{
    internal const string Grouped = "#,0";

    // Tens of thousands of sources may hold one line.
    private const int MostNamed = 4;

    /// <summary>The CPU.</summary>
    public required int Cpu { get; init; }
    /// <summary>The vector.</summary>
    public required byte Vector { get; init; }
    /// <summary>How often the CPU took it, either in a row or alternating with others.</summary>
    public required int Times { get; init; }
    /// <summary>Its origin, in words: a pin, an IRQ of the 8259s, a device, a timer; empty if it is not
    /// known.</summary>
    public required string From { get; init; }
    /// <summary>The line; -1 if it is not a line.</summary>
    public required int Gsi { get; init; }
    /// <summary>The holders of the line.</summary>
    public required IReadOnlyList<string> Holders { get; init; }
    /// <summary>The holders that the handler does not serve.</summary>
    public required IReadOnlyList<string> NotServed { get; init; }
    /// <summary>The position of the CPU's handler for the vector; null if there is none.</summary>
    public required FilePosition? Handler { get; init; }
    /// <summary>Whether it would never end. If false, the storm brake of the I/OAPIC ended it.</summary>
    public required bool Endless { get; init; }

    /// <summary>One sentence, without a full stop.</summary>
    public override string ToString() => Endless
        ? $"{Taken} in all, and the machine is where it was before, so that it never comes to rest: {Cause}"
        : $"{Taken} in all, until the storm brake held the pin: {Cause}";

    /// <summary>Which CPU took which vector, and how often.</summary>
    internal string Taken => string.Create(CultureInfo.InvariantCulture, $"cpu{Cpu} took 0x{Vector:x2} {Phrase.Times(Times, Grouped)}");

    /// <summary>Its origin, and the holders.</summary>
    internal string Source => From.Length == 0 ? "a source that is not known" : Gsi < 0 ? From
        : Holders.Count == 0 ? $"{From}, which nobody holds" : $"{From}, which {List(Holders)} hold{(Holders.Count == 1 ? "s" : "")}";

    /// <summary>Why it was repeated.</summary>
    internal string Cause => $"it comes from {Source}, and " + (Handler is not { } handler ? $"cpu{Cpu} has no handler for it"
        : Holders.Count == 0 ? $"its handler stands at line {handler.Line}"
        : NotServed.Count == 0 ? $"the handler at line {handler.Line} serves {List(Holders)} in vain"
        : $"the handler at line {handler.Line} does not serve {List(NotServed)}");

    private static string List(IReadOnlyList<string> names) => Phrase.All(names, MostNamed);
}
