namespace Wirq.Lab.Worlds;

/// <summary>Simulated CPUs whose local APICs are in the fabric.</summary>
internal class FabricCpus(Fabric fabric) : IGuestCpus
{
    public virtual bool TryRead(int cpu, ulong address, int size, out ulong value) => fabric.TryRead(cpu, address, size, out value);
    public virtual bool TryWrite(int cpu, ulong address, int size, ulong value) => fabric.TryWrite(cpu, address, size, value);
    public virtual bool TryReadPort(int cpu, ushort port, int size, out uint value) => fabric.TryReadPort(cpu, port, size, out value);
    public virtual bool TryWritePort(int cpu, ushort port, int size, uint value) => fabric.TryWritePort(cpu, port, size, value);
    public virtual MsrResult ReadMsr(int cpu, uint msr, out ulong value) => fabric.ReadMsr(cpu, msr, out value);
    public virtual MsrResult WriteMsr(int cpu, uint msr, ulong value) => fabric.WriteMsr(cpu, msr, value);
    public virtual byte ReadCr8(int cpu) => fabric.ReadCr8(cpu);
    public virtual bool TryWriteCr8(int cpu, ulong value) => fabric.TryWriteCr8(cpu, value);
    public virtual ApicBase ReadBase(int cpu) => fabric.ReadBase(cpu);
    public virtual bool HasInterrupt(int cpu) => fabric.HasInterrupt(cpu);
    public virtual int Take(int cpu) => fabric.Take(cpu);
    public int Inta(int cpu) => fabric.Inta(cpu);

    // The world itself keeps this state.
    public void SetInterrupts(int cpu, bool on) { }
    public void Return(int cpu) { }
    public void Nmi(int cpu) { }
    public void Dispose() { }
}
