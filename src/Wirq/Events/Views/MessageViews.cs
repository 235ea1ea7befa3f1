namespace Wirq.Events;

/// <summary>A device sent a message.</summary>
/// <param name="Origin">The device.</param>
/// <param name="Message">Address and data.</param>
internal readonly record struct MessageSent(Origin Origin, Msi Message) : IEventView<MessageSent>
{
    /// <inheritdoc/>
    public static MessageSent Of(in Event e) => new(e.Origin, e.Msi);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.MessageSent, 0, Origin.Bits, Message.Address.Bits, Message.Data.Bits);
}

/// <summary>A message reached no local APIC.</summary>
/// <param name="Origin">The sender.</param>
/// <param name="Message">As the local APICs see it.</param>
/// <param name="Reason">Why.</param>
internal readonly record struct MessageRefused(Origin Origin, InterruptMessage Message, RefusalReason Reason)
    : IEventView<MessageRefused>
{
    /// <inheritdoc/>
    public static MessageRefused Of(in Event e) => new(e.Origin, e.Message, e.Reason);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.MessageRefused, 0, Origin.Bits, Message.Bits, (ulong)Reason);
}

/// <summary>A message was accepted by the bus.</summary>
/// <param name="Origin">The sender.</param>
/// <param name="Message">As the local APICs see it.</param>
/// <param name="Cpus">How many CPUs accepted it; 0 if a kernel took it, which does not report the number.</param>
public readonly record struct MessageAccepted(Origin Origin, InterruptMessage Message, ulong Cpus)
    : IEventView<MessageAccepted>
{
    /// <inheritdoc/>
    public static MessageAccepted Of(in Event e) => new(e.Origin, e.Message, e.B);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.MessageAccepted, 0, Origin.Bits, Message.Bits, Cpus);
}

/// <summary>Effect. A message outside the interrupt window writes guest memory.</summary>
/// <param name="Unit">Number of the remapping unit that writes; 0 otherwise.</param>
/// <param name="Origin">The sender.</param>
/// <param name="Address">Guest-physical address.</param>
/// <param name="Data">32 bits, little-endian.</param>
internal readonly record struct MemoryWrite(int Unit, Origin Origin, ulong Address, uint Data) : IEventView<MemoryWrite>
{
    /// <inheritdoc/>
    public static MemoryWrite Of(in Event e) => new(e.Unit, e.Origin, e.A, (uint)e.B);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.MemoryWrite, (ushort)Unit, Origin.Bits, Address, Data);
}
