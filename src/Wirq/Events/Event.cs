using System.Runtime.InteropServices;

namespace Wirq.Events;

/// <summary>One thing that happened or has to be done. The meaning of the fields stands at each
/// <see cref="EventKind"/>; read them through the properties named after them where there are any.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Unit">CPU, I/OAPIC or source.</param>
/// <param name="Index">Pin, GSI, IRQ, size or origin.</param>
/// <param name="A">First datum.</param>
/// <param name="B">Second datum.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct Event(EventKind Kind, ushort Unit = 0, uint Index = 0, ulong A = 0, ulong B = 0)
{
    /// <summary>Virtual time in nanoseconds; stamped when the event is appended.</summary>
    public long Time { get; init; }

    /// <summary>Whether somebody has to carry it out.</summary>
    public bool IsEffect => Kind >= EventKind.RouteChanged;

    /// <summary>The CPU of an event of a local APIC or of an access.</summary>
    public int Cpu => Unit;
    /// <summary>The I/OAPIC of a pin's event.</summary>
    public int IoApic => Unit;
    /// <summary>The pin of an I/OAPIC's event.</summary>
    public int Pin => (int)Index;
    /// <summary>The IRQ, 0 to 15, of an 8259's event.</summary>
    public int Irq => (int)Index;
    /// <summary>The GSI of a line's or source's event.</summary>
    public int Gsi => (int)Index;
    /// <summary>The slot of a source's event.</summary>
    public int Source => Unit;
    /// <summary>The vector, where A is one.</summary>
    public byte Vector => (byte)A;
    /// <summary>Who caused it, where Index is an origin.</summary>
    public Origin Origin => new(Index);
    /// <summary>The message as the local APICs see it, where A is one.</summary>
    public InterruptMessage Message => new(A);
    /// <summary>The message as a memory write, where A is an address and B data.</summary>
    public Msi Msi => new(A, (uint)B);
    /// <summary>The new redirection entry, where A is one.</summary>
    public RedirectionEntry Entry => new(A);
    /// <summary>The redirection entry before, where B is one.</summary>
    public RedirectionEntry OldEntry => new(B);
    /// <summary>Why it was refused, where B says so.</summary>
    public RefusalReason Reason => (RefusalReason)B;

    /// <inheritdoc/>
    public override string ToString() => EventText.Describe(this);
}
