using Wirq.Events;
using Wirq.Remapping;
using Wirq.Routing;

namespace Wirq;

/// <content>Messages on their last way: translated, and brought to the local APICs, here or in a kernel.</content>
public sealed partial class Fabric
{
    private bool KernelOwnsLocalApics => Options.Routing?.Kernel is not null;

    /// <summary>Connects a virq to a line: its device writes an eventfd, or triggers it by hand.</summary>
    /// <param name="gsi">The line.</param>
    /// <param name="label">Who it is.</param>
    /// <param name="kind"><see cref="VirqKind.Level"/>: it asserts until the line is acknowledged, and asserts again
    /// only if it is triggered again. <see cref="VirqKind.Edge"/>: it pulses.</param>
    /// <exception cref="InvalidOperationException">All slots are taken, or the machine has no virqs.</exception>
    public VirqHandle ConnectVirq(int gsi, string label, VirqKind kind)
    {
        if (kind is not (VirqKind.Level or VirqKind.Edge))
            throw new ArgumentOutOfRangeException(nameof(kind), kind, "a virq on a line is a level or an edge");
        RouteCache virqs = Virqs ?? throw new InvalidOperationException($"{nameof(FabricOptions.Routing)} is not set");
        Source source = Connect(gsi, label, kind == VirqKind.Level ? SourceKind.Sampled : SourceKind.Edge);
        VirqHandle handle = virqs.RegisterOnLine(label, source.Slot, kind, gsi);
        Lines.SetVirq(source.Slot, handle.Slot);
        return handle;
    }

    /// <summary>Frees a virq, and the source that it drives.</summary>
    public void DisposeVirq(VirqHandle handle)
    {
        RouteCache virqs = Virqs ?? throw new InvalidOperationException($"{nameof(FabricOptions.Routing)} is not set");
        int source = virqs.SourceOf(handle);
        virqs.Dispose(handle);
        if (source >= 0)
            RemoveSource(source);
    }

    /// <summary>A kernel answered a <see cref="EventKind.PinInjected"/>.</summary>
    /// <param name="ioApic">The I/OAPIC.</param>
    /// <param name="pin">Its pin.</param>
    /// <param name="accepted">Whether a local APIC took it.</param>
    internal void PinAnswered(int ioApic, int pin, bool accepted) =>
        Answer(ioApic, pin, Virqs!.Pins!.Sent(ioApic, pin), accepted ? RefusalReason.None : RefusalReason.Kernel);

    void IRouteOwner.Drive(int source, VirqKind kind)
    {
        uint generation = Lines.GenerationOf(source);
        SetSource(source, generation, asserted: true);
        if (kind == VirqKind.Edge)
            SetSource(source, generation, asserted: false);
    }

    private PinRoutes? PinRoutesOf(RoutingOptions routing) =>
        routing.Kernel is { OwnsIoApic: false } && _ioApics.Length > 0 ? new PinRoutes(_ioApics, Arena) : null;

    private ushort RequesterOf(int ioApic) => Options.IoApics[ioApic].Requester;

    /// <summary>An injection of a virq is carried out, where the local APICs are here.</summary>
    /// <returns>False where they are a kernel's.</returns>
    internal bool InjectHere(in Event injected)
    {
        if (KernelOwnsLocalApics)
            return false;
        InterruptMessage message = injected.Message;
        RefusalReason reason = LocalApics.Deliver(message, Origin.Device(Virqs!.RequesterOf(injected.Unit)), Events);
        Virqs.Answer(injected.Unit, message, reason);
        return true;
    }

    /// <summary>A translated message goes to the local APICs; where they are a kernel's, it answers later.</summary>
    private RefusalReason Inject(InterruptMessage message, Origin origin)
    {
        if (!KernelOwnsLocalApics)
            return LocalApics.Deliver(message, origin, Events);
        Events.Emit(new Event(EventKind.MessageInjected, 0, origin.Bits, message.Bits));
        return RefusalReason.None;
    }

    private RefusalReason SendRemapped(Msi message, ushort requester)
    {
        RefusalReason reason = Translate(message, requester, delivering: true,
            out InterruptMessage translated, out _);
        Origin origin = Origin.Device(requester);
        return reason == RefusalReason.None ? Inject(translated, origin) : Refuse(translated, origin, reason);
    }

    /// <summary>A unit's message of its own is not remapped, and nobody answers for it: its event was over when the message
    /// left the unit, and what it tells of stays to be read in the unit's status (VT-d specification, 11.4, FECTL_REG.IP
    /// and IECTL_REG.IP). So one that reaches no local APIC is told of, and not tried again.</summary>
    internal void SendOwn(in Event sent)
    {
        Origin origin = Origin.RemappingUnit(sent.Unit);
        MsiFormat format = Options.Vtd?.OwnFormat ?? Options.Format;
        if (!sent.Msi.IsInterrupt(format))
        {
            Events.Emit(new Event(EventKind.MemoryWrite, sent.Unit, origin.Bits, sent.A, sent.B));
            return;
        }
        RefusalReason reason = sent.Msi.TryDecode(format, out InterruptMessage message);
        if (reason == RefusalReason.None)
            Inject(message, origin);
        else
            Refuse(message, origin, reason);
    }

    /// <summary>A kernel answered a <see cref="EventKind.MessageInjected"/>.</summary>
    /// <param name="injected">What it was given.</param>
    /// <param name="accepted">Whether a local APIC took it. How many did, a kernel does not say.</param>
    internal void MessageAnswered(in Event injected, bool accepted)
    {
        if (!accepted)
            Refuse(injected.Message, injected.Origin, RefusalReason.Kernel);
        else if (Events.Observing)
            Events.Observe(new Event(EventKind.MessageAccepted, 0, injected.Index, injected.A));
    }

    /// <summary>A pin's message, where a unit remaps it or a kernel takes it.</summary>
    private void DeliverRemapped(in Event effect)
    {
        int chip = effect.IoApic, pin = effect.Pin;
        Msi message = effect.Msi;
        RefusalReason reason = Translate(message, RequesterOf(chip), delivering: true,
            out InterruptMessage translated, out _);
        if (reason != RefusalReason.None)
            Answer(chip, pin, message, reason);
        else if (Virqs?.Pins is not { } pins)
            Answer(chip, pin, message, LocalApics.Deliver(translated, Origin.Pin(chip, pin), Events));
        else
        {
            pins.Sends(chip, pin, message);
            if (translated.Level)
                Virqs.CommitIf(pins.Set(chip, pin, translated));
            Events.Emit(new Event(EventKind.PinInjected, (ushort)chip, (uint)pin, translated.Bits));
        }
    }

    /// <summary>An entry changed. A level entry that is open gets its route at once, so that its next interrupt needs no
    /// commit; one that cannot be translated yet gets it, or its fault, when an interrupt happens.</summary>
    internal void FollowRoute(int chip, int pin, RedirectionEntry entry)
    {
        if (Virqs?.Pins is not { } pins || !_ioApics[chip].IsLevel(entry) || entry.Masked)
            return;
        RefusalReason reason = Translate(_ioApics[chip].MessageOf(entry), RequesterOf(chip), delivering: false,
            out InterruptMessage translated, out _);
        if (reason == RefusalReason.None)
            Virqs.CommitIf(pins.Set(chip, pin, translated));
    }
}
