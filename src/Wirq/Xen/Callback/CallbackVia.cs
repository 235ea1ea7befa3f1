namespace Wirq.Xen;

/// <summary>How the callback of an HVM domain comes.</summary>
public enum CallbackKind
{
    /// <summary>Not at all.</summary>
    None,
    /// <summary>By a GSI: a level, for vCPU 0 only.</summary>
    Gsi,
    /// <summary>By INTx of a PCI device: a level, for vCPU 0 only.</summary>
    PciIntx,
    /// <summary>By the global vector, which no local APIC sees: no IRR, no ISR, no EOI.</summary>
    Vector,
}

/// <summary>The value of <c>HVM_PARAM_CALLBACK_IRQ</c>.</summary>
/// <remarks><code>
///  63  56                 7     0
/// +------+---------------+-------+
/// |  0   |       0       |  GSI  |   GSI 0: no callback
/// |  1   |  15:11 device |pin1:0 |
/// |  2   |       0       |vector |
/// +------+---------------+-------+
/// </code>Other types are no callback.</remarks>
/// <param name="Bits">The value; may be anything.</param>
public readonly record struct CallbackVia(ulong Bits)
{
    private const int KindShift = 56, DeviceShift = 11, DeviceMask = 31, PinMask = 3;

    /// <summary>A callback by GSI.</summary>
    /// <param name="gsi">The GSI, 1 to 255.</param>
    public static CallbackVia OfGsi(byte gsi) => new(gsi);

    /// <summary>A callback by INTx.</summary>
    /// <param name="device">The device's number on the root bus, 0 to 31.</param>
    /// <param name="pin">Its pin.</param>
    public static CallbackVia OfIntx(int device, PciInterruptPin pin)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)device, (uint)DeviceMask, nameof(device));
        return new(1ul << KindShift | (ulong)device << DeviceShift | (ulong)pin);
    }

    /// <summary>A callback by the global vector.</summary>
    /// <param name="vector">The vector.</param>
    public static CallbackVia OfVector(byte vector) => new(2ul << KindShift | vector);

    /// <summary>Which kind it is.</summary>
    public CallbackKind Kind => (Bits >> KindShift) switch
    {
        0 when Gsi != 0 => CallbackKind.Gsi,
        1 => CallbackKind.PciIntx,
        2 => CallbackKind.Vector,
        _ => CallbackKind.None,
    };

    /// <summary>The GSI, if it is one.</summary>
    public byte Gsi => (byte)Bits;
    /// <summary>The vector, if it is one.</summary>
    public byte Vector => (byte)Bits;
    /// <summary>The PCI device, if it is one.</summary>
    public int Device => (int)(Bits >> DeviceShift) & DeviceMask;
    /// <summary>Its pin.</summary>
    public PciInterruptPin Pin => (PciInterruptPin)(Bits & PinMask);

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        CallbackKind.Gsi => $"by GSI {Gsi}",
        CallbackKind.PciIntx => $"by INT{Pin} of device {Device}",
        CallbackKind.Vector => $"by vector 0x{Vector:x2}",
        _ => "in no way",
    };
}

/// <summary>When the line of a callback is looked at, to see that the guest has cleared its flag.</summary>
public enum CallbackPolicy
{
    /// <summary>When the line is acknowledged. The callback is a sampled source.</summary>
    Ack,
    /// <summary>At every entry of every vCPU while the line is asserted, as Xen does. The callback is a wired
    /// source.</summary>
    Poll,
}
