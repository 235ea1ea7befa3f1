using Wirq.Routing;
using Wirq.Tests.Shared.Litmus;

namespace Wirq.Linux.Tests.Litmus;

/// <summary>The litmus over the host's KVM.</summary>
public sealed class KvmLitmusTests : LitmusTests
{
    protected override ILitmusKernel Make(LitmusOptions options) => new KvmLitmusKernel(options);
}

/// <summary>The host's KVM; no vCPU runs.</summary>
internal sealed class KvmLitmusKernel : ILitmusKernel
{
    private readonly KvmSystem _system;
    private readonly KvmVm _vm;
    private readonly KvmKernelPort _port;
    private readonly EpollLoop _loop;
    private readonly List<EventFdHandle> _eventFds = [];
    private Action<int>? _readable;

    internal KvmLitmusKernel(LitmusOptions options)
    {
        _system = KvmHost.Require();
        _vm = _system.CreateVm();
        _vm.CreateSplitIrqChip(LitmusOptions.ReservedGsis);
        for (int cpu = 0; cpu < options.Virqs; cpu++)
            KvmHost.Enabled(_vm, cpu);
        _port = new KvmKernelPort(_vm);
        _loop = new EpollLoop(token => Volatile.Read(ref _readable)?.Invoke(token), new() { EdgeTriggered = options.StaysInThePoll });
    }

    public IKernelPort Kernel => _port;
    public IEventPort Events => _loop;
    public long? Deliveries => null;

    public EventFd CreateEventFd()
    {
        EventFdHandle fd = EventFdHandle.Create();
        _eventFds.Add(fd);
        return fd;
    }

    public void DeviceWrites(EventFd fd) => _loop.Write(fd);
    public void Poll(Action<int> readable) => Volatile.Write(ref _readable, readable);
    public void EndPoll() => _loop.Dispose();

    public void ReadRequests(int cpu, Span<ulong> bits)
    {
        _vm.Vcpus[cpu].GetLapic(out LapicState state);
        for (int i = 0; i < bits.Length; i++)
            bits[i] = state.Word(ApicRegister.Request, 2 * i) | (ulong)state.Word(ApicRegister.Request, 2 * i + 1) << 32;
    }

    public void ClearRequests(int cpu) => _vm.Vcpus[cpu].ClearIrr();

    public void Dispose()
    {
        _loop.Dispose();
        _port.Dispose();
        foreach (EventFdHandle fd in _eventFds)
            fd.Dispose();
        _vm.Dispose();
        _system.Dispose();
    }
}
