using Wirq.Vfio;

namespace Wirq.Events;

/// <summary>VFIO was asked to change interrupts of a device.</summary>
/// <param name="Device">The device.</param>
/// <param name="Irq">The IRQ index, as it was asked.</param>
/// <param name="Flags">The flags, as they were asked.</param>
/// <param name="Start">The first vector.</param>
/// <param name="Count">How many.</param>
/// <param name="Answer">0, a negative error number, or how many vectors there are.</param>
public readonly record struct VfioIrqsSet(int Device, uint Irq, uint Flags, uint Start, uint Count, int Answer) : IEventView<VfioIrqsSet>
{
    private const int HighShift = 32;

    /// <inheritdoc/>
    public static VfioIrqsSet Of(in Event e) =>
        new(e.Unit, e.Index, (uint)e.A, (uint)e.B, (uint)(e.B >> HighShift), (int)(uint)(e.A >> HighShift));

    /// <inheritdoc/>
    public Event ToEvent() =>
        new(EventKind.VfioIrqsSet, (ushort)Device, Irq, Flags | (ulong)(uint)Answer << HighShift, Start | (ulong)Count << HighShift);
}

/// <summary>VFIO masked or unmasked a device's line-based interrupt.</summary>
/// <param name="Device">The device.</param>
/// <param name="Line">The line of the host.</param>
/// <param name="Masked">Whether it is masked.</param>
public readonly record struct VfioMasked(int Device, int Line, bool Masked) : IEventView<VfioMasked>
{
    /// <inheritdoc/>
    public static VfioMasked Of(in Event e) => new(e.Unit, (int)e.Index, e.A != 0);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.VfioMasked, (ushort)Device, (uint)Line, Masked ? 1u : 0);
}

/// <summary>The wait for a guest ended.</summary>
/// <param name="Device">The device.</param>
/// <param name="Line">The line of the host.</param>
/// <param name="How">How.</param>
public readonly record struct VfioForwardEnded(int Device, int Line, ForwardEnd How) : IEventView<VfioForwardEnded>
{
    /// <inheritdoc/>
    public static VfioForwardEnded Of(in Event e) => new(e.Unit, (int)e.Index, (ForwardEnd)e.A);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.VfioForwardEnded, (ushort)Device, (uint)Line, (ulong)How);
}

/// <summary>The storm brake holds the unmask of a device back.</summary>
/// <param name="Device">The device.</param>
/// <param name="Line">The line of the host.</param>
/// <param name="Deadline">When it lets the device go, in ns.</param>
public readonly record struct VfioStormBraked(int Device, int Line, long Deadline) : IEventView<VfioStormBraked>
{
    /// <inheritdoc/>
    public static VfioStormBraked Of(in Event e) => new(e.Unit, (int)e.Index, (long)e.A);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.VfioStormBraked, (ushort)Device, (uint)Line, (ulong)Deadline);
}

/// <summary>Effect. VFIO signals an eventfd: adds 1 to it.</summary>
/// <param name="Device">The device.</param>
/// <param name="Irq">The IRQ index.</param>
/// <param name="Vector">The vector.</param>
/// <param name="EventFd">The eventfd.</param>
public readonly record struct VfioSignalled(int Device, VfioIrqIndex Irq, int Vector, int EventFd) : IEventView<VfioSignalled>
{
    private const int IrqShift = 16;

    /// <inheritdoc/>
    public static VfioSignalled Of(in Event e) =>
        new(e.Unit, (VfioIrqIndex)(e.Index >> IrqShift), (ushort)e.Index, (int)(uint)e.A);

    /// <inheritdoc/>
    public Event ToEvent() =>
        new(EventKind.VfioSignalled, (ushort)Device, (uint)Irq << IrqShift | (ushort)Vector, (uint)EventFd);
}
