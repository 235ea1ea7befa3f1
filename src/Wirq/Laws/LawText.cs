using Wirq.Events;

namespace Wirq.Laws;

/// <summary>The names that breaks call things by, and the counting that all laws do alike.</summary>
internal static class LawText
{
    internal static ulong Pack(int ioApic, int pin) => Origin.Pin(ioApic, pin).Bits;

    /// <summary>The pin in a datum made by <see cref="Pack"/>.</summary>
    internal static string Pin(ulong packed) => EventText.Pin(new Origin((uint)packed));

    /// <summary>The pin of an event that bears one in its Unit and Index.</summary>
    internal static string Pin(in Event e) => EventText.Pin(e.IoApic, e.Pin);
}

/// <summary>Small counters that stick at their ends, so that no history makes a state of ever new numbers.</summary>
internal static class Tally
{
    internal static void Up(ref byte count)
    {
        if (count != byte.MaxValue)
            count++;
    }

    internal static void Down(ref byte count)
    {
        if (count != 0)
            count--;
    }
}
