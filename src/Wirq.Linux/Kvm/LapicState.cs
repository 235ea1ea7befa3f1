using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Wirq.Linux.Interop;

namespace Wirq.Linux;

/// <summary>The registers of a local APIC in KVM's format: the page of xAPIC mode, in both modes (<c>struct
/// kvm_lapic_state</c>; Linux Documentation/virt/kvm/api.rst, 4.57 and 4.58).</summary>
/// <remarks><para>Each register is a 32-bit word at its offset in the page; IRR, ISR and TMR are eight words, 16 bytes
/// apart, of 32 vectors each (Intel SDM vol. 3, 11.8.4).</para>
/// <para>The id is in bits 31:24. With <see cref="X2ApicApi.Use32BitIds"/> in x2APIC mode it is the whole
/// word.</para></remarks>
[CName("struct kvm_lapic_state")]
public struct LapicState
{
    private const int Stride = 16, WordBits = 32, Vectors = 256;

    [CName("regs")] private Page _registers;

    /// <summary>A register.</summary>
    /// <param name="register">Its offset in the page: a multiple of 16 below 1024.</param>
    public uint this[ApicRegister register]
    {
        readonly get => MemoryMarshal.Read<uint>(((ReadOnlySpan<byte>)_registers)[(int)register..]);
        set => MemoryMarshal.Write(((Span<byte>)_registers)[(int)register..], value);
    }

    /// <summary>The spurious-interrupt vector register, which holds the software enable.</summary>
    public SpuriousVector SpuriousVector
    {
        readonly get => new(this[ApicRegister.SpuriousVector]);
        set => this[ApicRegister.SpuriousVector] = value.Bits;
    }

    /// <summary>One of the eight words of IRR, ISR or TMR.</summary>
    /// <param name="bank"><see cref="ApicRegister.Request"/>, <see cref="ApicRegister.InService"/> or
    /// <see cref="ApicRegister.TriggerMode"/>.</param>
    /// <param name="index">0 to 7; vectors 32 * index and up.</param>
    public readonly uint Word(ApicRegister bank, int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)(Vectors / WordBits), nameof(index));
        return this[bank + (uint)(index * Stride)];
    }

    /// <summary>Whether a vector's bit is set in IRR, ISR or TMR.</summary>
    /// <param name="bank">As for <see cref="Word"/>.</param>
    /// <param name="vector">0 to 255.</param>
    public readonly bool Has(ApicRegister bank, byte vector) =>
        (Word(bank, vector / WordBits) >> vector % WordBits & 1) != 0;

    /// <summary>Sets or clears a vector's bit in IRR, ISR or TMR.</summary>
    /// <param name="bank">As for <see cref="Word"/>.</param>
    /// <param name="vector">0 to 255.</param>
    /// <param name="value">Whether it is set.</param>
    public void Set(ApicRegister bank, byte vector, bool value)
    {
        ApicRegister register = bank + (uint)(vector / WordBits * Stride);
        uint bit = 1u << vector % WordBits;
        this[register] = value ? this[register] | bit : this[register] & ~bit;
    }

    /// <summary>The vectors whose bits are set in IRR, ISR or TMR, ascending.</summary>
    /// <param name="bank">As for <see cref="Word"/>.</param>
    public readonly int[] VectorsIn(ApicRegister bank)
    {
        var found = new List<int>();
        for (int vector = 0; vector < Vectors; vector++)
        {
            if (Has(bank, (byte)vector))
                found.Add(vector);
        }
        return [.. found];
    }

    /// <inheritdoc/>
    public override readonly string ToString() =>
        $"SVR {SpuriousVector}, TPR 0x{this[ApicRegister.TaskPriority]:x2}, PPR 0x{this[ApicRegister.ProcessorPriority]:x2}, "
        + $"IRR {Text(ApicRegister.Request)}, ISR {Text(ApicRegister.InService)}, TMR {Text(ApicRegister.TriggerMode)}";

    private readonly string Text(ApicRegister bank) => $"[{string.Join(' ', VectorsIn(bank).Select(vector => $"0x{vector:x2}"))}]";

    [InlineArray(0x400)]
    private struct Page
    {
        private byte _first;
    }
}
