using System.Runtime.CompilerServices;
using Wirq.Events;
using Wirq.State;
using Wirq.Xen;

namespace Wirq;

/// <content>What devices do with lines.</content>
public sealed partial class Fabric
{
    /// <summary>Connects a source to a line. No effect follows.</summary>
    /// <param name="gsi">The line, 0 up to the number of GSIs.</param>
    /// <param name="label">The source's name, for reports of who holds a line.</param>
    /// <param name="kind">How much of its level is visible.</param>
    /// <exception cref="InvalidOperationException">All slots are taken (<see
    /// cref="FabricOptions.Sources"/>).</exception>
    public Source Connect(int gsi, string label, SourceKind kind = SourceKind.Wired)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)gsi, (uint)Gsis.Count, nameof(gsi));
        ArgumentException.ThrowIfNullOrEmpty(label);
        (int slot, uint generation) = Lines.Connect(gsi, label, kind, Events, Xen?.Callback.KeptSlots ?? 0);
        return new Source(this, slot, generation);
    }

    /// <summary>What takes the interrupts of some GSIs in place of the I/OAPIC; null for nothing.</summary>
    internal IGsiOwner? GsiOwner
    {
        get;
        set
        {
            field = value;
            _ownedGsis = value is null ? _kernelLines : Gsis.Count;
        }
    }

    /// <summary>The event channels to which PIRQ messages of the machine lead; null for none.</summary>
    internal XenDomain? Ports { get; set; }

    /// <summary>Sets the level of a source.</summary>
    /// <param name="slot">Its slot.</param>
    /// <param name="generation">Which owner of the slot is meant.</param>
    /// <param name="asserted">The level.</param>
    /// <param name="toOwner">Whether a <see cref="GsiOwner"/> takes what rises.</param>
    internal void SetSource(int slot, uint generation, bool asserted, bool toOwner = true)
    {
        if (Lines.Set(slot, generation, asserted, byAck: false, Events, out int gsi))
            DriveLine(gsi, asserted, toOwner);
    }

    /// <summary>As <see cref="SetSource"/>, by the present owner of the slot.</summary>
    internal void SetOwnSource(int slot, bool asserted, bool toOwner = true) => SetSource(slot, Lines.GenerationOf(slot), asserted, toOwner);

    internal void RemoveSource(int slot)
    {
        SetOwnSource(slot, asserted: false);
        Lines.Remove(slot, Events);
    }

    /// <summary>Notes that the device behind a sampled source no longer needs service. This changes nothing; it is for
    /// the laws. A source that has left the line is ignored.</summary>
    internal void NoteWithdrawn(Source source)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (Events.Observing && Lines.IsCurrent(source.Slot, source.Generation))
            Events.Observe(new Event(EventKind.SourceWithdrawn, (ushort)source.Slot, (uint)source.Gsi));
    }

    /// <summary>Notes that the device behind a sampled source that still asserts needs service again. This changes
    /// nothing; it is for the laws.</summary>
    internal void NoteWanted(Source source)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (Events.Observing && Lines.IsCurrent(source.Slot, source.Generation))
            Events.Observe(new Event(EventKind.SourceWanted, (ushort)source.Slot, (uint)source.Gsi));
    }

    private void DriveLine(int gsi, bool asserted, bool toOwner = true)
    {
        if (Events.Observing)
            Events.Observe(new LineChanged(gsi, asserted).ToEvent());
        if (gsi < _ownedGsis && TryDriveOwner(gsi, asserted, toOwner))
            return;
        DrivePins(gsi, asserted);
    }

    /// <summary>Gives a line to who owns it in place of the chips of this machine.</summary>
    /// <returns>False if nobody does.</returns>
    private bool TryDriveOwner(int gsi, bool asserted, bool toOwner)
    {
        if (GsiOwner is { } owner && toOwner && owner.Owns(gsi))
        {
            DriveOwner(owner, gsi, asserted);
            return true;
        }
        if (!KernelOwns(gsi))
            return false;
        Events.Emit(new KernelLine(gsi, asserted).ToEvent());
        return true;
    }

    private void DriveOwner(IGsiOwner owner, int gsi, bool asserted)
    {
        ref readonly GsiTarget target = ref Gsis[gsi];
        if (!asserted)
        {
            // The pin is high if the line rose before it had this owner. Only the 8259 does not see the fall.
            if (target.IoApic >= 0 && _ioApics[target.IoApic].PinState(target.Pin).Has(PinFlags.High))
                _ioApics[target.IoApic].SetPin(target.Pin, false, Events);
            return;
        }
        owner.Rise(gsi);
        if (target.Irq >= 0)
        {
            Pic!.SetPin(target.Irq, true, Events);
            PropagateIntr();
        }
    }

    /// <summary>Whether a chip does not see the level of a line, as it had an owner while it changed.</summary>
    internal bool ChipsMiss(int gsi)
    {
        ref readonly GsiTarget target = ref Gsis[gsi];
        bool asserted = Lines.IsAsserted(gsi);
        return target.Irq >= 0 && Pic!.IsHigh(target.Irq) != asserted
            || target.IoApic >= 0 && _ioApics[target.IoApic].PinState(target.Pin).Has(PinFlags.High) != asserted;
    }

    /// <summary>Drives the chips of this machine that a line leads to. By the manual, nothing happens if they already
    /// have this level. In some profiles each call counts as an edge or a request (<c>EveryDriveCounts</c>,
    /// <c>LevelDriveCounts</c>).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void DrivePins(int gsi, bool asserted)
    {
        ref readonly GsiTarget target = ref Gsis[gsi];
        if (target.Irq >= 0)
        {
            Pic!.SetPin(target.Irq, asserted, Events);
            PropagateIntr();
        }
        if (target.IoApic >= 0)
            _ioApics[target.IoApic].SetPin(target.Pin, asserted, Events);
    }

    /// <summary>Whether a line leads to the chips of a kernel instead of those of this machine.</summary>
    internal bool KernelOwns(int gsi) => gsi < _kernelLines;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Carry(int chip, in PinWork work)
    {
        if (!work.IsEmpty)
            CarryOut(chip, work);
    }

    private void CarryOut(int chip, in PinWork work)
    {
        ReadOnlySpan<int> gsis = Gsis.OfPins(chip);
        Acknowledge(work.Acked, gsis, EventKind.PinAcked, chip, onlySampled: false);
        Acknowledge(work.Resampled, gsis, EventKind.PinResampled, chip, onlySampled: true);
        _ioApics[chip].Service(work.Service, Events);
    }

    private void CarryPic(in PinWork work)
    {
        ReadOnlySpan<int> gsis = Gsis.OfIsaIrqs;
        Acknowledge(work.Acked, gsis, EventKind.PicAcked, 0, onlySampled: false);
        Acknowledge(work.Resampled, gsis, EventKind.PicResampled, 0, onlySampled: true);
        UpdatePic();
    }

    /// <summary>Computes INT of the 8259s from their state, and drives INTR to everything that it is wired
    /// to.</summary>
    internal void UpdatePic()
    {
        Pic!.Update(Events);
        PropagateIntr();
    }

    /// <summary>Acknowledges the lines of pins, and reports each pin.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Acknowledge(PinSet pins, ReadOnlySpan<int> gsis, EventKind kind, int chip, bool onlySampled)
    {
        if (!pins.IsEmpty)
            AcknowledgeEach(pins, gsis, kind, chip, onlySampled);
    }

    private void AcknowledgeEach(PinSet pins, ReadOnlySpan<int> gsis, EventKind kind, int chip, bool onlySampled)
    {
        for (int pin; (pin = PinSet.Next(ref pins)) >= 0;)
        {
            if (Events.Observing)
                Events.Observe(new Event(kind, (ushort)chip, (uint)pin));
            if (Lines.Acknowledge(gsis[pin], onlySampled, Events))
                DriveLine(gsis[pin], asserted: false);
        }
    }

    /// <summary>INTR of the 8259 pair is wired to LINT0 of every local APIC and to pin 0 of the first
    /// I/OAPIC.</summary>
    private void PropagateIntr()
    {
        bool intr = Pic!.Intr;
        if (_state.Value.Intr == (intr ? 1u : 0))
            return;
        _state.Value.Intr = intr ? 1u : 0;
        for (int cpu = 0; cpu < LocalApics?.Count; cpu++)
            LocalApics.SetLint(cpu, 0, intr, Events);
        if (_intrSource >= 0)
            SetOwnSource(_intrSource, intr);
    }
}
