using System.Buffers;
using Wirq.Events;
using Wirq.Routing;
using Wirq.Snapshots;
using Wirq.State;

namespace Wirq;

/// <content>Saving and restoring a machine.</content>
public sealed partial class Fabric
{
    /// <summary>Writes a snapshot: the state of every chip, line, virq, route and remapping unit, and how far away each
    /// deadline is. docs/snapshots.md describes the format.</summary>
    /// <returns>The snapshot. The same state gives the same bytes.</returns>
    /// <remarks>Not in it: guest memory, CPUs, devices, their MSI and MSI-X tables (<see cref="Host.FabricHost"/> has those),
    /// counts of eventfds, the chips of a kernel. Save a machine whose CPUs and devices are stopped.</remarks>
    /// <exception cref="InvalidOperationException">Effects wait (drain first), or a remapping unit has no
    /// <see cref="Remapping.ISavedRemapper"/>.</exception>
    public byte[] Save() => Save([]);

    /// <summary>As <see cref="Save()"/>, into a buffer.</summary>
    public void Save(IBufferWriter<byte> to)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Write(Save());
    }

    /// <summary>Takes over the state of a snapshot of a machine that was built from equal options.</summary>
    /// <param name="snapshot">The snapshot. It may be anything: everything is checked before anything changes.</param>
    /// <param name="eventFds">Gives each eventfd of the saved machine its number in this process; null if they have the same
    /// numbers.</param>
    /// <remarks>
    /// <para>A restore sends nothing, makes no edge and calls no port: what was pending is pending. Deadlines are as far away
    /// as they were. Virtual time goes on at the time of the snapshot, or at the machine's own if that is later.</para>
    /// <para>Handles of sources and virqs of before are void. Get new ones by <see cref="SourceAt"/> and
    /// <see cref="VirqAt"/>: slots and labels are those of the saved machine. A kernel and a poll do not know of the restore:
    /// <see cref="Host.FabricHost"/> tells them.</para>
    /// <para>A <see cref="Laws.LawSet"/> that was built before goes on with what it knows, and so finds what the restore left
    /// out. Laws of a machine that was built for the restore are built after it.</para>
    /// </remarks>
    /// <exception cref="SnapshotException">The snapshot cannot be restored. The machine is as before.</exception>
    /// <exception cref="InvalidOperationException">Effects wait: drain first.</exception>
    public void Restore(ReadOnlySpan<byte> snapshot, Func<EventFd, EventFd>? eventFds = null)
    {
        DemandRest();
        Fabric read = Read(snapshot, Options, out List<SavedFunction> functions, eventFds, Now);
        if (functions.Count > 0)
        {
            throw new SnapshotException(snapshot.Length, "functions", $"{functions.Count}",
                $"none: only a {nameof(Host.FabricHost)} has functions with MSI or MSI-X");
        }
        TakeOver(read);
    }

    /// <summary>Takes over the state of a machine that was read from a snapshot.</summary>
    /// <param name="read">The machine.</param>
    /// <param name="keepsHandles">Whether a handle stays valid if its slot is in use before and after: for a laboratory,
    /// whose devices outlive the machine that they are plugged into.</param>
    internal void TakeOver(Fabric read, bool keepsHandles = false)
    {
        read.Lines.SetGenerations(Lines, keepsHandles);
        if (RouteCache is not null)
            read.RouteCache!.SetGenerations(RouteCache, keepsHandles);
        Arena.CopyFrom(read.Arena, read._region.Start, _region.Start, _region.Count);
        Events.Now = read.Now;
        CopyLabels(read);
    }

    /// <summary>As <see cref="TakeOver"/>, in a live update: the machine is suspended until <see cref="Resume"/>, whatever the saved
    /// one was.</summary>
    internal void GoOnFrom(Fabric read, bool keepsHandles = false)
    {
        TakeOver(read, keepsHandles);
        RouteCache?.StartSuspended();
    }

    /// <summary>Nobody reads an eventfd from now on: see <see cref="RouteCache.Suspend"/>. It only queues.</summary>
    internal void Suspend() => RouteCache?.Suspend();

    /// <summary>Tells a kernel the state of a machine that was suspended: see <see cref="RouteCache.Resume"/>. It also gets
    /// the levels of its own lines, which its images do not hold. It only queues.</summary>
    internal void Resume()
    {
        if (RouteCache is not { IsSuspended: true } virqs)
            return;
        virqs.Resume();
        for (int gsi = 0; gsi < Math.Min(_kernelLines, Gsis.Count); gsi++)
        {
            if (Lines.IsAsserted(gsi))
                Events.Emit(new KernelLine(gsi, Asserted: true).ToEvent());
        }
    }

    /// <summary>A machine in the state of a snapshot.</summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="options">How the machine is built.</param>
    /// <param name="functions">The functions with MSI or MSI-X that were saved with it.</param>
    /// <param name="eventFds">The eventfds in this process.</param>
    /// <param name="notBefore">Virtual time goes on at this time, if that of the snapshot is earlier.</param>
    internal static Fabric Read(ReadOnlySpan<byte> snapshot, FabricOptions options, out List<SavedFunction> functions,
        Func<EventFd, EventFd>? eventFds = null, long notBefore = 0)
    {
        var reader = new FieldReader(snapshot) { NotBefore = notBefore };
        var read = new Fabric(options);
        functions = [];
        read.Move(reader, functions);
        reader.Finish();
        CheckForm(read, functions, reader.Saved, snapshot);
        if (eventFds is not null)
            read.RouteCache?.MapEventFds(eventFds);
        return read;
    }

    /// <summary>Writes a snapshot with the functions of a host.</summary>
    internal byte[] Save(List<SavedFunction> functions)
    {
        DemandRest();
        var writer = new FieldWriter();
        Move(writer, functions);
        return writer.Finish();
    }

    /// <summary>Moves everything, each part as a section.</summary>
    internal void Move(SnapshotFields f, List<SavedFunction> functions)
    {
        f.Section(SectionId.Shape, "shape", () => MoveShape(f));
        f.Section(SectionId.Machine, "machine", () => MoveMachine(f));
        f.Section(SectionId.Lines, "lines", () => Lines.Move(f));
        if (Pic is not null)
            f.Section(SectionId.Pic, "pic", () => Pic.Move(f));
        f.Section(SectionId.IoApics, "ioApics", () => f.Row("chips", _ioApics.Length, chip => _ioApics[chip].Move(f)));
        if (LocalApics is not null)
            f.Section(SectionId.LocalApics, "localApics", () => LocalApics.Move(f));
        if (RouteCache is not null)
            f.Section(SectionId.Virqs, "virqs", () => RouteCache.Move(f, Lines, _units.Units.Count));
        if (!_units.IsEmpty)
            f.Section(SectionId.Remappers, "remappers", () => _units.Move(f));
        if (RouteCache is not null && f.Optional(SectionId.Functions, wanted: functions.Count > 0))
            f.Section(SectionId.Functions, "functions", () => SavedFunction.Move(f, functions, RouteCache));
        if (Xen is not null)
            f.Section(SectionId.Xen, "xen", () => Xen.Move(f));
        if (f.IsReading)
            CheckWires(f);
    }

    private void MoveShape(Fields f)
    {
        FabricOptions shape = FabricOptions.Move(f, f.IsReading ? FabricOptions.Blank : Options, out int units);
        if (f.IsReading && FabricOptions.Difference(shape, units, Options) is { } differs)
            f.Demand(holds: false, differs.Field, differs.First, $"{differs.Second}, as of this machine: only a machine of the same shape can be restored");
    }

    private void MoveMachine(Fields f)
    {
        HostSnapshot.MoveTime(f, Events);
        _state.Value.Intr = f.Flag("intr", _state.Value.Intr != 0) ? 1u : 0;
    }

    /// <summary>What concerns several chips.</summary>
    private void CheckWires(Fields f)
    {
        if (_intrSource >= 0)
        {
            bool own = Lines.InUse(_intrSource) && Lines.GsiOf(_intrSource) == Gsis.OfPin(0, 0) && Lines.KindOf(_intrSource) == SourceKind.Wired
                && Lines.VirqOf(_intrSource) < 0;
            f.Demand(own, $"source in slot {_intrSource}", "another", "INTR of the 8259 pair, wired to pin 0");
            f.Demand(Lines.IsAsserting(_intrSource) == (_state.Value.Intr != 0), "intr", $"{_state.Value.Intr}", "the level of its source");
        }
        CheckLevels(f);
        for (int slot = 0; slot < Lines.Capacity; slot++)
        {
            int virq = Lines.VirqOf(slot);
            bool known = virq < 0 || RouteCache is { } cache && virq < cache.Capacity && cache.IsInUse(virq) && cache.SourceOf(cache.HandleAt(virq)) == slot;
            f.Demand(known, $"source in slot {slot}", $"driven by virq {virq}", "a virq that names this source, or none");
        }
    }

    /// <summary>The wires of the chips have the levels of their lines. Where a profile moves a pin, two lines lead to one
    /// wire, and the last change counts. A line that an owner has, or had, may have risen without a pin of an I/OAPIC, and
    /// fallen without the 8259.</summary>
    private void CheckLevels(Fields f)
    {
        bool mayHaveOwner = GsiOwner is not null;
        for (int gsi = 0; gsi < Gsis.Count; gsi++)
        {
            if (KernelOwns(gsi))
                continue;
            bool asserted = Lines.IsAsserted(gsi);
            ref readonly GsiTarget target = ref Gsis[gsi];
            string level = $"the level of GSI {gsi}, which is {(asserted ? "asserted" : "idle")}";
            if (target.Irq >= 0)
                f.Demand(Pic!.IsHigh(target.Irq) == asserted || mayHaveOwner && !asserted, $"pin of IRQ {target.Irq}", Pic.IsHigh(target.Irq) ? "high" : "low", level);
            if (target.IoApic < 0 || _ioApics[target.IoApic].InputOf(0) != 0 && target.Pin is 0 or 2)
                continue;
            bool high = _ioApics[target.IoApic].PinState(target.Pin).Has(PinFlags.High);
            f.Demand(high == asserted || mayHaveOwner && asserted, $"pin {target.Pin} of I/OAPIC {target.IoApic}", high ? "high" : "low", level);
        }
    }

    private static void CheckForm(Fabric read, List<SavedFunction> functions, long? saved, ReadOnlySpan<byte> snapshot)
    {
        var writer = new FieldWriter { Saved = saved };
        read.Move(writer, functions);
        SnapshotFormat.DemandSame(writer.Finish(), snapshot);
    }

    private void DemandRest()
    {
        if (!Events.IsEmpty || HasCallInFlight)
            throw new InvalidOperationException($"{Events.Count} events wait: drain the machine first; a snapshot holds a machine at rest");
    }
}
