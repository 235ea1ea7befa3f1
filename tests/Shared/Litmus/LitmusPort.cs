using Wirq.Routing;

namespace Wirq.Tests.Shared.Litmus;

/// <summary>A port between a host and its kernel: it counts calls, and applies a <see cref="LitmusFlaw"/>.</summary>
/// <remarks>A message from userspace gets the next odd vector, so that IRR shows how an interrupt was delivered. An
/// interrupt that was delivered in both ways sets two bits.</remarks>
internal sealed class LitmusPort : IKernelPort, IEventPort
{
    private readonly IKernelPort _kernel;
    private readonly IEventPort _events;
    private readonly LitmusVirq[] _virqs;
    private readonly LitmusFlaw _flaw;
    private int[] _gsis = [];
    private long _bound, _commits;

    internal LitmusPort(ILitmusKernel kernel, LitmusVirq[] virqs, LitmusOptions options)
    {
        (_kernel, _events, _virqs, _flaw) = (kernel.Kernel, kernel.Events, virqs, options.Flaw);
        Limits = kernel.Kernel.Limits with
        {
            Routes = LitmusOptions.ReservedGsis + options.Routes,
            ConsumesFirst = options.StaysInThePoll,
        };
    }

    internal long Bound => Volatile.Read(ref _bound);
    internal long Commits => Volatile.Read(ref _commits);

    public KernelLimits Limits { get; }

    public void Commit(ReadOnlySpan<KernelRoute> routes)
    {
        if (_flaw == LitmusFlaw.SkipsCommits)
        {
            var gsis = new int[routes.Length];
            for (int i = 0; i < gsis.Length; i++)
                gsis[i] = routes[i].Gsi;
            if (gsis.AsSpan().SequenceEqual(_gsis))
                return;
            _gsis = gsis;
        }
        Interlocked.Increment(ref _commits);
        _kernel.Commit(routes);
    }

    public void Bind(int gsi, EventFd trigger, EventFd resample)
    {
        if (_flaw == LitmusFlaw.EmptiesAtBind)
            _events.Read(trigger);
        Interlocked.Increment(ref _bound);
        _kernel.Bind(gsi, trigger, resample);
    }

    public void Unbind(int gsi, EventFd trigger) => _kernel.Unbind(gsi, trigger);

    public bool Signal(InterruptMessage message)
    {
        bool taken = _kernel.Signal(
            InterruptMessage.Create((byte)(message.Vector | 1), message.Mode, message.Destination));
        if (taken)
            _virqs[message.Destination].CountSignal();
        return taken;
    }

    public void SetLine(int gsi, bool asserted) => _kernel.SetLine(gsi, asserted);
    public void RaiseExtInt(int cpu, byte vector) => _kernel.RaiseExtInt(cpu, vector);
    public void Watch(EventFd trigger, int token) => _events.Watch(trigger, token);
    public void Unwatch(EventFd trigger) => _events.Unwatch(trigger);
    public bool Read(EventFd trigger) => _events.Read(trigger);
    public bool IsReadable(EventFd trigger) => _events.IsReadable(trigger);
    public void Write(EventFd fd) => _events.Write(fd);
}
