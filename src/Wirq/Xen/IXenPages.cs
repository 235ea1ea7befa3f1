namespace Wirq.Xen;

/// <summary>The pages that guests share with their hypervisor.</summary>
/// <remarks>
/// <para>Guests run meanwhile and change the same bytes, so <see cref="EventChannels"/> uses atomic operations only. A
/// page must therefore be the memory that the guest sees, not a copy of it.</para>
/// <para>Frame numbers come from guests and may be anything. What is returned is used until the next call only. It is
/// aligned to 8 bytes, and at least <see cref="PageSize"/> bytes long.</para>
/// </remarks>
public interface IXenPages
{
    /// <summary>Bytes of a page.</summary>
    const int PageSize = 4096;

    /// <summary>The shared-info page of a domain, which it has from its creation on, wherever it maps it.</summary>
    /// <param name="domain">The domain's id.</param>
    Span<byte> SharedInfo(ushort domain);

    /// <summary>A page of a domain's memory that can be written.</summary>
    /// <param name="domain">The domain's id.</param>
    /// <param name="frame">Its guest frame number, 64 bits.</param>
    /// <returns>Its bytes; empty if there is no such page.</returns>
    Span<byte> Page(ushort domain, ulong frame);
}
