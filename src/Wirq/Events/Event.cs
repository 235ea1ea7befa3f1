using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Wirq.Routing;

namespace Wirq.Events;

/// <summary>One thing that happened or has to be done. Each <see cref="EventKind"/> documents the meaning of its
/// fields. Read them through the properties with their names if there are any, else through the view of the
/// kind.</summary>
/// <remarks>Four words of 64 bits, the first of them:<code>
///  63         32 31    16 15     0
/// +-------------+--------+--------+
/// |    index    |  unit  |  kind  |
/// +-------------+--------+--------+
/// </code>Words, because events are copied very often. A processor that loads what it has just stored stalls if the
/// load is wider than the stores.</remarks>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct Event
{
    private const int UnitShift = 16, IndexShift = 32;

    private readonly ulong _what, _a, _b;
    private readonly long _time;

    /// <summary>Makes an event.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="unit">CPU, I/OAPIC or source.</param>
    /// <param name="index">Pin, GSI, IRQ, size or origin.</param>
    /// <param name="a">First datum.</param>
    /// <param name="b">Second datum.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Event(EventKind kind, ushort unit = 0, uint index = 0, ulong a = 0, ulong b = 0)
    {
        _what = (ulong)kind | (ulong)unit << UnitShift | (ulong)index << IndexShift;
        _a = a;
        _b = b;
    }

    /// <summary>Its kind.</summary>
    public EventKind Kind => (EventKind)(ushort)_what;
    /// <summary>CPU, I/OAPIC or source.</summary>
    public ushort Unit => (ushort)(_what >> UnitShift);
    /// <summary>Pin, GSI, IRQ, size or origin.</summary>
    public uint Index => (uint)(_what >> IndexShift);
    /// <summary>First datum.</summary>
    public ulong A
    {
        get => _a;
        init => _a = value;
    }
    /// <summary>Second datum.</summary>
    public ulong B
    {
        get => _b;
        init => _b = value;
    }
    /// <summary>Virtual time in nanoseconds; stamped when the event is appended.</summary>
    public long Time
    {
        get => _time;
        init => _time = value;
    }

    /// <summary>Copies this event word by word, with another time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Copy(in Event from, long time, out Event to)
    {
        Unsafe.SkipInit(out to);
        Unsafe.AsRef(in to._what) = from._what;
        Unsafe.AsRef(in to._a) = from._a;
        Unsafe.AsRef(in to._b) = from._b;
        Unsafe.AsRef(in to._time) = time;
    }

    /// <summary>The same event with another unit and another time.</summary>
    internal Event Of(ushort unit, long time) => new(Kind, unit, Index, _a, _b) { Time = time };

    /// <summary>Whether it has to be carried out.</summary>
    public bool IsEffect => Kind.IsEffect;

    /// <summary>The part of the machine that it belongs to.</summary>
    public Subsystem Subsystem => Kind.Subsystem;

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
    /// <summary>The vector, if A is one.</summary>
    public byte Vector => (byte)A;
    /// <summary>What caused it, if Index is an origin.</summary>
    public Origin Origin => new(Index);
    /// <summary>The message as the local APICs see it, where A is one.</summary>
    public InterruptMessage Message => new(A);
    /// <summary>The message as a memory write, where A is an address and B data.</summary>
    public Msi Msi => new(A, (uint)B);
    /// <summary>The new redirection entry, where A is one.</summary>
    public RedirectionEntry Entry => new(A);
    /// <summary>The redirection entry before, where B is one.</summary>
    public RedirectionEntry OldEntry => new(B);
    /// <summary>The eventfd, where A is one.</summary>
    public EventFd EventFd => new((int)A);
    /// <summary>Why it was refused, where B says so.</summary>
    public RefusalReason Reason => (RefusalReason)B;

    /// <inheritdoc/>
    public override string ToString() => EventText.Describe(this);
}
