using Wirq.Board.Twins;
using Wirq.Lab.Kernels;
using Wirq.Linux.Tests;
using Wirq.Routing;
using Wirq.State;

namespace Wirq.Board.Tests.Twins;

/// <summary>Calls that are made to a simulated and to a real kernel; here both are made up, so no KVM is needed.</summary>
public sealed class TwinPortTests : IDisposable
{
    private const int Busy = 16;

    private readonly Answers _said = new(), _found = new();
    private readonly SimulatedEventFds _simulated = new(8, new StateArena());
    private readonly TwinEventFds _eventFds;
    private readonly TwinPort _port;
    private int _changes;

    public TwinPortTests()
    {
        KvmHost.RequireLinux();
        _eventFds = new TwinEventFds(_simulated);
        _simulated.Twin = _eventFds;
        _port = new TwinPort(_said, () => _found, _eventFds, () => _changes++);
    }

    public void Dispose() => _eventFds.Dispose();

    [Fact]
    public void Each_call_reaches_both_and_the_real_one_gets_the_real_eventfds()
    {
        EventFd trigger = _simulated.Create(), resample = _simulated.Create();
        _port.Commit([]);
        _port.Bind(5, trigger, resample);
        _port.Bind(6, trigger, EventFd.None);
        _port.Unbind(5, trigger);
        _port.SetLine(4, asserted: true);
        _port.RaiseExtInt(0, 0x20);
        Assert.Equal(["commit 0", $"bind 5 {trigger} {resample}", $"bind 6 {trigger} {EventFd.None}", $"unbind 5 {trigger}", "line 4 True", "extint 0 32"], _said.Calls);
        Assert.Equal(["commit 0", $"bind 5 {_eventFds.Of(trigger)} {_eventFds.Of(resample)}", $"bind 6 {_eventFds.Of(trigger)} {EventFd.None}",
            $"unbind 5 {_eventFds.Of(trigger)}", "line 4 True", "extint 0 32"], _found.Calls);
        Assert.Equal(6, _changes);
    }

    [Fact]
    public void The_answer_to_a_message_is_the_real_one_and_another_one_is_a_difference()
    {
        (_said.Accepts, _found.Accepts) = (true, true);
        Assert.True(_port.Signal(default));
        _found.Accepts = false;
        Assert.Contains("was refused", Assert.Throws<TwinException>(() => _port.Signal(default)).Message, StringComparison.Ordinal);
        _said.Accepts = false;
        Assert.False(_port.Signal(default));
    }

    [Fact]
    public void An_error_of_both_is_passed_on_and_one_of_either_alone_is_a_difference()
    {
        _said.Errno = Busy;
        Assert.StartsWith("KVM differs from the simulated kernel: KVM_SET_GSI_ROUTING succeeded", Assert.Throws<TwinException>(() => _port.Commit([])).Message, StringComparison.Ordinal);
        _found.Errno = Busy;
        Assert.Equal(Busy, Assert.Throws<KernelException>(() => _port.Commit([])).Errno);
        Assert.Equal(Busy, Assert.Throws<KernelException>(() => _port.Bind(1, EventFd.None, EventFd.None)).Errno);
        _said.Errno = 0;
        Assert.Contains("KVM_IRQFD failed", Assert.Throws<TwinException>(() => _port.Unbind(1, EventFd.None)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_written_and_read_is_compared_with_the_real_eventfd()
    {
        EventFd fd = _simulated.Create();
        _simulated.Write(fd, 3);
        Assert.Null(_eventFds.Differs());
        Assert.True(_simulated.Read(fd));
        Assert.Null(_eventFds.Differs());
        Counts.Write(_eventFds.Of(fd));
        Assert.Contains("has something to read instead of 0", _eventFds.Differs(), StringComparison.Ordinal);
        _simulated.Write(fd, 1);
        Assert.Contains("had 2 instead of 1", Assert.Throws<TwinException>(() => _simulated.Read(fd)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_eventfd_that_is_closed_is_no_descriptor_of_the_process()
    {
        EventFd fd = _simulated.Create();
        Assert.NotEqual(_eventFds.Of(new EventFd(7)), _eventFds.Of(fd));
        _simulated.Close(fd);
        Assert.Equal(_eventFds.Of(new EventFd(7)), _eventFds.Of(fd));
        Assert.Null(_eventFds.Differs());
    }

    private sealed class Answers : IKernelPort
    {
        internal List<string> Calls { get; } = [];
        internal bool Accepts { get; set; }
        internal int Errno { get; set; }

        public KernelLimits Limits { get; } = new();
        public void Commit(ReadOnlySpan<KernelRoute> routes) => Note($"commit {routes.Length}");
        public void Bind(int gsi, EventFd trigger, EventFd resample) => Note($"bind {gsi} {trigger} {resample}");
        public void Unbind(int gsi, EventFd trigger) => Note($"unbind {gsi} {trigger}");
        public void SetLine(int gsi, bool asserted) => Note($"line {gsi} {asserted}");
        public void RaiseExtInt(int cpu, byte vector) => Note($"extint {cpu} {vector}");

        public bool Signal(InterruptMessage message)
        {
            Note("signal");
            return Accepts;
        }

        private void Note(string call)
        {
            Calls.Add(call);
            if (Errno != 0)
                throw new KernelException("KVM_IRQFD", Errno, -1, "made up");
        }
    }
}
