namespace Wirq.Host;

/// <content>The inputs of CPUs, each on its own thread. Every call that may have effects is a completing call; an
/// access to a register may have effects, even a read.</content>
public sealed partial class FabricHost : ICpuAccesses, ICpuInterrupts
{
    /// <inheritdoc/>
    /// <remarks>A completing call.</remarks>
    public bool TryRead(int cpu, ulong address, int size, out ulong value)
    {
        (bool ours, value) = Do((cpu, address, size),
            static (fabric, a) => (fabric.TryRead(a.cpu, a.address, a.size, out ulong read), read));
        return ours;
    }

    /// <inheritdoc/>
    /// <remarks>A completing call.</remarks>
    public bool TryWrite(int cpu, ulong address, int size, ulong value) =>
        Do((cpu, address, size, value), static (fabric, a) => fabric.TryWrite(a.cpu, a.address, a.size, a.value));

    /// <inheritdoc/>
    /// <remarks>A completing call.</remarks>
    public bool TryReadPort(int cpu, ushort port, int size, out uint value)
    {
        (bool ours, value) = Do((cpu, port, size),
            static (fabric, a) => (fabric.TryReadPort(a.cpu, a.port, a.size, out uint read), read));
        return ours;
    }

    /// <inheritdoc/>
    /// <remarks>A completing call.</remarks>
    public bool TryWritePort(int cpu, ushort port, int size, uint value) =>
        Do((cpu, port, size, value), static (fabric, a) => fabric.TryWritePort(a.cpu, a.port, a.size, a.value));

    /// <inheritdoc/>
    /// <remarks>A completing call.</remarks>
    public MsrResult ReadMsr(int cpu, uint msr, out ulong value)
    {
        (MsrResult result, value) = Do((cpu, msr), static (fabric, a) => (fabric.ReadMsr(a.cpu, a.msr, out ulong read), read));
        return result;
    }

    /// <inheritdoc/>
    /// <remarks>A completing call.</remarks>
    public MsrResult WriteMsr(int cpu, uint msr, ulong value) =>
        Do((cpu, msr, value), static (fabric, a) => fabric.WriteMsr(a.cpu, a.msr, a.value));

    /// <inheritdoc/>
    /// <remarks>A completing call.</remarks>
    public bool TryWriteCr8(int cpu, ulong value) =>
        Do((cpu, value), static (fabric, a) => fabric.TryWriteCr8(a.cpu, a.value));

    /// <inheritdoc/>
    /// <remarks>A completing call.</remarks>
    public int Take(int cpu) => Do(cpu, static (fabric, taking) => fabric.Take(taking));

    /// <summary>One exit of a CPU from its guest for an access. Time is advanced, the access is made, its effects run,
    /// and the outlook is computed. If no effect leaves the fabric, all of this takes the lock only once.</summary>
    /// <param name="cpu">The CPU.</param>
    /// <param name="now">The time of the exit, in ns; a time before the current one counts as the current one.</param>
    /// <param name="arguments">The arguments of the access.</param>
    /// <param name="access">The access, called under the lock.</param>
    /// <param name="outlook">What the CPU needs to know before it continues.</param>
    internal T Exit<TArguments, T>(int cpu, long now, TArguments arguments, Func<Fabric, TArguments, T> access, out CpuOutlook outlook)
    {
        T result;
        using (_lock.Hold())
        {
            if (now > _fabric.Now)
            {
                _fabric.Advance(now);
                Kick();
            }
            result = access(_fabric, arguments);
            Complete();
            outlook = OutlookOf(cpu);
        }
        ThrowFailure();
        return result;
    }

    /// <summary>What a CPU needs to know before it continues.</summary>
    internal CpuOutlook Look(int cpu)
    {
        using (_lock.Hold())
            return OutlookOf(cpu);
    }

    private CpuOutlook OutlookOf(int cpu) => _fabric.LocalApics is null
        ? new CpuOutlook(false, 0, _fabric.NextDeadline)
        : new CpuOutlook(_fabric.HasInterrupt(cpu), _fabric.ReadCr8(cpu), _fabric.NextDeadline);

    /// <inheritdoc/>
    /// <remarks>It waits for no effect.</remarks>
    public byte ReadCr8(int cpu)
    {
        using (_lock.Hold())
            return _fabric.ReadCr8(cpu);
    }

    /// <inheritdoc/>
    /// <remarks>It waits for no effect.</remarks>
    public ApicBase ReadBase(int cpu)
    {
        using (_lock.Hold())
            return _fabric.ReadBase(cpu);
    }

    /// <inheritdoc/>
    /// <remarks>It waits for no effect.</remarks>
    public bool HasInterrupt(int cpu)
    {
        using (_lock.Hold())
            return _fabric.HasInterrupt(cpu);
    }
}
