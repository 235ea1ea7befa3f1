namespace Wirq.Events;

/// <summary>Events in words.</summary>
public static class EventText
{
    /// <summary>One event, in one line, without its time.</summary>
    public static string Describe(in Event e) => $"{e.Kind} {e.Unit} {e.Index} 0x{e.A:x} 0x{e.B:x}";
}
