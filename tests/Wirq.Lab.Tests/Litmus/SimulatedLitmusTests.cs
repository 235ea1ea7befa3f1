using Wirq.Lab.Kernels;
using Wirq.Routing;
using Wirq.Tests.Shared.Litmus;

namespace Wirq.Lab.Tests.Litmus;

/// <summary>The litmus over the simulated kernel.</summary>
public sealed class SimulatedLitmusTests : LitmusTests
{
    protected override ILitmusKernel Make(LitmusOptions options) => new SimulatedLitmusKernel(options);
}

/// <summary>The simulated kernel under its lock.</summary>
internal sealed class SimulatedLitmusKernel : ILitmusKernel
{
    private readonly LockedKernel _kernel;
    private Thread? _poll;

    internal SimulatedLitmusKernel(LitmusOptions options)
    {
        _kernel = LockedKernel.Create(new SimulatedKernelOptions
        {
            Cpus = options.Virqs,
            ReservedGsis = LitmusOptions.ReservedGsis,
            Routes = LitmusOptions.ReservedGsis + options.Routes,
        });
        for (int cpu = 0; cpu < options.Virqs; cpu++)
            _kernel.Do(kernel => kernel.EnableApic(cpu));
    }

    public IKernelPort Kernel => _kernel;
    public IEventPort Events => _kernel;
    public long? Deliveries => _kernel.Do(kernel => kernel.Figures.Injections + kernel.Figures.MessagesSignalled);

    public EventFd CreateEventFd() => _kernel.CreateEventFd();
    public void DeviceWrites(EventFd fd) => _kernel.WriteByDevice(fd);
    public void Poll(Action<int> readable) => _poll = _kernel.Poll(readable);

    public void EndPoll()
    {
        _kernel.Stop();
        _poll?.Join();
    }

    public void ReadRequests(int cpu, Span<ulong> bits)
    {
        (ulong, ulong, ulong, ulong) words = _kernel.Do(kernel => (Word(kernel, cpu, 0), Word(kernel, cpu, 1), Word(kernel, cpu, 2), Word(kernel, cpu, 3)));
        (bits[0], bits[1], bits[2], bits[3]) = words;
    }

    public void ClearRequests(int cpu) => _kernel.Do(kernel => kernel.ClearRequests(cpu));

    public void Dispose() => EndPoll();

    private static ulong Word(SimulatedKernel kernel, int cpu, uint word) =>
        kernel.ReadApic(cpu, ApicRegister.Request + word * 0x20)
        | (ulong)kernel.ReadApic(cpu, ApicRegister.Request + word * 0x20 + 0x10) << 32;
}
