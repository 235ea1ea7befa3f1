namespace Wirq.Events;

/// <summary>Events in words.</summary>
public static class EventText
{
    /// <summary>A pin's name.</summary>
    internal static string Pin(int ioApic, int pin) => $"pin {pin} of I/OAPIC {ioApic}";

    /// <summary>The name of a pin that is an origin.</summary>
    internal static string Pin(Origin origin) => Pin(origin.Unit, origin.Index);

    /// <summary>One event, in one line, without its time.</summary>
    public static string Describe(in Event e) => $"{e.Kind} {e.Unit} {e.Index} 0x{e.A:x} 0x{e.B:x}";
}
