using Wirq.Events;
using Wirq.State;

namespace Wirq;

/// <content>The registers.</content>
public sealed partial class IoApic
{
    /// <summary>Offset of IOREGSEL; only its low 8 bits exist, with any width of the access (82093AA, 3.1.1;
    /// XSA-239).</summary>
    public const uint SelectOffset = 0x00;
    /// <summary>Offset of IOWIN.</summary>
    public const uint WindowOffset = 0x10;
    /// <summary>Offset of the EOI register, version 0x20 only.</summary>
    public const uint EoiOffset = 0x40;

    /// <summary>IOREGSEL values that select the id, version or arbitration register in IOWIN (82093AA, 3.2).</summary>
    public const uint IdIndex = 0x00, VersionIndex = 0x01, ArbitrationIndex = 0x02;
    /// <summary>The IOREGSEL value that selects the low half of the entry of pin 0 in IOWIN; the high half is the
    /// next.</summary>
    public const uint FirstEntryIndex = 0x10;

    /// <summary>The IOREGSEL value that selects the low half of a pin's entry in IOWIN; the high half is the
    /// next.</summary>
    public static uint EntryIndex(int pin) => FirstEntryIndex + (uint)pin * 2;

    /// <summary>Whether an access of <paramref name="size"/> bytes at <paramref name="offset"/> reaches a register:
    /// IOREGSEL at any width up to 32 bits, the others at exactly 32; a profile may have more (<see
    /// cref="IoApicProfile"/>).</summary>
    internal bool Has(uint offset, int size) => Register(offset) switch
    {
        SelectOffset => size is 1 or 2 or 4 || size == 8 && _profile.WindowAnyWidth,
        WindowOffset => size == 4 || size is 1 or 2 or 8 && _profile.WindowAnyWidth,
        EoiOffset => (size == 4 || size is 1 or 2 && !_profile.EoiRegisterIsWide) && Options.Version >= 0x20,
        _ => false,
    };

    /// <summary>Reads a register; 0 if there is none. Reading has no effect.</summary>
    internal uint Read(uint offset) => Register(offset) switch
    {
        SelectOffset => S.Selected,
        WindowOffset => ReadSelected(S.Selected),
        _ => 0,
    };

    /// <summary>Writes a register.</summary>
    /// <returns>The lines to acknowledge and the pins to serve again; see the remarks of the class.</returns>
    internal PinWork Write(uint offset, uint value, EventBuffer events)
    {
        switch (Register(offset))
        {
            case SelectOffset:
                S.Selected = (byte)value;
                return default;
            case WindowOffset:
                return WriteSelected(S.Selected, value, events);
            case EoiOffset when Options.Version >= 0x20:
                PinWork work = default;
                if (_profile.EoiRegisterIsWide && value > byte.MaxValue)
                    return work;
                Eoi((byte)value, EndOfInterruptCause.Register, events, ref work);
                return work;
            default:
                return default;
        }
    }

    /// <summary>The part of the offset that selects a register: all of it, or its low 8 bits.</summary>
    private uint Register(uint offset) => _profile.RegistersRepeat ? (byte)offset : offset;

    private uint ReadSelected(uint register) => register switch
    {
        IdIndex => new IoApicIdentity(S.Id).Bits,
        VersionIndex => IoApicVersion.Create(Options.Version, Options.Pins).Bits,
        ArbitrationIndex => new IoApicIdentity(S.Arbitration).Bits,
        _ => !TryPin(register, out int pin) ? _profile.AbsentReadOnes ? uint.MaxValue : 0 : IsHigh(register) ? Entry(pin).High : Entry(pin).Low,
    };

    private PinWork WriteSelected(uint register, uint value, EventBuffer events)
    {
        if (register == IdIndex)
        {
            // The arbitration register is loaded together with the id (82093AA, 3.2.3).
            S.Id = S.Arbitration = IoApicIdentity.FromBits(value).Id;
            return default;
        }
        if (!TryPin(register, out int pin))
            return default;
        RedirectionEntry old = _pins[pin].Entry;
        return WriteEntry(pin, IsHigh(register) ? old.WithHigh(value) : old.WithLow(value), events);
    }

    /// <summary>Writes a whole entry at once, as a machine's firmware or a test does; a guest writes halves.</summary>
    internal PinWork WriteEntry(int pin, RedirectionEntry written, EventBuffer events)
    {
        ref IoApicPin state = ref _pins[pin];
        RedirectionEntry old = state.Entry;
        RedirectionEntry made = old.Write(written.Bits, Writable);
        state.Entry = made;
        ReleaseBrake(pin, ref state);
        if (events.Observing)
        {
            bool remoteIrr = state.Has(PinFlags.RemoteIrr);
            events.Observe(new EntryWritten(_index, pin, made.WithRemoteIrr(remoteIrr), old.WithRemoteIrr(remoteIrr)).ToEvent());
        }
        // Before anything that this write may deliver: a cached route must never be older than the entry.
        if (made != old)
            events.Emit(new RouteChanged(_index, pin, made, old).ToEvent());
        Listeners?.EntryWritten(_index, pin, old, made);
        ApplyPolarity(pin, ref state, events);
        PinWork work = default;
        work.Serve(pin);
        // Linux ends a level interrupt without EOI register by making the entry edge for a moment.
        if (!IsLevel(made) && state.Has(PinFlags.RemoteIrr))
            End(pin, ref state, EndOfInterruptCause.Rewrite, ref work, events);
        if (!made.Masked)
            AcknowledgeUnmasked(pin, old, ref state, ref work);
        return work;
    }

    private ulong Writable => _profile.ReservedBitsStored ? ~RedirectionEntry.ReadOnly
        : Options.WideEntries ? RedirectionEntry.WritableExtended : RedirectionEntry.Writable82093;

    /// <summary>Before an entry is served that was not served before this write: gives the deferred acknowledge, and
    /// resamples.</summary>
    private void AcknowledgeUnmasked(int pin, RedirectionEntry old, ref IoApicPin state, ref PinWork work)
    {
        if (state.Has(PinFlags.AckOwed))
        {
            state.Remove(PinFlags.AckOwed);
            work.Ack(pin);
            return;
        }
        // A request that was latched in the meantime may have been served by polling; only its source knows. An edge
        // entry, or an entry of the other polarity, keeps back a level in the same way as a mask.
        RedirectionEntry entry = state.Entry;
        bool unmasked = Options.Ack switch
        {
            AckPolicy.Done => old.Masked || !IsLevel(old) || IsActiveLow(old) != IsActiveLow(entry),
            AckPolicy.EoiAndUnmask => old.Masked,
            _ => false,
        };
        if (unmasked && IsLevel(entry) && state.Has(PinFlags.Asserted) && !state.Has(PinFlags.RemoteIrr))
            work.Resample(pin);
    }

    private void ApplyPolarity(int pin, ref IoApicPin state, EventBuffer events)
    {
        bool asserted = state.Has(PinFlags.High) != IsActiveLow(state.Entry);
        if (asserted == state.Has(PinFlags.Asserted))
            return;
        // No wire changed, so this is not an edge; the code below evaluates a level pin.
        state.Assign(PinFlags.Asserted, asserted);
        if (events.Observing)
            events.Observe(new PinChanged(_index, pin, asserted, ByPolarity: true).ToEvent());
    }

    private bool TryPin(uint register, out int pin)
    {
        // Unsigned, so that an index below the table, or one wider than 8 bits (the laboratory makes some), selects
        // none of its pins.
        uint entry = (register - FirstEntryIndex) / 2;
        pin = (int)entry;
        return entry < (uint)_pins.Count;
    }

    private static bool IsHigh(uint register) => (register & 1) != 0;
}
