using Wirq.Board.Memory;
using Wirq.Linux;

namespace Wirq.Board.Loading;

/// <summary>An ELF image with a PVH note, which the board can start. The images of Xen's test framework and Linux's
/// <c>vmlinux</c> are of this kind.</summary>
internal sealed class PvhImage : BoardImage
{
    private const byte TaskType = 0xB;
    private const uint TaskLimit = 0x67;
    private const ulong ReservedFlag = 2;

    private readonly ElfImage _elf;
    private readonly uint _entry;

    internal PvhImage(ElfImage elf, uint entry) => (_elf, _entry) = (elf, entry);

    internal override ElfImage Elf => _elf;

    /// <inheritdoc/>
    public override void Start(BoardMemory memory, KvmVcpu vcpu, string? arguments = null, ReadOnlySpan<byte> module = default, ulong rsdp = 0)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(vcpu);
        _elf.Load(memory);
        uint information = PvhInfo.Write(memory, _elf, arguments, module, rsdp);
        // Xen docs/misc/pvh.pandoc: as by Multiboot, but the task register is loaded too.
        KvmSystemRegisters system = MultibootEntry.Enter(vcpu.SystemRegisters);
        system.Tr = new KvmSegment { Limit = TaskLimit, Type = TaskType, Present = 1 };
        vcpu.SystemRegisters = system;
        vcpu.Registers = new KvmRegisters { Rip = _entry, Rbx = information, Rflags = ReservedFlag };
    }
}
