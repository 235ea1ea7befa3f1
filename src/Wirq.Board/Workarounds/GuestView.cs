using System.Buffers.Binary;
using System.Globalization;
using Wirq.Linux;
using Wirq.Remapping;

namespace Wirq.Board.Workarounds;

/// <summary>A vCPU's registers, and the memory that they point to. Use it only when the last instruction is finished:
/// see <see cref="KvmVcpu.Complete"/>.</summary>
internal sealed class GuestView(KvmVcpu vcpu, IGuestMemory memory)
{
    private const int LongestInstruction = 15, PageBytes = 4096;
    private const ulong ResetBase = 0xFFFF0000, ResetOffset = 0xFFF0;
    private const ulong LongModeActive = 0x400;

    internal KvmVcpu Vcpu => vcpu;

    /// <summary>Whether there is memory at its next instruction; true if no page is mapped there.</summary>
    internal bool MayHaveCode
    {
        get
        {
            KvmSystemRegisters system = vcpu.SystemRegisters;
            return !TryTranslate(system, LinearOf(system, vcpu.Registers.Rip), write: false, out ulong physical)
                || memory.TryRead(physical, stackalloc byte[1]);
        }
    }

    /// <summary>Whether it has not executed an instruction since INIT (Intel SDM vol. 3, 9.1.4).</summary>
    internal bool IsAtResetVector => vcpu.SystemRegisters.Cs.Base == ResetBase && vcpu.Registers.Rip == ResetOffset;

    /// <summary>Whether it runs 64-bit code at CPL 0. Only such code is emulated here.</summary>
    internal static bool IsKernelOf64Bits(in KvmSystemRegisters system) =>
        system.Cs.LongMode != 0 && (system.Efer & LongModeActive) != 0 && new GuestSelector(system.Cs.Selector).Privilege == 0;

    /// <summary>The bytes of the instruction at an address; fewer if memory ends before.</summary>
    internal ReadOnlySpan<byte> ReadCode(in KvmSystemRegisters system, ulong address, Span<byte> buffer)
    {
        ulong linear = LinearOf(system, address);
        int length = Math.Min(buffer.Length, LongestInstruction);
        while (length > 0 && !TryReadLinear(system, linear, buffer[..length]))
            length--;
        return buffer[..length];
    }

    internal bool TryReadLinear(in KvmSystemRegisters system, ulong linear, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int part = Math.Min(destination.Length, PageBytes - (int)(linear % PageBytes));
            if (!TryTranslate(system, linear, write: false, out ulong physical) || !memory.TryRead(physical, destination[..part]))
                return false;
            destination = destination[part..];
            linear += (ulong)part;
        }
        return true;
    }

    /// <summary>Writes bytes. If the result is false, some may have been written.</summary>
    internal bool TryWriteLinear(in KvmSystemRegisters system, ulong linear, ReadOnlySpan<byte> source)
    {
        while (!source.IsEmpty)
        {
            int part = Math.Min(source.Length, PageBytes - (int)(linear % PageBytes));
            if (!TryTranslate(system, linear, write: true, out ulong physical) || !memory.TryWrite(physical, source[..part]))
                return false;
            source = source[part..];
            linear += (ulong)part;
        }
        return true;
    }

    internal bool TryReadWord(in KvmSystemRegisters system, ulong linear, out ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        bool read = TryReadLinear(system, linear, bytes);
        value = read ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : 0;
        return read;
    }

    /// <summary>Writes a word that does not cross a page.</summary>
    internal bool TryWriteWord(in KvmSystemRegisters system, ulong linear, ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return linear % PageBytes <= PageBytes - sizeof(ulong) && TryTranslate(system, linear, write: true, out ulong physical)
            && memory.TryWrite(physical, bytes);
    }

    /// <summary>Whether CPL 0 may write an address.</summary>
    internal bool MayWrite(in KvmSystemRegisters system, ulong linear) => TryTranslate(system, linear, write: true, out _);

    /// <summary>Translates an address, as CPL 0.</summary>
    internal bool TryTranslate(in KvmSystemRegisters system, ulong linear, bool write, out ulong physical) =>
        GuestPaging.TryTranslate(memory, system, linear, write, out physical);

    /// <summary>The linear address of an offset in the code segment. The offset has 32 bits, except in 64-bit mode,
    /// where the base has no effect.</summary>
    private static ulong LinearOf(in KvmSystemRegisters system, ulong address) =>
        system.Cs.LongMode != 0 ? address : (uint)(system.Cs.Base + address);

    /// <summary>Its position, as text for a person.</summary>
    internal string Describe()
    {
        KvmRegisters registers = vcpu.Registers;
        KvmSystemRegisters system = vcpu.SystemRegisters;
        Span<byte> buffer = stackalloc byte[8];
        string code = Convert.ToHexStringLower(ReadCode(system, registers.Rip, buffer));
        return string.Create(CultureInfo.InvariantCulture,
            $"it stands at {system.Cs.Selector:x}:{registers.Rip:x}{(code.Length > 0 ? $" ({code})" : "")}");
    }
}
