using Wirq.Events;
using Wirq.Lab.Kernels;

namespace Wirq.Lab.Worlds;

/// <summary>Simulated CPUs whose local APICs are in a kernel. Their accesses never leave the kernel, but they are still
/// reported, so that timelines look the same. The 8259 pair is in the fabric: its vector is injected into the kernel
/// when the CPU's interrupt window opens. A kernel that owns the I/OAPIC and the 8259s has their registers too.</summary>
internal sealed class KernelCpus(Fabric fabric, SimulatedKernel kernel) : FabricCpus(fabric)
{
    private readonly Fabric _fabric = fabric;

    private const int RegisterWidth = 4;

    public override bool TryRead(int cpu, ulong address, int size, out ulong value)
    {
        value = 0;
        if (kernel.MapsIoApic(address, out uint chip))
            value = size == RegisterWidth ? kernel.ReadIoApic(chip) : 0;
        else if (!kernel.Maps(cpu, address, out uint offset))
            return _fabric.TryRead(cpu, address, size, out value);
        else if (IsWhole(offset, size))
            value = kernel.ReadApic(cpu, (ApicRegister)offset);
        Tell(new MemoryMappedAccess(cpu, IsWrite: false, size, address, value).ToEvent());
        return true;
    }

    public override bool TryWrite(int cpu, ulong address, int size, ulong value)
    {
        bool isIoApic = kernel.MapsIoApic(address, out uint chip);
        uint offset = 0;
        if (!isIoApic && !kernel.Maps(cpu, address, out offset))
            return _fabric.TryWrite(cpu, address, size, value);
        Tell(new MemoryMappedAccess(cpu, IsWrite: true, size, address, value).ToEvent());
        if (isIoApic && size == RegisterWidth)
            kernel.WriteIoApic(chip, (uint)value);
        else if (!isIoApic && IsWhole(offset, size))
            kernel.WriteApic(cpu, (ApicRegister)offset, (uint)value);
        return true;
    }

    public override bool TryReadPort(int cpu, ushort port, int size, out uint value)
    {
        if (!kernel.MapsPort(port))
            return _fabric.TryReadPort(cpu, port, size, out value);
        value = size == 1 ? kernel.ReadPic(port) : uint.MaxValue;
        Tell(new PortAccess(cpu, IsWrite: false, size, port, value).ToEvent());
        return true;
    }

    public override bool TryWritePort(int cpu, ushort port, int size, uint value)
    {
        if (!kernel.MapsPort(port))
            return _fabric.TryWritePort(cpu, port, size, value);
        Tell(new PortAccess(cpu, IsWrite: true, size, port, value).ToEvent());
        if (size == 1)
            kernel.WritePic(port, (byte)value);
        return true;
    }

    public override MsrResult ReadMsr(int cpu, uint msr, out ulong value)
    {
        value = 0;
        if (!LocalApics.ClaimsMsr(msr))
            return MsrResult.NotOurs;
        bool done = kernel.TryReadMsr(cpu, msr, out value);
        Tell(new MsrAccess(cpu, IsWrite: false, Faulted: !done, msr, value).ToEvent());
        return done ? MsrResult.Done : MsrResult.GeneralProtection;
    }

    public override MsrResult WriteMsr(int cpu, uint msr, ulong value)
    {
        if (!LocalApics.ClaimsMsr(msr))
            return MsrResult.NotOurs;
        bool done = kernel.TryWriteMsr(cpu, msr, value);
        Tell(new MsrAccess(cpu, IsWrite: true, Faulted: !done, msr, value).ToEvent());
        return done ? MsrResult.Done : MsrResult.GeneralProtection;
    }

    public override byte ReadCr8(int cpu) => kernel.ReadCr8(cpu);

    public override bool TryWriteCr8(int cpu, ulong value)
    {
        Tell(new TaskPriorityWrite(cpu, value).ToEvent());
        return kernel.TryWriteCr8(cpu, value);
    }

    public override ApicBase ReadBase(int cpu) => kernel.BaseOf(cpu);

    public override bool HasInterrupt(int cpu) => kernel.HasInterrupt(cpu) || WaitsForWindow(cpu);

    /// <summary>The window is open. The INTA cycle runs now and not earlier, so that the 8259s can still withdraw or
    /// mask the request in the meantime.</summary>
    public override int Take(int cpu)
    {
        if (WaitsForWindow(cpu))
            kernel.RaiseExtInt(cpu, _fabric.Inta(cpu));
        return kernel.Take(cpu);
    }

    private bool WaitsForWindow(int cpu) => _fabric.Pic is { Intr: true } && kernel.AcceptsExtInt(cpu);

    // Registers are accessed as a whole, at their own address (SDM vol. 3, 11.4.1).
    private static bool IsWhole(uint offset, int size) => size == RegisterWidth && offset % LocalApics.RegisterStride == 0;

    private void Tell(in Event happened) => _fabric.Events.Observe(happened);
}
