using System.Buffers.Binary;

namespace Wirq.Traces.Snapshots;

/// <summary>The register page of a local APIC, 1 KiB: what <c>KVM_GET_LAPIC</c> gives and Xen's <c>LAPIC_REGS</c> holds. Words
/// are little-endian, one every 16 bytes (Intel SDM vol. 3, table 11-1).</summary>
internal static class LapicPage
{
    internal const int Bytes = 1024;

    private const int ReservedBytes = (int)ApicRegister.Id, RegisterBytes = 16;

    /// <summary>Whether bytes look like such a page: registers 0 and 1 are reserved and zero, and the version is one of an
    /// integrated local APIC (0x10 to 0x1F).</summary>
    internal static bool Looks(ReadOnlySpan<byte> page) => page.Length >= Bytes
        && !page[..ReservedBytes].ContainsAnyExcept((byte)0)
        && page[(int)ApicRegister.Version] is >= 0x10 and <= 0x1F && page[(int)ApicRegister.Version + 1] == 0;

    /// <summary>Takes the registers of a page into a CPU.</summary>
    internal static void Read(ReadOnlySpan<byte> page, SavedCpu cpu, string device, long offset)
    {
        uint id = Word(page, ApicRegister.Id);
        // The id of xAPIC mode is bits 31:24; that of x2APIC mode is the whole word (Intel SDM vol. 3, 11.12.1.1).
        const uint xapicZeros = 0xFFFFFF;
        cpu.Id = new((id & xapicZeros) != 0 ? id : new XApicId(id).Id, Place(ApicRegister.Id));
        cpu.Spurious = new(Word(page, ApicRegister.SpuriousVector), Place(ApicRegister.SpuriousVector));
        cpu.Tpr = new((byte)Word(page, ApicRegister.TaskPriority), Place(ApicRegister.TaskPriority));
        cpu.LogicalId = new(new LogicalDestination(Word(page, ApicRegister.LogicalDestination)).Id, Place(ApicRegister.LogicalDestination));
        cpu.LogicalFormat = new(DestinationFormat.Written(Word(page, ApicRegister.DestinationFormat)), Place(ApicRegister.DestinationFormat));
        cpu.Lint0 = new(Word(page, ApicRegister.Lint0), Place(ApicRegister.Lint0));
        cpu.Timer = new(Word(page, ApicRegister.Timer), Place(ApicRegister.Timer));
        cpu.Isr = new(Vectors(page, ApicRegister.InService), Place(ApicRegister.InService));
        cpu.Tmr = new(Vectors(page, ApicRegister.TriggerMode), Place(ApicRegister.TriggerMode));
        cpu.Irr = new(Vectors(page, ApicRegister.Request), Place(ApicRegister.Request));

        ValuePlace Place(ApicRegister register) => new(device, register.ToString(), offset + (int)register);
    }

    private static uint Word(ReadOnlySpan<byte> page, ApicRegister register) => BinaryPrimitives.ReadUInt32LittleEndian(page[(int)register..]);

    private static Vectors256 Vectors(ReadOnlySpan<byte> page, ApicRegister first)
    {
        var vectors = new Vectors256();
        for (int register = 0; register < Vectors256.Registers; register++)
            vectors.SetRegister(register, Word(page, first + (uint)(register * RegisterBytes)));
        return vectors;
    }
}
