using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Judging;

// The pins of the I/OAPIC.
internal sealed partial class VmTrail
{
    private const ulong IoApicSelect = IoApicOptions.DefaultAddress + IoApic.SelectOffset, IoApicData = IoApicOptions.DefaultAddress + IoApic.WindowOffset;
    private const int FirstEntry = (int)IoApic.FirstEntryIndex, RtcPin = 8;

    /// <summary>Whether KVM's I/OAPIC has a pin of a number: a log may have any number there.</summary>
    internal static bool IsPin(int pin) => pin is >= 0 and < PinCount;

    /// <summary>The pin of a GSI: the PIT's line leads to pin 2.</summary>
    internal static int PinOfGsi(int gsi) => gsi == 0 ? 2 : gsi;

    /// <summary>Whether a GSI may lead to this input of the 8259 pair: the one of its number, or GSI 2 to the PIT's. The cascade has no
    /// line of its own, so a VMM may have one GSI for the PIT's line at both chips.</summary>
    internal static bool MayLeadToIrq(int gsi, int irq) => irq == gsi || irq == 0 && gsi == GsiMap.CascadeIrq;

    internal PinState? PinOf(int vector, bool level)
    {
        PinState? reached = null;
        foreach (PinState pin in Pins)
        {
            if (pin.Programmed && pin.Vector == vector && pin.Level == level)
                return pin;
            // Without a write to its entry: the pin that an EOI of this vector reached before.
            if (level && pin.Low is null && pin.LastVector == vector)
                reached ??= pin;
        }
        return reached;
    }

    private void AtPin(KvmRecord record, Mark at, ThreadContext context, int epoch)
    {
        if (!IsPin(record.Pin))
            return;
        PinState pin = Pins[record.Pin];
        pin.Learn(record, at, epoch);
        if (!context.HasLine || PinOfGsi(context.Gsi) != record.Pin)
            return;
        bool changed = pin.Drive(context.Source, context.Level);
        if (!pin.High)
        {
            if (changed)
                Fell(pin, context.LineAt);
            return;
        }
        if (!context.Level)
            return;
        if (changed)
        {
            pin.FirstRaise = pin.Raises++ == 0 ? context.LineAt : pin.FirstRaise;
            (pin.Raised, pin.RaisedEpoch, pin.LastRaise, pin.RaisedUnderMask) = (context.LineAt, epoch, context.LineAt, pin.Masked);
            (pin.LostEdge, pin.Nobody, pin.Withdrawn) = (null, null, null);
        }
        if (pin.Masked)
        {
            if (changed && !pin.Level)
                pin.LostEdge = context.LineAt;
            return;
        }
        if (context.Accepts > 0)
            Delivered(pin, at, epoch);
        else if (context.Refusals > 0 || changed && (record.Coalesced ? pin.Pin != RtcPin : SentEdge(pin)))
            pin.Nobody = (context.LineAt, context.Refusals > 0, pin.Destination, pin.Logical);
    }

    /// <summary>An edge is sent at once, and accept lines stand before the record of its pin: without one, nobody was addressed.</summary>
    private bool SentEdge(PinState pin) => pin is { Level: false, Mode: DeliveryMode.Fixed or DeliveryMode.LowestPriority, Vector: >= 0x10 } && survey.Counts[KvmEvent.AcceptIrq] > 0;

    private static void Delivered(PinState pin, Mark at, int epoch)
    {
        pin.Deliveries++;
        (pin.Nobody, pin.LostEdge) = (null, null);
        if (pin.Level)
            pin.Awaited = (at, pin.Vector, epoch);
    }

    private void Fell(PinState pin, Mark at)
    {
        if (pin.RaisedUnderMask && pin.Raised is { } raised && pin.Level && pin.Masked)
        {
            // What a handler served in that time was a delivery of the raise before.
            VectorCount? served = Vcpus.Select(vcpu => vcpu.Counts.GetValueOrDefault(pin.Vector)).FirstOrDefault(count => count is { Ends: > 0 }
                && count.LastEnd.Event > raised.Event && count.LastAccept.Event < raised.Event);
            pin.Withdrawn = new(raised, at, pin.MaskSince, served);
        }
        pin.Raised = null;
        pin.RaisedUnderMask = false;
        pin.Redelivered = 0;
        pin.LostEdge = null;
    }

    private void Acknowledge(KvmRecord record, Mark at, ThreadContext context, int epoch)
    {
        CloseMessages(context, epoch);
        context.Close();
        HasKernelChips = true;
        if (record.Chip != KvmFields.IoApicChip)
        {
            if (record.AcknowledgedIrq is >= 0 and var irq)
                Pic.Acknowledge(irq, at, epoch);
            return;
        }
        if (!IsPin(record.Pin))
            return;
        PinState pin = Pins[record.Pin];
        pin.Awaited = null;
        pin.LastAck = at;
        context.Served = record.Pin;
    }

    /// <summary>The pin that a brake holds from here on: the one that its thread acknowledged, for the record names none; null where that is not told.</summary>
    internal PinState? PinBraked(KvmRecord record, ThreadContext context) =>
        context.Served >= 0 ? Pins[context.Served] : Pins.FirstOrDefault(pin => pin.Vector == record.Vector && pin.Vector > 0);

    /// <summary>An accept line without a line's change: a level that an EOI or an unmask found high.</summary>
    private void Redelivered(KvmRecord record, Mark at, ThreadContext context, int epoch)
    {
        if (context.Delivers || context.Message.Is || context.Ipi.Is || !record.LevelTrigger && context.Served < 0)
            return;
        PinState? pin = context.Served >= 0 ? Pins[context.Served] : PinOf(record.Vector, level: true);
        if (pin is null || pin.Vector >= 0 && pin.Vector != record.Vector)
            return;
        context.Served = -1;
        if (IsSplit)
            return;
        // It was high at that moment, whatever was seen of its line.
        if (!pin.High)
            pin.ImpliedHigh = !pin.LineKnown;
        pin.FirstRedelivery = pin.Redelivered++ == 0 ? at : pin.FirstRedelivery;
        _redelivers = true;
        pin.LastRedelivery = at;
        pin.LastVector = record.Vector;
        // The brake's delayed work runs on a thread of the kernel.
        if (context.Thread is null or { Role: ThreadRole.Kernel } && record.LevelTrigger)
            pin.Braked = at;
        pin.Deliveries++;
        (pin.Nobody, pin.Awaited) = (null, (at, record.Vector, epoch));
    }

    /// <summary>The pin whose entry a record writes; null for none.</summary>
    internal PinState? PinWritten(KvmRecord record) => record is { Event: KvmEvent.Mmio, Write: true, Address: IoApicData }
        && _select >= FirstEntry && (_select - FirstEntry) / 2 < PinCount ? Pins[(_select - FirstEntry) / 2] : null;

    private void Mmio(KvmRecord record, Mark at, ThreadContext context, int epoch)
    {
        if (record.Address == IoApicSelect)
            _select = (int)(record.Value & 0xFF);
        else if (PinWritten(record) is { } pin)
        {
            if ((_select & 1) != 0)
                pin.WriteHigh(record.Value);
            else
                pin.WriteLow(record.Value, at, epoch);
            context.Served = pin.Masked ? -1 : pin.Pin;
        }
    }
}
