using System.Collections.Concurrent;
using Wirq.Routing;

namespace Wirq.Tests.Host;

/// <summary>A kernel and its eventfds, which keep a log and can be made to refuse or to wait.</summary>
internal sealed class FakeKernel : IKernelPort, IEventPort
{
    private readonly ConcurrentDictionary<int, long> _counts = new();
    private readonly ConcurrentDictionary<int, int> _polled = new();

    internal ConcurrentQueue<string> Log { get; } = new();
    internal ConcurrentQueue<InterruptMessage> Signalled { get; } = new();

    /// <summary>Called before each call is carried out.</summary>
    internal Action<string>? Before { get; set; }

    internal bool Accepts { get; set; } = true;
    internal KernelRoute[] Table { get; private set; } = [];

    public KernelLimits Limits { get; init; } = new() { Routes = 128, ReservedGsis = 48 };

    public void Commit(ReadOnlySpan<KernelRoute> routes)
    {
        KernelRoute[] copy = routes.ToArray();
        Note($"commit {copy.Length}");
        Table = copy;
    }

    public void Bind(int gsi, EventFd trigger, EventFd resample) => Note(
        $"bind {trigger.Number} to {gsi}" + (resample.Exists ? $", resample {resample.Number}" : ""));

    public void Unbind(int gsi, EventFd trigger) => Note($"unbind {trigger.Number}");

    public bool Signal(InterruptMessage message)
    {
        Note($"signal 0x{message.Vector:x2}");
        if (Accepts)
            Signalled.Enqueue(message);
        return Accepts;
    }

    public void SetLine(int gsi, bool asserted) => Note($"line {gsi} {(asserted ? "high" : "low")}");

    public void RaiseExtInt(int cpu, byte vector) => Note($"extint 0x{vector:x2} to cpu{cpu}");

    public void Watch(EventFd trigger, int token)
    {
        Note($"watch {trigger.Number}");
        _polled[trigger.Number] = token;
    }

    public void Unwatch(EventFd trigger)
    {
        Note($"unwatch {trigger.Number}");
        _polled.TryRemove(trigger.Number, out _);
    }

    public bool Read(EventFd trigger)
    {
        Note($"read {trigger.Number}");
        return _counts.TryRemove(trigger.Number, out long count) && count > 0;
    }

    public bool IsReadable(EventFd trigger) => _counts.GetValueOrDefault(trigger.Number) > 0;

    public void Write(EventFd fd)
    {
        Note($"write {fd.Number}");
        _counts.AddOrUpdate(fd.Number, 1, (_, count) => count + 1);
    }

    /// <summary>A device writes. Returns the token of the poll that is woken, or -1.</summary>
    internal int DeviceWrites(EventFd fd)
    {
        _counts.AddOrUpdate(fd.Number, 1, (_, count) => count + 1);
        return _polled.TryGetValue(fd.Number, out int token) ? token : -1;
    }

    internal string[] Take()
    {
        string[] taken = [.. Log];
        Log.Clear();
        return taken;
    }

    private void Note(string call)
    {
        Before?.Invoke(call);
        Log.Enqueue(call);
    }
}
