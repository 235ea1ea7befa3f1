using System.Buffers.Binary;
using Wirq.Events;

namespace Wirq.Remapping.VtD;

/// <content>Interrupt requests.</content>
internal sealed partial class VtdUnit
{
    /// <summary>Until remapping is enabled, a message in compatibility format is read as if there were no unit.
    /// Enabling it invalidates the whole unit.</summary>
    bool IRemapper.Passes(Msi message) => !RemappingEnabled && !message.Address.Remappable;

    /// <summary>Translates an interrupt request by the current registers and table (VT-d specification,
    /// 5.1.4).</summary>
    /// <param name="message">The request.</param>
    /// <param name="requester">The sender: bus, device, function.</param>
    /// <param name="delivering">Whether it is being delivered. A translation in advance neither records nor reports a
    /// fault: the fault comes when the interrupt happens.</param>
    /// <param name="memory">The memory of the table.</param>
    /// <param name="events">Where the message of the fault event goes, and observations.</param>
    /// <param name="translated">The message for the local APICs; without meaning if the request was refused.</param>
    /// <param name="cookie">The cookie of this translation. A refused request has one too, because another try may
    /// succeed after an invalidation.</param>
    /// <returns><see cref="RefusalReason.None"/>; <see cref="RefusalReason.RemappingFault"/> if it was blocked; for a
    /// request that passed in compatibility format, the result of <see cref="Msi.TryDecode"/>.</returns>
    public RefusalReason Translate(Msi message, ushort requester, bool delivering, IGuestMemory memory, EventBuffer events,
        out InterruptMessage translated, out RouteCookie cookie)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(events);
        cookie = new RouteCookie(_unit, RouteCookie.MaxKey);
        var request = new InterruptRequest(message);
        // Without remapping every request is one in compatibility format, where address bit 4 has no meaning (5.1.2.1,
        // 5.1.4).
        if (!RemappingEnabled)
            return request.AsCompatibility.TryDecode(MsiFormat.Compatibility, out translated);
        int index = 0;
        bool suppressed = false;
        VtdFaultReason reason;
        if (request.IsInterrupt && !request.Remappable)
        {
            if (!S.Table.IsExtended && Status.Has(GlobalCommand.Compatibility) || _profile.CompatibilityPasses)
                return message.TryDecode(MsiFormat.Compatibility, out translated);
            (reason, translated) = (VtdFaultReason.CompatibilityBlocked, default);
        }
        else
        {
            reason = Remap(request, requester, memory, out translated, out index, out suppressed);
            if (index <= ushort.MaxValue)
                cookie = new RouteCookie(_unit, index);
        }
        if (reason == VtdFaultReason.None)
            return RefusalReason.None;
        if (delivering)
            Fault(reason, requester, index, suppressed, events);
        return RefusalReason.RemappingFault;
    }

    /// <summary>A request in remappable format; the checks are in the order of 5.1.4.</summary>
    private VtdFaultReason Remap(InterruptRequest request, ushort requester, IGuestMemory memory,
        out InterruptMessage translated, out int index, out bool suppressed)
    {
        translated = default;
        suppressed = false;
        index = request.Index;
        if (request.HasReserved || !request.IsInterrupt)
            return VtdFaultReason.RequestReserved;
        ulong address = S.Table.EntryAddress(index);
        if (index > S.Table.LastIndex || address > _addressMask)
            return VtdFaultReason.IndexOutOfRange;
        Span<byte> bytes = stackalloc byte[Irte.Size];
        if (!memory.TryRead(address, bytes))
            return VtdFaultReason.TableUnreadable;
        var entry = new Irte(BinaryPrimitives.ReadUInt64LittleEndian(bytes),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[sizeof(ulong)..]));
        VtdFaultReason reason = Judge(entry, requester);
        suppressed = entry.FaultsSuppressed && reason.IsQualified();
        if (reason == VtdFaultReason.None)
            translated = entry.Message(S.Table.IsExtended);
        return reason;
    }

    private VtdFaultReason Judge(Irte entry, ushort requester) =>
        !entry.Present ? VtdFaultReason.NotPresent
        : entry.HasReserved(S.Table.IsExtended, _profile) ? VtdFaultReason.EntryReserved
        : !entry.Admits(requester, _profile) ? VtdFaultReason.SourceRejected
        : VtdFaultReason.None;
}
