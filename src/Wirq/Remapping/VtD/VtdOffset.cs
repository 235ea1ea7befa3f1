namespace Wirq.Remapping.VtD;

/// <summary>Offsets of the registers of a VT-d unit in its page, in bytes (VT-d specification, 11.4). The fault recording
/// registers begin at <see cref="VtdUnit.FaultRecordOffset"/>.</summary>
internal static class VtdOffset
{
    /// <summary>VER_REG, 4 bytes.</summary>
    public const uint Version = 0x00;
    /// <summary>CAP_REG, 8 bytes.</summary>
    public const uint Capability = 0x08;
    /// <summary>ECAP_REG, 8 bytes.</summary>
    public const uint ExtendedCapability = 0x10;
    /// <summary>GCMD_REG, 4 bytes.</summary>
    public const uint GlobalCommand = 0x18;
    /// <summary>GSTS_REG, 4 bytes.</summary>
    public const uint GlobalStatus = 0x1C;
    /// <summary>RTADDR_REG, 8 bytes.</summary>
    public const uint RootTable = 0x20;
    /// <summary>CCMD_REG, 8 bytes.</summary>
    public const uint ContextCommand = 0x28;
    /// <summary>FSTS_REG, 4 bytes.</summary>
    public const uint FaultStatus = 0x34;
    /// <summary>FECTL_REG, 4 bytes.</summary>
    public const uint FaultControl = 0x38;
    /// <summary>FEDATA_REG, 4 bytes.</summary>
    public const uint FaultData = 0x3C;
    /// <summary>FEADDR_REG, 4 bytes.</summary>
    public const uint FaultAddress = 0x40;
    /// <summary>FEUADDR_REG, 4 bytes.</summary>
    public const uint FaultUpperAddress = 0x44;
    /// <summary>IQH_REG, 8 bytes.</summary>
    public const uint QueueHead = 0x80;
    /// <summary>IQT_REG, 8 bytes.</summary>
    public const uint QueueTail = 0x88;
    /// <summary>IQA_REG, 8 bytes.</summary>
    public const uint QueueAddress = 0x90;
    /// <summary>ICS_REG, 4 bytes.</summary>
    public const uint CompletionStatus = 0x9C;
    /// <summary>IECTL_REG, 4 bytes.</summary>
    public const uint CompletionControl = 0xA0;
    /// <summary>IEDATA_REG, 4 bytes.</summary>
    public const uint CompletionData = 0xA4;
    /// <summary>IEADDR_REG, 4 bytes.</summary>
    public const uint CompletionAddress = 0xA8;
    /// <summary>IEUADDR_REG, 4 bytes.</summary>
    public const uint CompletionUpperAddress = 0xAC;
    /// <summary>IQERCD_REG, 8 bytes.</summary>
    public const uint QueueErrorRecord = 0xB0;
    /// <summary>IRTA_REG, 8 bytes.</summary>
    public const uint TableAddress = 0xB8;
}
