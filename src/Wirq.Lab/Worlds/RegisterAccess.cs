using System.Buffers.Binary;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Worlds;

/// <summary>Accesses registers like a guest's code: by memory, port, MSR or CR8, depending on the mode of the CPU's
/// local APIC.</summary>
internal sealed class RegisterAccess(Fabric fabric, IGuestCpus cpus)
{
    private const ulong BaseMask = ~0xFFFul;
    private const int HalfBits = 32, XApicDestinationShift = 24;
    // The value of a read of memory that no device answers.
    private const ulong Nothing = ulong.MaxValue;

    /// <summary>Guest words of Xen's ABI; null for none.</summary>
    internal XenGuests? Xen { get; init; }

    /// <summary>Words about kernels and passed devices.</summary>
    internal Func<RegisterName, ulong>? Host { get; init; }

    /// <summary>Writes a register.</summary>
    /// <returns>False if the access raised <c>#GP</c>.</returns>
    internal bool Write(int cpu, RegisterName register, ulong value)
    {
        switch (register.Kind)
        {
            case RegisterKind.Entry:
                WriteIndexed(cpu, register.Unit, EntryIndex(register) + 1, (uint)(value >> HalfBits));
                WriteIndexed(cpu, register.Unit, EntryIndex(register), (uint)value);
                return true;
            case RegisterKind.EntryLow:
                WriteIndexed(cpu, register.Unit, EntryIndex(register), (uint)value);
                return true;
            case RegisterKind.EntryHigh:
                WriteIndexed(cpu, register.Unit, EntryIndex(register) + 1, (uint)value);
                return true;
            case RegisterKind.IoApicIndex:
                WriteIndexed(cpu, register.Unit, (uint)register.Number, (uint)value);
                return true;
            case RegisterKind.IoApicOffset:
                cpus.TryWrite(cpu, IoApicAddress(register.Unit) + register.Number, register.Size, value);
                return true;
            case RegisterKind.LocalApic:
                return register.Size == sizeof(ulong)
                    ? WriteInterruptCommand(cpu, value) : WriteLocalApic(cpu, (ApicRegister)register.Number, value);
            case RegisterKind.Msr:
                return cpus.WriteMsr(cpu, (uint)register.Number, value) != MsrResult.GeneralProtection;
            case RegisterKind.Port:
                cpus.TryWritePort(cpu, (ushort)register.Number, register.Size, (uint)value);
                return true;
            case RegisterKind.Memory:
                WriteMemory(cpu, register.Number, register.Size, value);
                return true;
            case RegisterKind.Vtd:
                WriteUnit(cpu, (uint)register.Number, register.Size, value);
                return true;
            case RegisterKind.Xen:
                Xen!.Write(register, value);
                return true;
            default:
                return cpus.TryWriteCr8(cpu, value);
        }
    }

    /// <summary>Reads a register.</summary>
    /// <returns>False if the access raised <c>#GP</c>.</returns>
    internal bool Read(int cpu, RegisterName register, out ulong value)
    {
        value = 0;
        switch (register.Kind)
        {
            case RegisterKind.Entry:
                value = ReadIndexed(cpu, register.Unit, EntryIndex(register))
                    | (ulong)ReadIndexed(cpu, register.Unit, EntryIndex(register) + 1) << HalfBits;
                return true;
            case RegisterKind.EntryLow:
                value = ReadIndexed(cpu, register.Unit, EntryIndex(register));
                return true;
            case RegisterKind.EntryHigh:
                value = ReadIndexed(cpu, register.Unit, EntryIndex(register) + 1);
                return true;
            case RegisterKind.IoApicIndex:
                value = ReadIndexed(cpu, register.Unit, (uint)register.Number);
                return true;
            case RegisterKind.IoApicOffset:
                cpus.TryRead(cpu, IoApicAddress(register.Unit) + register.Number, register.Size, out value);
                return true;
            case RegisterKind.LocalApic:
                return register.Size == sizeof(ulong)
                    ? ReadInterruptCommand(cpu, out value) : ReadLocalApic(cpu, (ApicRegister)register.Number, out value);
            case RegisterKind.Msr:
                return cpus.ReadMsr(cpu, (uint)register.Number, out value) != MsrResult.GeneralProtection;
            case RegisterKind.Port:
                cpus.TryReadPort(cpu, (ushort)register.Number, register.Size, out uint port);
                value = port;
                return true;
            case RegisterKind.Memory:
                if (!cpus.TryRead(cpu, register.Number, register.Size, out value))
                    value = ReadMemory(register.Number, register.Size);
                return true;
            case RegisterKind.Vtd:
                value = ReadUnit(cpu, (uint)register.Number, register.Size);
                return true;
            case RegisterKind.Xen:
                value = Xen!.Read(register);
                return true;
            case RegisterKind.Host:
                value = Host!(register);
                return true;
            default:
                value = cpus.ReadCr8(cpu);
                return true;
        }
    }

    /// <summary>Writes a local APIC register by its xAPIC offset; by MSR if the CPU is in x2APIC mode.</summary>
    internal bool WriteLocalApic(int cpu, ApicRegister register, ulong value)
    {
        if (IsX2Apic(cpu, out ulong page))
            return cpus.WriteMsr(cpu, ApicMsr.Of(register), value) != MsrResult.GeneralProtection;
        cpus.TryWrite(cpu, page + (uint)register, sizeof(uint), (uint)value);
        return true;
    }

    /// <summary>Writes both halves of the ICR, in the layout of x2APIC mode: the destination is in bits
    /// 63:32.</summary>
    internal bool WriteInterruptCommand(int cpu, ulong value)
    {
        // The high half has the destination (8 bits, in bits 31:24). It must be written first, because the write of the
        // low half sends.
        if (!IsX2Apic(cpu, out ulong page))
            cpus.TryWrite(cpu, page + (uint)ApicRegister.CommandHigh, sizeof(uint), value >> HalfBits << XApicDestinationShift & uint.MaxValue);
        return WriteLocalApic(cpu, ApicRegister.CommandLow, value);
    }

    internal bool ReadLocalApic(int cpu, ApicRegister register, out ulong value)
    {
        if (IsX2Apic(cpu, out ulong page))
            return cpus.ReadMsr(cpu, ApicMsr.Of(register), out value) != MsrResult.GeneralProtection;
        if (!cpus.TryRead(cpu, page + (uint)register, sizeof(uint), out value))
            value = uint.MaxValue;
        return true;
    }

    private bool ReadInterruptCommand(int cpu, out ulong value)
    {
        bool done = ReadLocalApic(cpu, ApicRegister.CommandLow, out value);
        if (!IsX2Apic(cpu, out _) && ReadLocalApic(cpu, ApicRegister.CommandHigh, out ulong high))
            value |= high >> XApicDestinationShift << HalfBits;
        return done;
    }

    /// <summary>The vectors that are set in eight registers, from a given one on.</summary>
    internal IReadOnlyList<byte> ReadVectors(int cpu, ApicRegister first)
    {
        var set = new List<byte>();
        for (uint word = 0; word < 8; word++)
        {
            if (!ReadLocalApic(cpu, first + word * LocalApics.RegisterStride, out ulong bits))
                continue;
            for (int bit = 0; bit < HalfBits; bit++)
            {
                if ((bits >> bit & 1) != 0)
                    set.Add((byte)(word * HalfBits + (uint)bit));
            }
        }
        return set;
    }

    internal void WriteIndexed(int cpu, int ioApic, uint index, uint value)
    {
        cpus.TryWrite(cpu, IoApicAddress(ioApic) + IoApic.SelectOffset, sizeof(uint), index);
        cpus.TryWrite(cpu, IoApicAddress(ioApic) + IoApic.WindowOffset, sizeof(uint), value);
    }

    internal uint ReadIndexed(int cpu, int ioApic, uint index)
    {
        cpus.TryWrite(cpu, IoApicAddress(ioApic) + IoApic.SelectOffset, sizeof(uint), index);
        cpus.TryRead(cpu, IoApicAddress(ioApic) + IoApic.WindowOffset, sizeof(uint), out ulong value);
        return (uint)value;
    }

    /// <summary>Reads a register of the remapping unit.</summary>
    internal ulong ReadUnit(int cpu, uint offset, int size) =>
        cpus.TryRead(cpu, fabric.Options.Vtd!.Address + offset, size, out ulong value) ? value : Nothing;

    /// <summary>Writes a register of the remapping unit.</summary>
    internal void WriteUnit(int cpu, uint offset, int size, ulong value) =>
        cpus.TryWrite(cpu, fabric.Options.Vtd!.Address + offset, size, value);

    /// <summary>Writes to an address: a chip's register, or memory.</summary>
    internal void WriteMemory(int cpu, ulong address, int size, ulong value)
    {
        if (cpus.TryWrite(cpu, address, size, value))
            return;
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        fabric.Memory.TryWrite(address, bytes[..size]);
    }

    private ulong ReadMemory(ulong address, int size)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        bytes.Clear();
        return fabric.Memory.TryRead(address, bytes[..size])
            ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : Nothing >> (64 - size * 8);
    }

    private ulong IoApicAddress(int ioApic) => fabric.IoApics[ioApic].Options.Address;

    private static uint EntryIndex(RegisterName register) => IoApic.EntryIndex((int)register.Number);

    /// <summary>Reads the mode of a CPU for the laboratory. This is not an access of the guest, so there is no event
    /// for it.</summary>
    private bool IsX2Apic(int cpu, out ulong page)
    {
        ApicBase apicBase = cpus.ReadBase(cpu);
        page = apicBase.Bits & BaseMask;
        return apicBase.Mode == ApicMode.X2Apic;
    }
}
