namespace Wirq.Xen;

/// <summary>Messages that name a PIRQ instead of a vector.</summary>
/// <remarks><code>
/// address   63          40 39    32 31    20 19      12 11     0
///          +--------------+--------+--------+----------+--------+
///          |  PIRQ 31:8   |   0    | 0xFEE  | PIRQ 7:0 |   -    |
///          +--------------+--------+--------+----------+--------+
/// data      vector 0
/// </code>Linux writes them (<c>xen_msi_compose_msg</c>); Xen (<c>hvm_inject_msi</c>) and QEMU (<c>msi_pirq_target</c>) read
/// them in this way. A machine sees the upper half of the address with <see cref="MsiFormat.KvmHighAddress"/> only, which
/// PIRQs from 256 on need.</remarks>
public static class PirqMessage
{
    private const int LowShift = 12, HighShift = 32;
    private const uint LowMask = 0xFF, HighMask = 0xFFFF_FF00;

    /// <summary>The message of a PIRQ.</summary>
    /// <param name="pirq">The PIRQ; 0 is none.</param>
    public static Msi For(uint pirq) =>
        new(MsiAddress.WindowBegin | (ulong)(pirq & LowMask) << LowShift | (ulong)(pirq & HighMask) << HighShift, 0);

    /// <summary>Whether a message has the vector 0. If so, it names a PIRQ.</summary>
    public static bool IsOne(Msi message) => message.Data.Vector == 0;

    /// <summary>The PIRQ of a message that names one; 0 is none.</summary>
    public static uint PirqOf(Msi message) =>
        (uint)(message.Address.Bits >> LowShift) & LowMask | (uint)(message.Address.Bits >> HighShift) & HighMask;
}
