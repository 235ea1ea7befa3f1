using System.Globalization;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Running;

/// <summary>An interrupt that a CPU took again and again, because nothing that it did made the request go.</summary>
public sealed record Storm
{
    internal const string Grouped = "#,0";

    // Tens of thousands may hold one line.
    private const int MostNamed = 4;

    /// <summary>The CPU.</summary>
    public required int Cpu { get; init; }
    /// <summary>The vector.</summary>
    public required byte Vector { get; init; }
    /// <summary>How often the CPU took it, one time after another or in turn with others.</summary>
    public required int Times { get; init; }
    /// <summary>Where it came from, in words: a pin, an IRQ of the 8259s, a device, a timer; empty where that is not
    /// known.</summary>
    public required string From { get; init; }
    /// <summary>The line; -1 where it is none.</summary>
    public required int Gsi { get; init; }
    /// <summary>Who holds the line.</summary>
    public required IReadOnlyList<string> Holders { get; init; }
    /// <summary>Which of them the handler does not serve.</summary>
    public required IReadOnlyList<string> NotServed { get; init; }
    /// <summary>Where the CPU's handler for the vector stands; null where there is none.</summary>
    public required FilePosition? Handler { get; init; }
    /// <summary>Whether it would go on for ever; else the storm brake of the I/OAPIC ended it.</summary>
    public required bool Endless { get; init; }

    /// <summary>One sentence, without a full stop.</summary>
    public override string ToString() => Endless
        ? $"{Taken} in all, and the machine is where it was before, so that it never comes to rest: {Cause}"
        : $"{Taken} in all, until the storm brake held the pin: {Cause}";

    /// <summary>Who took what, how often.</summary>
    internal string Taken => string.Create(CultureInfo.InvariantCulture, $"cpu{Cpu} took 0x{Vector:x2} {Phrase.Times(Times, Grouped)}");

    /// <summary>Where it comes from, and who holds that.</summary>
    internal string Source => From.Length == 0 ? "a source that is not known" : Gsi < 0 ? From
        : Holders.Count == 0 ? $"{From}, which nobody holds" : $"{From}, which {List(Holders)} hold{(Holders.Count == 1 ? "s" : "")}";

    /// <summary>Why it came again.</summary>
    internal string Cause => $"it comes from {Source}, and " + (Handler is not { } handler ? $"cpu{Cpu} has no handler for it"
        : Holders.Count == 0 ? $"its handler stands at line {handler.Line}"
        : NotServed.Count == 0 ? $"the handler at line {handler.Line} serves {List(Holders)} in vain"
        : $"the handler at line {handler.Line} does not serve {List(NotServed)}");

    private static string List(IReadOnlyList<string> names) => Phrase.All(names, MostNamed);
}
