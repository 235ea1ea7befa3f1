using Wirq.Events;
using Wirq.Remapping;
using Wirq.Routing;
using Wirq.State;

namespace Wirq;

/// <content>The one path of a message: its sender, the remapping unit of its requester, the local APICs, and the answer
/// to the sender.</content>
/// <remarks>
/// <code>
/// device  Send(Msi, requester) ─┐
/// pin     Deliver ──────────────┴─► Send(Msi, Origin) ─► Translate ─┬─► Bring ─► local APICs ─► answer
/// virq    VirqInjected (its cached translation) ────────────────────┤        └─► a kernel, which answers later
/// unit    UnitMessage (not remapped) ───────────────────────────────┘
/// </code>
/// A device gets the return value of <see cref="Send(Msi, ushort)"/>. A pin gets an answer, after which it may send
/// again. A virq gets an event, and a unit gets nothing.</remarks>
public sealed partial class Fabric
{
    // Whether a message needs more than to be read and delivered.
    private readonly bool _remaps;

    private bool KernelOwnsLocalApics => Options.Routing?.Kernel is not null;

    /// <summary>A device writes a message. A message outside the interrupt window writes guest memory. It only queues
    /// what follows.</summary>
    /// <param name="message">Address and data.</param>
    /// <param name="requester">Bus, device and function of the sender.</param>
    /// <returns>Whether a local APIC accepted it, or it became a write to memory. If a kernel owns the local APICs, the
    /// kernel answers later, and this says only that the message is under way.</returns>
    public RefusalReason Send(Msi message, ushort requester)
    {
        Origin origin = Origin.Device(requester);
        if (Events.Observing)
            Events.Observe(new MessageSent(origin, message).ToEvent());
        if (message.IsInterrupt(Options.Format))
            return Send(message, origin);
        Events.Emit(new MemoryWrite(0, origin, message.Address.Bits, message.Data.Bits).ToEvent());
        return RefusalReason.None;
    }

    /// <summary>As <see cref="Send(Msi, ushort)"/>, of requester 0.</summary>
    public RefusalReason Send(Msi message) => Send(message, requester: 0);

    /// <summary>Sends a message towards the local APICs. The return value is the only answer, and no event reports that
    /// it was sent: for a device use <see cref="Send(Msi, ushort)"/>. It only queues what follows.</summary>
    /// <param name="message">A message in the interrupt window.</param>
    /// <param name="origin">The sender: a device, a pin, or a remapping unit, whose own messages are not
    /// remapped.</param>
    /// <returns>Whether a local APIC accepted it, or, if a kernel owns them, whether it is under way there.</returns>
    public RefusalReason Send(Msi message, Origin origin)
    {
        if (_remaps)
            return SendFar(message, origin);
        RefusalReason reason = message.TryDecode(Options.Format, out InterruptMessage decoded);
        return reason == RefusalReason.None || PassesUnchecked(reason) ? LocalApics!.Deliver(decoded, origin, Events) : Refuse(decoded, origin, reason);
    }

    /// <summary>Whether the profile delivers a message whose format the manual refuses.</summary>
    private bool PassesUnchecked(RefusalReason reason) =>
        reason is RefusalReason.ReservedMode or RefusalReason.NoRemapper && LocalApics!.FormatUnchecked;

    /// <summary>A pin sends, and gets the answer.</summary>
    internal void SendOfPin(in Event effect)
    {
        int chip = effect.IoApic, pin = effect.Pin;
        Msi message = effect.Msi;
        RefusalReason reason = Send(message, Origin.Pin(chip, pin));
        if (!_remaps || reason != RefusalReason.None || !KernelTakesPins)
            Answer(chip, pin, message, reason);
    }

    /// <summary>A unit sends its own message. It is not remapped, and its answer goes to no sender: its event was over
    /// when the message left the unit, and its cause can still be read in the unit's status. So if it reaches no local
    /// APIC, an event reports that, and it is not tried again.</summary>
    internal void SendOfUnit(in Event effect)
    {
        ushort unit = effect.Unit;
        Msi message = effect.Msi;
        Origin origin = Origin.RemappingUnit(unit);
        if (message.IsInterrupt(_units.OwnFormat(unit)))
            Send(message, origin);
        else
            Events.Emit(new MemoryWrite(unit, origin, message.Address.Bits, message.Data.Bits).ToEvent());
    }

    /// <summary>A virq sends its translated message.</summary>
    /// <returns>False if the local APICs are in a kernel: the effect itself requests the kernel's call.</returns>
    internal bool SendOfVirq(in Event effect)
    {
        InterruptMessage message = effect.Message;
        if (LocalApics is null && !message.IsPort)
            return false;
        int slot = effect.Unit;
        RouteCache!.Answer(slot, message, Bring(message, Origin.Device(RouteCache.RequesterOf(slot))));
        return true;
    }

    /// <summary>A message that a unit may remap, or that goes to a kernel.</summary>
    private RefusalReason SendFar(Msi message, Origin origin)
    {
        RefusalReason reason = origin.Kind == OriginKind.RemappingUnit
            ? message.TryDecode(_units.OwnFormat(origin.Index), out InterruptMessage translated)
            : Translate(message, RequesterOf(origin), delivering: true, out translated, out _);
        if (origin.Kind == OriginKind.Pin)
            // A refused pin gets an answer, and an event reports that answer.
            return reason == RefusalReason.None ? BringOfPin(message, translated, origin) : reason;
        return reason == RefusalReason.None ? Bring(translated, origin) : Refuse(translated, origin, reason);
    }

    private RefusalReason BringOfPin(Msi message, InterruptMessage translated, Origin origin)
    {
        if (translated.IsPort)
            return Raise(translated, origin);
        if (LocalApics is not null)
            return LocalApics.Deliver(translated, origin, Events);
        // A kernel with its own I/OAPICs reports only its own pins' EOIs: a pin of another I/OAPIC cannot send into it.
        if (RouteCache?.Pins is not { } pins)
            return RefusalReason.Kernel;
        int chip = origin.Unit, pin = origin.Index;
        pins.Sends(chip, pin, message);
        if (translated.Level)
            RouteCache.CommitIf(pins.Set(chip, pin, translated));
        Events.Emit(new Event(EventKind.PinInjected, (ushort)chip, (uint)pin, translated.Bits));
        return RefusalReason.None;
    }

    /// <summary>A translated message goes to the local APICs; if they are in a kernel, the kernel answers
    /// later.</summary>
    private RefusalReason Bring(InterruptMessage message, Origin origin)
    {
        if (message.IsPort)
            return Raise(message, origin);
        if (LocalApics is not null)
            return LocalApics.Deliver(message, origin, Events);
        Events.Emit(new Event(EventKind.MessageInjected, 0, origin.Bits, message.Bits));
        return RefusalReason.None;
    }

    /// <summary>A hypervisor sends the message of a passed-through device.</summary>
    internal void SendOfXen(InterruptMessage message) => Bring(message, Origin.Device(0));

    /// <summary>A message was translated to an event channel. No kernel hears of it, even if it owns the local
    /// APICs.</summary>
    private RefusalReason Raise(InterruptMessage message, Origin origin)
    {
        if (Ports is null)
            return Refuse(message, origin, RefusalReason.NoDestination);
        Ports.Raise(message.Destination);
        if (Events.Observing)
            Events.Observe(new MessageAccepted(origin, message, Cpus: 0).ToEvent());
        return RefusalReason.None;
    }

    /// <summary>Reports that a message reaches no local APIC.</summary>
    private RefusalReason Refuse(InterruptMessage message, Origin origin, RefusalReason reason)
    {
        if (Events.Observing)
            Events.Observe(new MessageRefused(origin, message, reason).ToEvent());
        return reason;
    }

    /// <summary>The message of a pin has its answer.</summary>
    internal void Answer(int ioApic, int pin, Msi message, RefusalReason reason)
    {
        PinWork work = default;
        _ioApics[ioApic].Accepted(pin, message, reason, Events, ref work);
        Carry(ioApic, work);
    }

    /// <summary>A kernel answered a <see cref="EventKind.PinInjected"/>.</summary>
    /// <param name="ioApic">The I/OAPIC.</param>
    /// <param name="pin">Its pin.</param>
    /// <param name="accepted">Whether a local APIC accepted it.</param>
    internal void PinAnswered(int ioApic, int pin, bool accepted) =>
        Answer(ioApic, pin, RouteCache!.Pins!.Sent(ioApic, pin), accepted ? RefusalReason.None : RefusalReason.Kernel);

    /// <summary>A kernel answered a <see cref="EventKind.MessageInjected"/>.</summary>
    /// <param name="injected">The event.</param>
    /// <param name="accepted">Whether a local APIC accepted it. A kernel does not say how many did.</param>
    internal void MessageAnswered(in Event injected, bool accepted)
    {
        if (!accepted)
            Refuse(injected.Message, injected.Origin, RefusalReason.Kernel);
        else if (Events.Observing)
            Events.Observe(new MessageAccepted(injected.Origin, injected.Message, Cpus: 0).ToEvent());
    }

    private bool KernelTakesPins => RouteCache?.Pins is not null;

    private ushort RequesterOf(Origin origin) =>
        origin.Kind == OriginKind.Pin ? Options.IoApics[origin.Unit].Requester : (ushort)origin.Index;

    RefusalReason IRouteOwner.Translate(Msi message, ushort requester, bool delivering, out InterruptMessage translated,
        out RouteCookie cookie) => Translate(message, requester, delivering, out translated, out cookie);

    /// <summary>Translates a message by the unit of its requester; without a unit, as the local APICs read
    /// it.</summary>
    private RefusalReason Translate(Msi message, ushort requester, bool delivering, out InterruptMessage translated,
        out RouteCookie cookie)
    {
        int unit = _units.Serving(requester);
        if (unit < 0)
        {
            cookie = RouteCookie.None;
            return message.TryDecode(Options.Format, out translated);
        }
        IRemapper remapper = _units[unit];
        if (remapper.Passes(message))
        {
            cookie = new RouteCookie(unit, RouteCookie.MaxKey);
            return message.TryDecode(Options.Format, out translated);
        }
        RefusalReason reason = remapper.Translate(message, requester, delivering, Memory, Events, out translated, out cookie);
        if (reason != RefusalReason.None)
            return reason;
        if (cookie.Unit != unit)
            throw new InvalidOperationException($"remapping unit {unit} translated by {cookie}; expected a cookie of this unit");
        if (Events.Observing && cookie.Key != RouteCookie.MaxKey)
            Events.Observe(new RemapTranslated(unit, requester, translated, cookie.Key).ToEvent());
        return RefusalReason.None;
    }
}
