using Wirq.Events;
using Wirq.State;

namespace Wirq;

/// <summary>How an access to a model-specific register ended.</summary>
public enum MsrResult
{
    /// <summary>The register does not belong to the interrupt system.</summary>
    NotOurs,
    /// <summary>Done.</summary>
    Done,
    /// <summary>The CPU takes <c>#GP(0)</c>.</summary>
    GeneralProtection,
}

/// <content>What CPUs do: registers by memory, port and MSR, and taking interrupts.</content>
public sealed partial class Fabric : ICpuAccesses, ICpuInterrupts
{
    /// <summary>Bytes of the page in which a chip has its registers.</summary>
    internal const ulong PageSize = 0x1000;
    private const ulong PageMask = PageSize - 1;
    private const uint RegisterStride = LocalApics.RegisterStride;
    private const int RegisterWidth = 4;

    /// <inheritdoc/>
    /// <remarks>It only queues: <see cref="Drain"/> carries out what follows.</remarks>
    public bool TryRead(int cpu, ulong address, int size, out ulong value)
    {
        value = 0;
        if (LocalApics is { } apics && apics.Maps(cpu, address, out uint offset))
            value = ReadLocalApic(apics, cpu, offset, size);
        else if (FindIoApic(address) is var chip and >= 0)
            value = ReadIoApic(cpu, chip, (uint)(address & PageMask), size);
        else if (_units.At(address) is var unit and >= 0)
            value = ReadRemapper(cpu, unit, address, size);
        else
            return false;
        if (Events.Observing)
            Events.Observe(new MemoryMappedAccess(cpu, IsWrite: false, size, address, value).ToEvent());
        return true;
    }

    /// <inheritdoc/>
    /// <remarks>It only queues: <see cref="Drain"/> carries out what follows.</remarks>
    public bool TryWrite(int cpu, ulong address, int size, ulong value)
    {
        if (LocalApics is not { } apics || !apics.Maps(cpu, address, out uint offset))
            return TryWriteChip(cpu, address, size, value);
        if (Events.Observing)
            Events.Observe(new MemoryMappedAccess(cpu, IsWrite: true, size, address, value).ToEvent());
        WriteLocalApic(apics, cpu, offset, size, value);
        return true;
    }

    private bool TryWriteChip(int cpu, ulong address, int size, ulong value)
    {
        int chip = FindIoApic(address), unit = chip >= 0 ? -1 : _units.At(address);
        if (chip < 0 && unit < 0)
            return false;
        if (Events.Observing)
            Events.Observe(new MemoryMappedAccess(cpu, IsWrite: true, size, address, value).ToEvent());
        if (chip < 0)
            WriteRemapper(cpu, unit, address, size, value);
        else if (_ioApics[chip].Has((uint)(address & PageMask), size))
            Carry(chip, _ioApics[chip].Write((uint)(address & PageMask), Narrow(value, size), Events));
        else
            Events.NoteMisuse(cpu, Misuse.Access, address, value);
        return true;
    }

    /// <inheritdoc/>
    /// <remarks>It only queues: <see cref="Drain"/> carries out what follows.</remarks>
    public bool TryReadPort(int cpu, ushort port, int size, out uint value)
    {
        value = 0;
        if (Pic is null || !PicPair.Claims(port) || size is not (1 or 2 or 4))
            return false;
        for (int i = size - 1; i >= 0; i--)
        {
            byte one = 0xFF;
            if (PicPair.Claims((ushort)(port + i)))
            {
                one = Pic.Read((ushort)(port + i), Events, out PinWork work);
                CarryPic(work);
            }
            value = value << 8 | one;
        }
        if (Events.Observing)
            Events.Observe(new PortAccess(cpu, IsWrite: false, size, port, value).ToEvent());
        return true;
    }

    /// <inheritdoc/>
    /// <remarks>It only queues: <see cref="Drain"/> carries out what follows.</remarks>
    public bool TryWritePort(int cpu, ushort port, int size, uint value)
    {
        if (Pic is null || !PicPair.Claims(port) || size is not (1 or 2 or 4))
            return false;
        if (Events.Observing)
            Events.Observe(new PortAccess(cpu, IsWrite: true, size, port, value).ToEvent());
        for (int i = 0; i < size; i++, value >>= 8)
        {
            if (PicPair.Claims((ushort)(port + i)))
                CarryPic(Pic.Write((ushort)(port + i), (byte)value, Events));
        }
        return true;
    }

    /// <inheritdoc/>
    /// <remarks>It only queues: <see cref="Drain"/> carries out what follows.</remarks>
    public MsrResult ReadMsr(int cpu, uint msr, out ulong value)
    {
        value = 0;
        if (LocalApics is not { } apics || !LocalApics.ClaimsMsr(msr))
            return MsrResult.NotOurs;
        bool done = apics.TryReadMsr(cpu, msr, Events, out value);
        if (Events.Observing)
            Events.Observe(new MsrAccess(cpu, IsWrite: false, Faulted: !done, msr, value).ToEvent());
        return done ? MsrResult.Done : MsrResult.GeneralProtection;
    }

    /// <inheritdoc/>
    /// <remarks>It only queues: <see cref="Drain"/> carries out what follows.</remarks>
    public MsrResult WriteMsr(int cpu, uint msr, ulong value)
    {
        if (LocalApics is not { } apics || !LocalApics.ClaimsMsr(msr))
            return MsrResult.NotOurs;
        bool done = apics.TryWriteMsr(cpu, msr, value, Events);
        if (Events.Observing)
            Events.Observe(new MsrAccess(cpu, IsWrite: true, Faulted: !done, msr, value).ToEvent());
        return done ? MsrResult.Done : MsrResult.GeneralProtection;
    }

    /// <inheritdoc/>
    public byte ReadCr8(int cpu) => OwnLocalApics.ReadCr8(cpu);

    /// <inheritdoc/>
    /// <remarks>It only queues: <see cref="Drain"/> carries out what follows.</remarks>
    public bool TryWriteCr8(int cpu, ulong value)
    {
        LocalApics apics = OwnLocalApics;
        if (Events.Observing)
            Events.Observe(new TaskPriorityWrite(cpu, value).ToEvent());
        return apics.TryWriteCr8(cpu, value, Events);
    }

    /// <inheritdoc/>
    public ApicBase ReadBase(int cpu) => OwnLocalApics.Base(cpu);

    /// <inheritdoc/>
    public bool HasInterrupt(int cpu) => HasInterruptOfChips(cpu) || Xen is not null && Xen.Callback.OffersGlobal(cpu);

    /// <summary>Whether there is an interrupt of the local APIC or of the 8259.</summary>
    internal bool HasInterruptOfChips(int cpu) => OwnLocalApics is var apics && (apics.HasInterrupt(cpu) || HasExtInt(apics, cpu));

    /// <inheritdoc/>
    /// <remarks>It only queues: <see cref="Drain"/> carries out what follows.</remarks>
    public int Take(int cpu)
    {
        LocalApics apics = OwnLocalApics;
        if (Xen is not null && Xen.Callback.OffersGlobal(cpu))
            return Xen.Callback.TakeGlobal(cpu);
        if (HasExtInt(apics, cpu) && !(Options.LocalApicFirst && apics.HasInterrupt(cpu)))
            return Inta(cpu);
        return apics.TryTake(cpu, Events);
    }

    /// <summary>An edge comes into the local APIC of a CPU, from no device and on no bus.</summary>
    internal void InjectVector(int cpu, byte vector) => OwnLocalApics.Inject(cpu, vector, Events);

    /// <summary>Something outside of the local APIC waits for a CPU.</summary>
    internal void WakeCpu(int cpu)
    {
        if (Events.WakeUps)
            Events.Emit(new Event(EventKind.CpuInterrupt, (ushort)cpu));
    }

    private LocalApics OwnLocalApics => LocalApics
        ?? throw new InvalidOperationException("the local APICs of this machine are in the kernel: call the kernel");

    private bool HasExtInt(LocalApics apics, int cpu) => Pic is { Asks: true } && apics.HasExtInt(cpu, intr: true);

    /// <summary>A CPU runs an INTA cycle to the 8259 pair. <see cref="Take"/> does this when INTR is high. A CPU that
    /// saw INTR before it fell still runs the cycle, and gets a spurious vector. It only queues.</summary>
    /// <exception cref="InvalidOperationException">The machine has no 8259.</exception>
    public byte Inta(int cpu)
    {
        if (Pic is null)
            throw new InvalidOperationException("the machine has no 8259");
        byte vector = Pic.Take(Events, out PinWork work);
        LocalApics?.ExtIntTaken(cpu);
        if (Events.Observing)
            Events.Observe(new VectorTaken(cpu, vector, VectorGiver.Pic).ToEvent());
        CarryPic(work);
        return vector;
    }

    private ulong ReadLocalApic(LocalApics apics, int cpu, uint offset, int size)
    {
        uint within = offset % RegisterStride;
        if (size is 1 or 2 or 4 && within + (uint)size <= RegisterWidth)
        {
            ulong mask = (1ul << (size * 8)) - 1;
            return apics.Read(cpu, offset - within, Events) >> (int)(within * 8) & mask;
        }
        Events.NoteMisuse(cpu, Misuse.Access, offset, 0);
        return 0;
    }

    private void WriteLocalApic(LocalApics apics, int cpu, uint offset, int size, ulong value)
    {
        // Registers are written whole, at their own address (SDM vol. 3, 11.4.1).
        if (size == RegisterWidth && offset % RegisterStride == 0)
            apics.Write(cpu, offset, (uint)value, Events);
        else
            Events.NoteMisuse(cpu, Misuse.Access, offset, value);
    }

    /// <summary>The bits of a write within its size; higher bits of the caller's value do not count.</summary>
    private static uint Narrow(ulong value, int size) =>
        size < RegisterWidth ? (uint)value & ((1u << size * 8) - 1) : (uint)value;

    private ulong ReadIoApic(int cpu, int chip, uint offset, int size)
    {
        if (_ioApics[chip].Has(offset, size))
            return _ioApics[chip].Read(offset) & uint.MaxValue >> (RegisterWidth - Math.Min(size, RegisterWidth)) * 8;
        Events.NoteMisuse(cpu, Misuse.Access, Options.IoApics[chip].Address + offset, 0);
        return 0;
    }

    private int FindIoApic(ulong address)
    {
        for (int chip = 0; chip < _ioApics.Length; chip++)
        {
            if ((address & ~PageMask) == _ioApics[chip].Options.Address)
                return chip;
        }
        return -1;
    }
}
