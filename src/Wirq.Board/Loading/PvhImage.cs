using Wirq.Board.Memory;
using Wirq.Linux;

namespace Wirq.Board.Loading;

/// <summary>An ELF image with a PVH note, which the board can start. The images of Xen's test framework are of this
/// kind.</summary>
internal sealed class PvhImage : BoardImage
{
    private const byte TaskType = 0xB;
    private const uint TaskLimit = 0x67;
    private const ulong ReservedFlag = 2;

    private readonly uint _entry;

    internal PvhImage(Elf32Image elf, uint entry) : base(elf) => _entry = entry;

    /// <inheritdoc/>
    public override void Start(BoardMemory memory, KvmVcpu vcpu, string? arguments = null, ReadOnlySpan<byte> module = default)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(vcpu);
        Elf.Load(memory);
        uint information = PvhInfo.Write(memory, Elf, arguments, module);
        // Xen docs/misc/pvh.pandoc: as by Multiboot, but the task register is loaded too.
        KvmSystemRegisters system = MultibootEntry.Enter(vcpu.SystemRegisters);
        system.Tr = new KvmSegment { Limit = TaskLimit, Type = TaskType, Present = 1 };
        vcpu.SystemRegisters = system;
        vcpu.Registers = new KvmRegisters { Rip = _entry, Rbx = information, Rflags = ReservedFlag };
    }
}
