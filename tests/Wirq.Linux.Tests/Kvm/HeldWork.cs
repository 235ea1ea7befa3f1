using Wirq.Linux.Interop;

namespace Wirq.Linux.Tests.Kvm;

/// <summary>Holds the kernel's work queue. Work that a thread queues runs in a kernel thread on the same CPU. A real-time
/// thread leaves no other thread its CPU until it waits, so the work waits until this thread does: at an unbind, or at
/// disposal.</summary>
internal sealed class HeldWork : IDisposable
{
    private readonly IDisposable _cpu;

    private HeldWork(IDisposable cpu) => _cpu = cpu;

    /// <summary>Begins on the calling thread, or skips.</summary>
    internal static HeldWork Begin()
    {
        IDisposable cpu = HostCalls.StayOnCpu();
        int error = HostCalls.TryBeRealTime();
        if (error == 0)
            return new HeldWork(cpu);
        cpu.Dispose();
        Assert.Skip($"the kernel's work queue is held by a real-time thread, and this process may not have one (CAP_SYS_NICE): errno {error}");
        throw new InvalidOperationException();
    }

    public void Dispose()
    {
        HostCalls.BeOrdinary();
        _cpu.Dispose();
    }
}
