using Wirq.Board.Timing;
using Wirq.Host;
using Wirq.Linux;

namespace Wirq.Board.Machine;

/// <summary>The interrupt system as vCPUs reach it in real time: it is told the time before each access, and the clock
/// of each deadline that an access moved.</summary>
/// <remarks>A deadline of the TSC is the guest's, who may have set its TSC: it is carried over to the fabric's at the
/// write.</remarks>
internal sealed class BoardChips(FabricHost host, BoardClock clock, IReadOnlyList<KvmVcpu> vcpus) : ICpuBus, ITimedDevice
{
    private const uint TscMsr = 0x10, TscDeadlineMsr = 0x6E0;
    private const long NanosecondsPerSecond = 1_000_000_000;

    private readonly ulong[] _tscBehind = new ulong[vcpus.Count];

    /// <summary>Never raised: here the clock is told after each access.</summary>
    public event Action? DeadlineMoved
    {
        add { }
        remove { }
    }

    public long NextDeadline => host.NextDeadline;

    public void Advance(long now) => host.Advance(now);

    public bool TryRead(int cpu, ulong address, int size, out ulong value)
    {
        host.Advance(clock.Now);
        return Looked(host.TryRead(cpu, address, size, out value));
    }

    public bool TryWrite(int cpu, ulong address, int size, ulong value)
    {
        host.Advance(clock.Now);
        return Looked(host.TryWrite(cpu, address, size, value));
    }

    public bool TryReadPort(int cpu, ushort port, int size, out uint value) => host.TryReadPort(cpu, port, size, out value);

    public bool TryWritePort(int cpu, ushort port, int size, uint value) => host.TryWritePort(cpu, port, size, value);

    public MsrResult ReadMsr(int cpu, uint msr, out ulong value)
    {
        host.Advance(clock.Now);
        MsrResult result = host.ReadMsr(cpu, msr, out value);
        // 0 says that it is disarmed.
        if (msr == TscDeadlineMsr && value != 0)
            value += _tscBehind[cpu];
        return result;
    }

    public MsrResult WriteMsr(int cpu, uint msr, ulong value)
    {
        long now = clock.Now;
        host.Advance(now);
        if (msr == TscDeadlineMsr && value != 0)
            value = ToFabric(cpu, value, now);
        MsrResult result = host.WriteMsr(cpu, msr, value);
        clock.Look();
        return result;
    }

    public byte ReadCr8(int cpu) => host.ReadCr8(cpu);

    public bool TryWriteCr8(int cpu, ulong value) => host.TryWriteCr8(cpu, value);

    public ApicBase ReadBase(int cpu) => host.ReadBase(cpu);

    public bool HasInterrupt(int cpu)
    {
        if (clock.IsDue)
            clock.Reached();
        return host.HasInterrupt(cpu);
    }

    public int Take(int cpu) => host.Take(cpu);

    private bool Looked(bool ours)
    {
        if (ours)
            clock.Look();
        return ours;
    }

    /// <summary>The deadline as the fabric's TSC, which is 0 where its time is 0, will show it.</summary>
    private ulong ToFabric(int cpu, ulong deadline, long now)
    {
        if (!vcpus[cpu].TryReadMsr(TscMsr, out ulong tsc))
            return deadline;
        ulong ours = (ulong)((UInt128)now * (ulong)host.Options.LocalApics.TscHz / NanosecondsPerSecond);
        _tscBehind[cpu] = tsc - ours;
        // One that has passed stays passed, and armed: 0 would disarm.
        return deadline > tsc - ours ? deadline - (tsc - ours) : 1;
    }
}
