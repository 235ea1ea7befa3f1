namespace Wirq.Xen;

/// <summary>Sizes of the 2-level ABI.</summary>
internal static class TwoLevel
{
    /// <summary>How many ports there are: a bit for each bit of the words that the selector can name.</summary>
    internal static uint PortsOf(int wordBits) => (uint)(wordBits * wordBits);

    /// <summary>Bytes of a bit for each port.</summary>
    internal static int BytesOf(int wordBits) => wordBits * wordBits / 8;
}

/// <summary>The 2-level ABI: a pending and a mask bit for each port in the shared-info page, and a selector in each
/// vcpu_info.</summary>
internal sealed class TwoLevel<TLayout> : PortAbi where TLayout : struct, ISharedInfoLayout
{
    private static uint Limit => TwoLevel.PortsOf(TLayout.WordBits);

    internal override uint Ports => Limit;

    internal override void SetPending(XenDomain domain, int vcpu, uint port)
    {
        // A port of before the domain became narrower.
        if (port >= Limit)
            return;
        Span<byte> shared = domain.SharedInfo;
        if (GuestWords.TestAndSet(shared, TLayout.Pending, port))
            return;
        if (!GuestWords.Test(shared, TLayout.Mask, port))
            Select(domain, vcpu, port);
        domain.WakePollers(port);
    }

    internal override void ClearPending(XenDomain domain, uint port)
    {
        if (port < Limit)
            GuestWords.TestAndClear(domain.SharedInfo, TLayout.Pending, port);
    }

    internal override void Unmask(XenDomain domain, uint port)
    {
        if (port >= Limit)
            return;
        Span<byte> shared = domain.SharedInfo;
        // In this order: an event that comes in between finds the mask open and selects by itself.
        if (GuestWords.TestAndClear(shared, TLayout.Mask, port) && GuestWords.Test(shared, TLayout.Pending, port))
            Select(domain, domain.Channel(port).Vcpu, port);
    }

    internal override bool IsPending(XenDomain domain, uint port) =>
        port < Limit && GuestWords.Test(domain.SharedInfo, TLayout.Pending, port);

    private static void Select(XenDomain domain, int vcpu, uint port)
    {
        Span<byte> info = domain.InfoOf(vcpu);
        if (!info.IsEmpty && !GuestWords.TestAndSet(info, TLayout.Selector, port / (uint)TLayout.WordBits))
            domain.MarkUpcall(vcpu, info);
    }
}
