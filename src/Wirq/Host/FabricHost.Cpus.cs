namespace Wirq.Host;

/// <content>What CPUs do, each on a thread of its own. All are completing calls: an access to a register has effects,
/// a read too.</content>
public sealed partial class FabricHost : ICpuBus
{
    /// <inheritdoc/>
    public bool TryRead(int cpu, ulong address, int size, out ulong value)
    {
        bool ours;
        lock (_lock)
        {
            ours = _fabric.TryRead(cpu, address, size, out value);
            Complete();
        }
        ThrowFailure();
        return ours;
    }

    /// <inheritdoc/>
    public bool TryWrite(int cpu, ulong address, int size, ulong value)
    {
        bool ours;
        lock (_lock)
        {
            ours = _fabric.TryWrite(cpu, address, size, value);
            Complete();
        }
        ThrowFailure();
        return ours;
    }

    /// <inheritdoc/>
    public bool TryReadPort(int cpu, ushort port, int size, out uint value)
    {
        bool ours;
        lock (_lock)
        {
            ours = _fabric.TryReadPort(cpu, port, size, out value);
            Complete();
        }
        ThrowFailure();
        return ours;
    }

    /// <inheritdoc/>
    public bool TryWritePort(int cpu, ushort port, int size, uint value)
    {
        bool ours;
        lock (_lock)
        {
            ours = _fabric.TryWritePort(cpu, port, size, value);
            Complete();
        }
        ThrowFailure();
        return ours;
    }

    /// <inheritdoc/>
    public MsrResult ReadMsr(int cpu, uint msr, out ulong value)
    {
        MsrResult result;
        lock (_lock)
        {
            result = _fabric.ReadMsr(cpu, msr, out value);
            Complete();
        }
        ThrowFailure();
        return result;
    }

    /// <inheritdoc/>
    public MsrResult WriteMsr(int cpu, uint msr, ulong value)
    {
        MsrResult result;
        lock (_lock)
        {
            result = _fabric.WriteMsr(cpu, msr, value);
            Complete();
        }
        ThrowFailure();
        return result;
    }

    /// <inheritdoc/>
    public byte ReadCr8(int cpu)
    {
        lock (_lock)
            return _fabric.ReadCr8(cpu);
    }

    /// <inheritdoc/>
    public bool TryWriteCr8(int cpu, ulong value)
    {
        bool done;
        lock (_lock)
        {
            done = _fabric.TryWriteCr8(cpu, value);
            Complete();
        }
        ThrowFailure();
        return done;
    }

    /// <inheritdoc/>
    public ApicBase ReadBase(int cpu)
    {
        lock (_lock)
            return _fabric.ReadBase(cpu);
    }

    /// <inheritdoc/>
    public bool HasInterrupt(int cpu)
    {
        lock (_lock)
            return _fabric.HasInterrupt(cpu);
    }

    /// <inheritdoc/>
    public int Take(int cpu)
    {
        int vector;
        lock (_lock)
        {
            vector = _fabric.Take(cpu);
            Complete();
        }
        ThrowFailure();
        return vector;
    }
}
