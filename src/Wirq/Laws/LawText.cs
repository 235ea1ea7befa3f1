using Wirq.Events;

namespace Wirq.Laws;

/// <summary>The names used in breaks, and the counters that all laws share.</summary>
internal static class LawText
{
    internal static ulong Pack(int ioApic, int pin) => Origin.Pin(ioApic, pin).Bits;

    /// <summary>The pin in a datum made by <see cref="Pack"/>.</summary>
    internal static string Pin(ulong packed) => EventText.Pin(new Origin((uint)packed));

    /// <summary>The pin in the Unit and Index of an event.</summary>
    internal static string Pin(in Event e) => EventText.Pin(e.IoApic, e.Pin);
}

/// <summary>Small saturating counters, so that a long history does not make ever new states.</summary>
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
