using Wirq.Board.Timing;
using Wirq.Host;
using Wirq.Linux;

namespace Wirq.Board.Machine;

/// <summary>The interrupt system as vCPUs access it in real time. It sets the time before each access, and updates the
/// clock after an access that moved a deadline.</summary>
/// <remarks>An exit takes the host's lock once: for the time, the access, and what the CPU needs before it enters
/// again. If an event for the CPU occurs in between, the CPU reads that again (<see cref="Changed"/>).
/// <para>A TSC deadline is in units of the guest's TSC, which the guest may have set. It is converted to the fabric's
/// time when it is written.</para></remarks>
internal sealed class BoardChips(FabricHost host, BoardClock clock, IReadOnlyList<KvmVcpu> vcpus) : ICpuAccesses, ICpuInterrupts, ITimedDevice
{
    private const uint TscMsr = 0x10;
    private const long NanosecondsPerSecond = 1_000_000_000;

    private readonly ulong[] _tscBehind = new ulong[vcpus.Count];
    private readonly Known[] _outlooks = [.. vcpus.Select(_ => new Known())];

    /// <summary>Never raised: the clock is updated after each access.</summary>
    public event Action? DeadlineMoved
    {
        add { }
        remove { }
    }

    public long NextDeadline => host.NextDeadline;

    public void Advance(long now) => host.Advance(now);

    public bool TryRead(int cpu, ulong address, int size, out ulong value)
    {
        (bool ours, value) = Exit(cpu, clock.Now, (cpu, address, size),
            static (fabric, a) => (fabric.TryRead(a.cpu, a.address, a.size, out ulong read), read));
        return ours;
    }

    public bool TryWrite(int cpu, ulong address, int size, ulong value) => Exit(cpu, clock.Now, (cpu, address, size, value),
        static (fabric, a) => fabric.TryWrite(a.cpu, a.address, a.size, a.value));

    public bool TryReadPort(int cpu, ushort port, int size, out uint value)
    {
        (bool ours, value) = Exit(cpu, clock.Now, (cpu, port, size),
            static (fabric, a) => (fabric.TryReadPort(a.cpu, a.port, a.size, out uint read), read));
        return ours;
    }

    public bool TryWritePort(int cpu, ushort port, int size, uint value) => Exit(cpu, clock.Now, (cpu, port, size, value),
        static (fabric, a) => fabric.TryWritePort(a.cpu, a.port, a.size, a.value));

    public MsrResult ReadMsr(int cpu, uint msr, out ulong value)
    {
        (MsrResult result, value) = Exit(cpu, clock.Now, (cpu, msr),
            static (fabric, a) => (fabric.ReadMsr(a.cpu, a.msr, out ulong read), read));
        // 0 disarms the timer.
        if (msr == ApicMsr.TscDeadline && value != 0)
            value += _tscBehind[cpu];
        return result;
    }

    public MsrResult WriteMsr(int cpu, uint msr, ulong value)
    {
        long now = clock.Now;
        if (msr == ApicMsr.TscDeadline && value != 0)
            value = ToFabric(cpu, value, now);
        return Exit(cpu, now, (cpu, msr, value), static (fabric, a) => fabric.WriteMsr(a.cpu, a.msr, a.value));
    }

    /// <summary>The kernel reports the EOI of a level vector (<see cref="FabricHost.Eoi"/>).</summary>
    internal void Eoi(int cpu, byte vector) => Exit(cpu, clock.Now, (cpu, vector), static (fabric, a) =>
    {
        fabric.TellEoi(a.cpu, a.vector);
        return true;
    });

    public bool TryWriteCr8(int cpu, ulong value) => Exit(cpu, 0, (cpu, value), static (fabric, a) => fabric.TryWriteCr8(a.cpu, a.value));

    public int Take(int cpu) => Exit(cpu, 0, cpu, static (fabric, taking) => fabric.Take(taking));

    public ApicBase ReadBase(int cpu) => host.ReadBase(cpu);

    public bool HasInterrupt(int cpu)
    {
        if (clock.IsDue)
            clock.Reached();
        return Outlook(cpu).HasInterrupt;
    }

    /// <summary>A CPU enters its guest after this, so the values that it read before may be stale at its next
    /// exit.</summary>
    public byte ReadCr8(int cpu)
    {
        byte cr8 = Outlook(cpu).Cr8;
        Changed(cpu);
        return cr8;
    }

    /// <summary>A CPU calls what shares the lock of the interrupt system. Call it on the thread of the CPU.</summary>
    internal T Call<TArguments, T>(int cpu, TArguments arguments, Func<Fabric, TArguments, int, T> call) =>
        Exit(cpu, clock.Now, (cpu, arguments, call), static (fabric, a) => a.call(fabric, a.arguments, a.cpu));

    /// <summary>An event for a CPU occurred, on any thread: the values that the CPU has read are stale.</summary>
    internal void Changed(int cpu) => Interlocked.Increment(ref _outlooks[cpu].Changes);

    private CpuOutlook Outlook(int cpu)
    {
        ref Known known = ref _outlooks[cpu];
        int changes = Volatile.Read(ref known.Changes);
        if (known.AsOf != changes)
            (known.Outlook, known.AsOf) = (host.Look(cpu), changes);
        return known.Outlook;
    }

    /// <summary>An access on the thread of a CPU, and the outlook of the CPU after it.</summary>
    private T Exit<TArguments, T>(int cpu, long now, TArguments arguments, Func<Fabric, TArguments, T> access)
    {
        ref Known known = ref _outlooks[cpu];
        // This is read first: the outlook may or may not contain an event that occurs during the access.
        int changes = Volatile.Read(ref known.Changes);
        T result = host.Exit(cpu, now, arguments, access, out CpuOutlook outlook);
        (known.Outlook, known.AsOf) = (outlook, changes);
        clock.Look(outlook.NextDeadline);
        return result;
    }

    /// <summary>Converts a deadline to the fabric's TSC, which is 0 when the fabric's time is 0.</summary>
    private ulong ToFabric(int cpu, ulong deadline, long now)
    {
        if (!vcpus[cpu].TryReadMsr(TscMsr, out ulong tsc))
            return deadline;
        ulong ours = (ulong)((UInt128)now * (ulong)host.Options.LocalApics.TscHz / NanosecondsPerSecond);
        // Modulo 2^64: a guest's TSC is behind the fabric's if KVM set it to 0 later, or if the guest set it back.
        _tscBehind[cpu] = tsc - ours;
        return Carried(deadline, tsc, ours);
    }

    /// <summary>Converts a deadline of one TSC to a deadline of another. A deadline above the range of the other TSC
    /// never comes.</summary>
    /// <param name="deadline">The value that the guest wrote.</param>
    /// <param name="tsc">The guest's TSC now.</param>
    /// <param name="ours">The fabric's TSC now.</param>
    internal static ulong Carried(ulong deadline, ulong tsc, ulong ours)
    {
        // A deadline that has passed must stay passed and armed: 0 would disarm the timer.
        if (deadline <= tsc)
            return 1;
        ulong left = deadline - tsc;
        return left < ulong.MaxValue - ours ? ours + left : ulong.MaxValue;
    }

    /// <summary>What a CPU has read from the chips. Only its own thread uses it, except for the counter.</summary>
    private struct Known()
    {
        internal CpuOutlook Outlook = default;
        /// <summary>The number of events for the CPU, modulo 2^32, and that number when the CPU last read the
        /// chips.</summary>
        internal int Changes = 0, AsOf = -1;
    }
}
