namespace Wirq.Lab.Worlds;

/// <summary>Offsets of local APIC registers that the laboratory itself uses (SDM vol. 3, table 11-1).</summary>
internal static class LocalApicOffsets
{
    internal const uint Eoi = 0xB0, LogicalDestination = 0xD0, DestinationFormat = 0xE0, SpuriousVector = 0xF0,
        InService = 0x100, Request = 0x200, Command = 0x300, CommandHigh = 0x310, Lint0 = 0x350, Lint1 = 0x360;

    /// <summary>Each 32 vectors, and each register, take this much.</summary>
    internal const uint Stride = 0x10;
}
