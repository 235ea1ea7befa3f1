using Wirq.Xen;

namespace Wirq.Events;

/// <summary>A call about a PIRQ, and its answer.</summary>
/// <param name="Domain">The id of the domain whose PIRQ it is.</param>
/// <param name="Irq">The interrupt of the machine: a GSI, or one of messages. If it is emulated, a GSI of the domain; -1 for
/// messages of its emulated devices.</param>
/// <param name="Pirq">The PIRQ; -1 for none.</param>
/// <param name="Caller">The id of the domain that called.</param>
/// <param name="Answer">What it got.</param>
/// <param name="Emulated">Whether the interrupt is one of the domain's own emulated machine.</param>
public readonly record struct XenPirqCall(ushort Domain, int Irq, int Pirq, ushort Caller, XenError Answer, bool Emulated = false)
{
    /// <summary>The <see cref="Irq"/> of messages of emulated devices.</summary>
    internal const int Messages = -1;

    private const int AnswerShift = 16, FlagShift = 32;

    internal static XenPirqCall Of(ushort domain, uint irq, ulong pirq, ulong rest) =>
        new(domain, (int)irq, (int)(uint)pirq, (ushort)rest, AnswerOf(rest), FlagOf(rest));

    internal Event ToEvent(EventKind kind) => new(kind, Domain, (uint)Irq, (uint)Pirq, Pack(Caller, Answer, Emulated));

    internal static ulong Pack(ushort caller, XenError answer, bool flag) =>
        caller | (ulong)(ushort)answer << AnswerShift | (flag ? 1ul << FlagShift : 0);

    internal static XenError AnswerOf(ulong rest) => (XenError)(ushort)(rest >> AnswerShift);

    internal static bool FlagOf(ulong rest) => (rest >> FlagShift & 1) != 0;
}

/// <summary>A domain set up a pin of the machine, or was to.</summary>
/// <param name="Caller">The domain's id.</param>
/// <param name="Gsi">The GSI.</param>
/// <param name="Level">Whether it is to be level-triggered.</param>
/// <param name="ActiveLow">Whether it is to be active low.</param>
/// <param name="Answer">What the domain got.</param>
public readonly record struct XenGsiSetUp(ushort Caller, int Gsi, bool Level, bool ActiveLow, XenError Answer) : IEventView<XenGsiSetUp>
{
    /// <inheritdoc/>
    public static XenGsiSetUp Of(in Event e) => new(e.Unit, (int)e.Index, (e.A & 1) != 0, (e.A & 2) != 0, XenPirqCall.AnswerOf(e.B));

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.XenGsiSetUp, Caller, (uint)Gsi, (Level ? 1u : 0) | (ActiveLow ? 2u : 0),
        XenPirqCall.Pack(0, Answer, false));
}

/// <summary>A domain got or lost access to an interrupt of the machine, or was to.</summary>
/// <param name="Domain">The domain's id.</param>
/// <param name="Irq">The interrupt.</param>
/// <param name="Granted">Whether it is to have it.</param>
/// <param name="Caller">The id of the domain that called.</param>
/// <param name="Answer">What that got.</param>
/// <param name="ByMapping">Whether it follows from mapping or unmapping.</param>
public readonly record struct XenAccessChanged(ushort Domain, int Irq, bool Granted, ushort Caller, XenError Answer, bool ByMapping)
    : IEventView<XenAccessChanged>
{
    /// <inheritdoc/>
    public static XenAccessChanged Of(in Event e) =>
        new(e.Unit, (int)e.Index, (e.A & 1) != 0, (ushort)e.B, XenPirqCall.AnswerOf(e.B), XenPirqCall.FlagOf(e.B));

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.XenAccessChanged, Domain, (uint)Irq, Granted ? 1u : 0, XenPirqCall.Pack(Caller, Answer, ByMapping));
}

/// <summary>A PIRQ was mapped, or was to be.</summary>
/// <param name="Call">The call.</param>
public readonly record struct XenPirqMapped(XenPirqCall Call) : IEventView<XenPirqMapped>
{
    /// <inheritdoc/>
    public static XenPirqMapped Of(in Event e) => new(XenPirqCall.Of(e.Unit, e.Index, e.A, e.B));

    /// <inheritdoc/>
    public Event ToEvent() => Call.ToEvent(EventKind.XenPirqMapped);
}

/// <summary>A PIRQ was unmapped, or was to be.</summary>
/// <param name="Call">The call.</param>
public readonly record struct XenPirqUnmapped(XenPirqCall Call) : IEventView<XenPirqUnmapped>
{
    /// <inheritdoc/>
    public static XenPirqUnmapped Of(in Event e) => new(XenPirqCall.Of(e.Unit, e.Index, e.A, e.B));

    /// <inheritdoc/>
    public Event ToEvent() => Call.ToEvent(EventKind.XenPirqUnmapped);
}

/// <summary>A PIRQ was bound to its guest, or was to be.</summary>
/// <param name="Call">The call.</param>
public readonly record struct XenPirqBound(XenPirqCall Call) : IEventView<XenPirqBound>
{
    /// <inheritdoc/>
    public static XenPirqBound Of(in Event e) => new(XenPirqCall.Of(e.Unit, e.Index, e.A, e.B));

    /// <inheritdoc/>
    public Event ToEvent() => Call.ToEvent(EventKind.XenPirqBound);
}

/// <summary>A binding of a PIRQ was ended, or was to be.</summary>
/// <param name="Call">The call.</param>
public readonly record struct XenPirqUnbound(XenPirqCall Call) : IEventView<XenPirqUnbound>
{
    /// <inheritdoc/>
    public static XenPirqUnbound Of(in Event e) => new(XenPirqCall.Of(e.Unit, e.Index, e.A, e.B));

    /// <inheritdoc/>
    public Event ToEvent() => Call.ToEvent(EventKind.XenPirqUnbound);
}

/// <summary>Effect. A passed-through device drives a pin of a guest's PCI device.</summary>
/// <param name="Domain">The domain's id.</param>
/// <param name="Device">The device's number on the guest's root bus, 0 to 31.</param>
/// <param name="Pin">Its pin.</param>
/// <param name="Asserted">The level.</param>
public readonly record struct XenGuestIntx(ushort Domain, byte Device, PciInterruptPin Pin, bool Asserted) : IEventView<XenGuestIntx>
{
    private const int DeviceShift = 2, PinMask = 3;

    /// <inheritdoc/>
    public static XenGuestIntx Of(in Event e) =>
        new(e.Unit, (byte)(e.Index >> DeviceShift), (PciInterruptPin)(e.Index & PinMask), (e.A & 1) != 0);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.XenGuestIntx, Domain, (uint)Device << DeviceShift | (uint)Pin & PinMask, Asserted ? 1u : 0);
}

/// <summary>Effect. A passed-through device drives a GSI of the hardware domain.</summary>
/// <param name="Domain">The domain's id.</param>
/// <param name="Gsi">The GSI.</param>
/// <param name="Asserted">The level.</param>
public readonly record struct XenGuestGsi(ushort Domain, int Gsi, bool Asserted) : IEventView<XenGuestGsi>
{
    /// <inheritdoc/>
    public static XenGuestGsi Of(in Event e) => new(e.Unit, e.Gsi, (e.A & 1) != 0);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.XenGuestGsi, Domain, (uint)Gsi, Asserted ? 1u : 0);
}
