namespace Wirq.Remapping.VtD;

/// <summary>Why a VT-d unit blocked an interrupt request (VT-d specification, 5.1.4.1). The numbers are those of the FR
/// field of a fault record.</summary>
public enum VtdFaultReason : byte
{
    /// <summary>It was not blocked.</summary>
    None = 0,
    /// <summary>Reserved bits of the remappable request are set.</summary>
    RequestReserved = 0x20,
    /// <summary>The index is beyond the table, or its entry is above the address width.</summary>
    IndexOutOfRange = 0x21,
    /// <summary>The entry is not present.</summary>
    NotPresent = 0x22,
    /// <summary>The table could not be read.</summary>
    TableUnreadable = 0x23,
    /// <summary>Reserved fields of a present entry are set.</summary>
    EntryReserved = 0x24,
    /// <summary>A request in compatibility format, while this format is blocked.</summary>
    CompatibilityBlocked = 0x25,
    /// <summary>The entry is not for this requester.</summary>
    SourceRejected = 0x26,
}

internal static class VtdFaultReasons
{
    /// <summary>Whether FPD of the entry suppresses the record: the column "qualified" of the table of fault conditions
    /// (5.1.4.1). A fault that is found before an entry has been read cannot be suppressed by the entry.</summary>
    public static bool IsQualified(this VtdFaultReason reason) =>
        reason is VtdFaultReason.NotPresent or VtdFaultReason.EntryReserved or VtdFaultReason.SourceRejected;
}
