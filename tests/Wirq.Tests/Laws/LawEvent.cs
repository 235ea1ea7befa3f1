using Wirq.Events;

namespace Wirq.Tests.Laws;

/// <summary>Events in few words, for histories that are built by hand.</summary>
internal static class LawEvent
{
    /// <summary>Vector 0x31 to APIC id 1.</summary>
    internal static readonly RedirectionEntry Level = RedirectionEntry.Create(0x31, 1, level: true);
    /// <summary>Vector 0x41 to APIC id 0.</summary>
    internal static readonly RedirectionEntry Edge = RedirectionEntry.Create(0x41, 0);

    internal static Event Rest => new(EventKind.Rest);

    internal static Event Connect(int source, int gsi, SourceKind kind = SourceKind.Wired) => new(EventKind.SourceConnected, (ushort)source, (uint)gsi, (ulong)kind);
    internal static Event Remove(int source, int gsi) => new(EventKind.SourceRemoved, (ushort)source, (uint)gsi);
    internal static Event Raise(int source, int gsi) => new(EventKind.SourceRaised, (ushort)source, (uint)gsi);
    internal static Event Lower(int source, int gsi, bool byAck = false) => new(EventKind.SourceLowered, (ushort)source, (uint)gsi, 2, byAck ? 1u : 0);
    internal static Event Withdraw(int source, int gsi) => new(EventKind.SourceWithdrawn, (ushort)source, (uint)gsi);
    internal static Event Line(int gsi, bool high) => new(EventKind.LineChanged, 0, (uint)gsi, high ? 1u : 0);
    internal static Event Ack(int source, int gsi) => new(EventKind.Ack, (ushort)source, (uint)gsi, 1);

    internal static Event Rise(int pin, int chip = 0) => new(EventKind.PinChanged, (ushort)chip, (uint)pin, 1);
    internal static Event Fall(int pin, int chip = 0) => new(EventKind.PinChanged, (ushort)chip, (uint)pin);
    internal static Event Write(int pin, RedirectionEntry entry, RedirectionEntry? old = null, int chip = 0) =>
        new(EventKind.EntryWritten, (ushort)chip, (uint)pin, entry.Bits, (old ?? RedirectionEntry.Reset).Bits);
    internal static Event EdgeLost(int pin, int chip = 0) => new(EventKind.EdgeLost, (ushort)chip, (uint)pin);
    internal static Event Accepted(int pin, bool level = true, int chip = 0) => new(EventKind.PinAccepted, (ushort)chip, (uint)pin, level ? 1u : 0);
    internal static Event Refused(int pin, bool level = true, int chip = 0) =>
        new(EventKind.PinRefused, (ushort)chip, (uint)pin, level ? 1u : 0, (ulong)RefusalReason.NoDestination);
    internal static Event IrrSet(int pin, byte vector = 0x31, int chip = 0) => new(EventKind.RemoteIrrSet, (ushort)chip, (uint)pin, vector);
    internal static Event IrrCleared(int pin, byte vector = 0x31, EndOfInterruptCause cause = EndOfInterruptCause.Broadcast, int chip = 0) =>
        new(EventKind.RemoteIrrCleared, (ushort)chip, (uint)pin, vector, (ulong)cause);
    internal static Event Coalesced(int pin) => new(EventKind.PinCoalesced, 0, (uint)pin);
    internal static Event PinAcked(int pin, int chip = 0) => new(EventKind.PinAcked, (ushort)chip, (uint)pin);
    internal static Event PinAckDeferred(int pin) => new(EventKind.PinAckDeferred, 0, (uint)pin);
    internal static Event PinResampled(int pin) => new(EventKind.PinResampled, 0, (uint)pin);
    internal static Event Braked(int pin) => new(EventKind.StormBraked, 0, (uint)pin, 1000);
    internal static Event Released(int pin) => new(EventKind.StormReleased, 0, (uint)pin);

    internal static Event Deliver(int pin, RedirectionEntry entry, int chip = 0) =>
        new(EventKind.Deliver, (ushort)chip, (uint)pin, entry.Message.Address.Bits, entry.Message.Data.Bits);
    internal static Event Taken(int pin, RedirectionEntry entry, int chip = 0) =>
        new(EventKind.MessageAccepted, 0, Origin.Pin(chip, pin).Bits, Decode(entry.Message).Bits, 1);
    internal static Event NotTaken(int pin, RedirectionEntry entry, int chip = 0) =>
        new(EventKind.MessageRefused, 0, Origin.Pin(chip, pin).Bits, Decode(entry.Message).Bits, (ulong)RefusalReason.NoDestination);

    internal static Event CpuEoi(int cpu, byte vector, bool level = true, bool suppressed = false) =>
        new(EventKind.CpuEoi, (ushort)cpu, 0, vector, (level ? 1u : 0) | (suppressed ? 2u : 0));
    internal static Event Broadcast(int cpu, byte vector) => new(EventKind.EoiBroadcast, (ushort)cpu, 0, vector);
    internal static Event EoiRegister(byte vector, ulong page = 0xFEC00000) => new(EventKind.MemoryMappedWrite, 0, 4, page + 0x40, vector);

    internal static Event Send(ushort device, Wirq.Msi message) =>
        new(EventKind.MessageSent, 0, Origin.Device(device).Bits, message.Address.Bits, message.Data.Bits);
    internal static Event SentTaken(ushort device, Wirq.Msi message) =>
        new(EventKind.MessageAccepted, 0, Origin.Device(device).Bits, Decode(message).Bits, 1);
    internal static Event SentRefused(ushort device, Wirq.Msi message) =>
        new(EventKind.MessageRefused, 0, Origin.Device(device).Bits, Decode(message).Bits, (ulong)RefusalReason.NoDestination);
    internal static Event MemoryWrite(ushort device, Wirq.Msi message) =>
        new(EventKind.MemoryWrite, 0, Origin.Device(device).Bits, message.Address.Bits, message.Data.Bits);

    internal static Event PicPin(int irq, bool high) => new(EventKind.PicPinChanged, 0, (uint)irq, high ? 1u : 0);
    internal static Event PicRequested(int irq, bool level = true) => new(EventKind.PicRequested, 0, (uint)irq, level ? 1u : 0);
    internal static Event PicTaken(int irq, byte vector, ulong flags = 0) => new(EventKind.PicTaken, 0, (uint)irq, vector, flags);
    internal static Event PicAcked(int irq) => new(EventKind.PicAcked, 0, (uint)irq);
    internal static Event PicMask(ushort mask) => new(EventKind.PicMaskChanged, 0, 0, mask);
    internal static Event VectorTaken(int cpu, byte vector, ulong from = 0) => new(EventKind.VectorTaken, (ushort)cpu, 0, vector, from);

    private static InterruptMessage Decode(Wirq.Msi message)
    {
        message.TryDecode(MsiFormat.ExtendedDestination, out InterruptMessage decoded);
        return decoded;
    }
}
