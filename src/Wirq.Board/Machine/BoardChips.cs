using Wirq.Board.Timing;
using Wirq.Host;
using Wirq.Linux;

namespace Wirq.Board.Machine;

/// <summary>The interrupt system as vCPUs reach it in real time: it is told the time before each access, and the clock
/// of each deadline that an access moved.</summary>
/// <remarks>A deadline of the TSC is the guest's, who may have set its TSC: it is carried over to the fabric's at the
/// write.</remarks>
internal sealed class BoardChips(FabricHost host, BoardClock clock, IReadOnlyList<KvmVcpu> vcpus) : ICpuAccesses, ICpuInterrupts, ITimedDevice
{
    private const uint TscMsr = 0x10;
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

    public bool TryReadPort(int cpu, ushort port, int size, out uint value)
    {
        host.Advance(clock.Now);
        return host.TryReadPort(cpu, port, size, out value);
    }

    public bool TryWritePort(int cpu, ushort port, int size, uint value)
    {
        host.Advance(clock.Now);
        return host.TryWritePort(cpu, port, size, value);
    }

    public MsrResult ReadMsr(int cpu, uint msr, out ulong value)
    {
        host.Advance(clock.Now);
        MsrResult result = host.ReadMsr(cpu, msr, out value);
        // 0 says that it is disarmed.
        if (msr == ApicMsr.TscDeadline && value != 0)
            value += _tscBehind[cpu];
        return result;
    }

    public MsrResult WriteMsr(int cpu, uint msr, ulong value)
    {
        long now = clock.Now;
        host.Advance(now);
        if (msr == ApicMsr.TscDeadline && value != 0)
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
        // Modulo 2^64: a guest's TSC is behind the fabric's where KVM began it at 0 later, or the guest set it back.
        _tscBehind[cpu] = tsc - ours;
        return Carried(deadline, tsc, ours);
    }

    /// <summary>A deadline of one TSC as a deadline of another; one beyond what a TSC can show never comes.</summary>
    /// <param name="deadline">What the guest wrote.</param>
    /// <param name="tsc">The guest's TSC now.</param>
    /// <param name="ours">The fabric's now.</param>
    internal static ulong Carried(ulong deadline, ulong tsc, ulong ours)
    {
        // One that has passed stays passed, and armed: 0 would disarm.
        if (deadline <= tsc)
            return 1;
        ulong left = deadline - tsc;
        return left < ulong.MaxValue - ours ? ours + left : ulong.MaxValue;
    }
}
