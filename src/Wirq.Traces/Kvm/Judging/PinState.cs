using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Judging;

/// <summary>A raise under a mask that the device took back.</summary>
internal sealed record WithdrawnRaise(Mark Raised, Mark Fell, Mark? MaskSince, VectorCount? Served);

/// <summary>What a log tells of a pin of the I/OAPIC: KVM's own, or the entry alone where the VMM has the chip.</summary>
internal sealed class PinState(int pin)
{
    private const ulong MaskBit = 1 << 16, LevelBit = 1 << 15, LogicalBit = 1 << 11;

    private ulong _high, _known;

    internal int Pin => pin;
    internal string Name => Sender.PinName(pin);

    /// <summary>The low half of the entry, where a write or a record tells it.</summary>
    internal KvmFact? Low { get; private set; }
    internal uint? Destination { get; private set; }
    internal Mark? MaskSince { get; private set; }
    internal Mark? UnmaskedAt { get; private set; }
    /// <summary>The guest gave it a vector, at some time.</summary>
    internal bool Programmed { get; private set; }

    internal int Vector => Low is { } low ? (int)(low.Value & 0xFF) : -1;
    internal DeliveryMode? Mode => Low is { } low ? (DeliveryMode)(low.Value >> 8 & 7) : null;
    internal bool Masked => Low is { } low && (low.Value & MaskBit) != 0;
    internal bool Level => Low is { } low && (low.Value & LevelBit) != 0;
    internal bool Logical => Low is { } low && (low.Value & LogicalBit) != 0;

    /// <summary>Whether a source holds the line.</summary>
    internal bool IsHeldBy(int source) => (_high >> (source & 63) & 1) != 0;

    /// <summary>Some source holds the line.</summary>
    internal bool High => _high != 0 || ImpliedHigh;
    /// <summary>The line must be high, for its interrupt was delivered again at an EOI.</summary>
    internal bool ImpliedHigh { get; set; }
    internal bool LineKnown => _known != 0;
    internal Mark? Raised { get; set; }
    internal int RaisedEpoch { get; set; }
    internal bool RaisedUnderMask { get; set; }
    internal Mark? LostEdge { get; set; }
    internal WithdrawnRaise? Withdrawn { get; set; }
    /// <summary>Delivered, and no EOI has come (Remote IRR).</summary>
    internal (Mark At, int Vector, int Epoch)? Awaited { get; set; }
    /// <summary>No local APIC took its message.</summary>
    internal (Mark At, bool Refused, uint? Destination, bool Logical)? Nobody { get; set; }
    internal long Deliveries { get; set; }
    internal long Raises { get; set; }
    internal Mark FirstRaise { get; set; }
    internal Mark LastRaise { get; set; }
    internal Mark? LastAck { get; set; }

    /// <summary>Deliveries since the line rose, each of which an EOI found high.</summary>
    internal long Redelivered { get; set; }
    internal Mark FirstRedelivery { get; set; }
    internal Mark LastRedelivery { get; set; }
    internal Mark? Braked { get; set; }
    internal int LastVector { get; set; } = -1;

    /// <summary>Takes a level of one source; true where the line rose or fell.</summary>
    internal bool Drive(int source, bool level)
    {
        bool before = High;
        ulong bit = 1UL << (source & 63);
        _known |= bit;
        _high = level ? _high | bit : _high & ~bit;
        if (!level)
            ImpliedHigh = false;
        return before != High;
    }

    /// <summary>The low half, as the guest wrote it.</summary>
    internal void WriteLow(ulong value, Mark at, int epoch) => Set(value & 0x1AFFF, at, epoch);

    internal void WriteHigh(ulong value) => Destination = (uint)(value >> 24);

    /// <summary>The entry, as a record prints it.</summary>
    internal void Learn(KvmRecord record, Mark at, int epoch)
    {
        if (record.Vector < 0)
            return;
        Set((uint)record.Vector | (ulong)record.Mode << 8 | (record.Logical ? LogicalBit : 0) | (record.LevelTrigger ? LevelBit : 0)
            | (record.Masked ? MaskBit : 0) | (Low?.Value ?? 0) & 0x2000, at, epoch);
        Destination = record.Destination;
    }

    /// <summary>Whether a record's entry is the one that is known.</summary>
    internal bool Fits(KvmRecord record) => Low is not null && Vector == record.Vector && Masked == record.Masked && Level == record.LevelTrigger
        && (Destination is null || Destination == record.Destination) && Vector > 0;

    private void Set(ulong value, Mark at, int epoch)
    {
        bool masked = (value & MaskBit) != 0;
        if (!masked)
        {
            UnmaskedAt = MaskSince is not null || Low is null ? at : UnmaskedAt;
            MaskSince = null;
        }
        else if (MaskSince is null)
            MaskSince = at;
        // Writing edge clears Remote IRR (82093AA as KVM has it).
        if ((value & LevelBit) == 0)
            Awaited = null;
        Programmed |= (value & 0xFF) >= 0x10 && !masked;
        if (Low is not { } low || low.Value != value || low.Epoch != epoch)
            Low = new(value, at, epoch);
    }
}
