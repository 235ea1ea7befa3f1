using Wirq.Xen;

namespace Wirq.Board.Xen;

/// <summary>What a board offers of Xen's interface for HVM guests.</summary>
public sealed record XenGuestOptions
{
    /// <summary>Whether CPUID shows Hyper-V's leaves before Xen's, as Xen's option <c>viridian</c> does. They offer no
    /// feature. Xen's leaves and MSR then lie behind them.</summary>
    public bool Viridian { get; init; }

    /// <summary>When the line of a callback is looked at.</summary>
    public CallbackPolicy Callback { get; init; }

    /// <summary>Gets each byte that the guest writes by <c>console_io</c>, on a vCPU's thread; null for none.</summary>
    public Action<byte>? Console { get; init; }
}
