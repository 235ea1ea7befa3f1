using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Wirq.Board.Tests.Updates;

/// <summary>One number for each device.</summary>
[InlineArray(Count)]
internal struct PerDevice
{
    internal const int Count = 9;

    private long _first;
}

/// <summary>The account of guest and devices, in guest memory: it goes on across updates, and whoever has the memory can read
/// it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GuestAccount
{
    /// <summary>Its guest-physical address, behind the mailbox guest.</summary>
    internal const int Address = 3 << 20;

    /// <summary>What the guest's handler has still to do (<see cref="HandlerStage"/>), and the interrupts that it has
    /// begun.</summary>
    public long Stage, Begun;
    /// <summary>Interrupts, and those of them for which no device had triggered.</summary>
    public long Interrupts, Repeated;
    /// <summary>Updates that the machine is to make, and those that it has made.</summary>
    public long Wanted, Updates;
    /// <summary>Whether it is to end.</summary>
    public long End;
    /// <summary>The last trigger of each device, and the last that the guest has served.</summary>
    public PerDevice Published, Served;

    internal static ref GuestAccount In(Span<byte> memory) => ref MemoryMarshal.AsRef<GuestAccount>(memory[Address..]);
}

/// <summary>What the handler of a guest has still to do.</summary>
internal enum HandlerStage
{
    /// <summary>No handler runs.</summary>
    None,
    /// <summary>The EOI is on its way.</summary>
    Eoi,
    /// <summary>The IRET is on its way.</summary>
    Iret,
    /// <summary>An order of the set-up is on its way.</summary>
    Order,
}
