using Wirq.Events;
using Wirq.Remapping;
using Wirq.Routing;
using Wirq.State;

namespace Wirq.Tests.Routing;

/// <summary>A cache of routes with a kernel and a small remapping table; it records all calls.</summary>
internal sealed class RouteBench : IRouteOwner
{
    internal const int FirstGsi = 8;

    private readonly Dictionary<int, ulong> _counts = [];
    private readonly Dictionary<int, int> _bound = [];
    private readonly Dictionary<int, int> _polled = [];
    private readonly Dictionary<int, InterruptMessage> _table = [];
    private readonly KernelRoute[] _rows;
    private int _nextFd = 100;

    internal RouteBench(int gsis = 16, int batch = 1, long delay = 0, bool kernel = true, bool consumesFirst = false, int virqs = 64)
    {
        Events.Observing = true;
        _rows = new KernelRoute[FirstGsi + gsis];
        var options = new RoutingOptions
        {
            Virqs = virqs,
            BatchCount = batch,
            BatchDelay = delay,
            Kernel = kernel ? new KernelLimits { Routes = FirstGsi + gsis, ReservedGsis = FirstGsi, ConsumesFirst = consumesFirst } : null,
        };
        Cache = new RouteCache(options, this, Events, MsiFormat.Compatibility, Arena);
    }

    internal StateArena Arena { get; } = new();
    internal EventBuffer Events { get; } = new();
    internal RouteCache Cache { get; }

    /// <summary>What each entry of the remapping table says; an entry that is missing blocks.</summary>
    internal Dictionary<int, InterruptMessage> Entries { get; } = [];

    /// <summary>The calls to the kernel and to userspace, in order.</summary>
    internal List<string> Log { get; } = [];

    /// <summary>Vectors that reached the local APICs, in order.</summary>
    internal List<byte> Delivered { get; } = [];

    internal List<RefusalReason> Refused { get; } = [];
    internal int Translations { get; private set; }
    internal int Faults { get; private set; }
    internal int Commits { get; private set; }
    internal int Reads { get; private set; }

    /// <summary>Called before an effect is carried out, when another thread could run.</summary>
    internal Action<Event>? Before { get; set; }

    internal VirqHandle Virq(int entry, bool eventFd = true, bool prefault = false)
    {
        VirqHandle handle = Cache.Register($"device {entry}", (ushort)entry, prefault);
        if (eventFd)
            Cache.Attach(handle, new EventFd(_nextFd++));
        Cache.SetMessage(handle, MessageOf(entry));
        Drain();
        Log.Clear();
        return handle;
    }

    internal static Msi MessageOf(int entry) => new(MsiAddress.ForHandle((ushort)entry), new MsiData(0));

    internal void Entry(int entry, byte vector) =>
        Entries[entry] = InterruptMessage.Create(vector, DeliveryMode.Fixed, destination: 0);

    /// <summary>A device writes its eventfd; its current reader consumes it.</summary>
    internal void Signal(VirqHandle handle)
    {
        int fd = Cache.TriggerOf(handle).Number;
        if (_bound.TryGetValue(fd, out int gsi))
            Inject(gsi);
        else
            _counts[fd] = _counts.GetValueOrDefault(fd) + 1;
        Poll();
    }

    /// <summary>The poll reports readable eventfds until no polled one is readable.</summary>
    internal void Poll()
    {
        Drain();
        for (int rounds = 0; rounds < 1000; rounds++)
        {
            int[] ready = [.. _polled.Where(pair => _counts.GetValueOrDefault(pair.Key) > 0 && !_bound.ContainsKey(pair.Key)).Select(pair => pair.Value)];
            if (ready.Length == 0)
                return;
            foreach (int slot in ready)
                Cache.Readable(slot);
            Drain();
        }
        Assert.Fail("the poll never comes to rest");
    }

    internal void Mask(VirqHandle handle)
    {
        Cache.Mask(handle);
        Drain();
    }

    internal bool IsPending(VirqHandle handle) =>
        Cache.IsLatched(handle) || _counts.GetValueOrDefault(Cache.TriggerOf(handle).Number) > 0;

    internal void Drain()
    {
        while (Events.TryTake(out Event next))
        {
            Before?.Invoke(next);
            if (next.IsEffect)
                Carry(next);
        }
    }

    /// <summary>Takes over everything of another bench of the same kind.</summary>
    internal void CopyFrom(RouteBench other)
    {
        Arena.CopyFrom(other.Arena);
        Events.CopyFrom(other.Events);
        Copy(other._counts, _counts);
        Copy(other._bound, _bound);
        Copy(other._polled, _polled);
        Copy(other._table, _table);
        Copy(other.Entries, Entries);
        _nextFd = other._nextFd;
    }

    private static void Copy<TKey, TValue>(Dictionary<TKey, TValue> from, Dictionary<TKey, TValue> to) where TKey : notnull
    {
        to.Clear();
        foreach ((TKey key, TValue value) in from)
            to.Add(key, value);
    }

    /// <summary>What is bound and polled is what the states say, and no row is missing under a bound eventfd.</summary>
    internal void AssertConsistent()
    {
        foreach (VirqReport report in Cache.Explain())
        {
            int fd = Cache.TriggerOf(Cache.HandleAt(report.Slot)).Number;
            if (fd < 0)
                continue;
            Assert.Equal(report.Reader == VirqReader.Kernel, _bound.ContainsKey(fd));
            bool polled = report.Reader == VirqReader.Userspace
                || report.Reader == VirqReader.Kernel && Cache.Options.Kernel is { ConsumesFirst: true };
            Assert.Equal(polled, _polled.ContainsKey(fd));
            if (report.Reader == VirqReader.Kernel)
                Assert.Equal(report.Translation, _table[_bound[fd]]);
        }
        int[] gsis = [.. Cache.Explain().Where(report => report.Gsi >= 0).Select(report => report.Gsi)];
        Assert.Equal(gsis.Length, gsis.Distinct().Count());
        Assert.Equal(gsis.Length, Cache.Used);
    }

    RefusalReason IRouteOwner.Translate(Msi message, ushort requester, bool delivering, out InterruptMessage translated,
        out RouteCookie cookie)
    {
        Translations++;
        int entry = message.Address.Handle;
        cookie = new RouteCookie(0, entry);
        if (Entries.TryGetValue(entry, out translated))
            return RefusalReason.None;
        if (delivering)
            Faults++;
        return RefusalReason.RemappingFault;
    }

    ushort IRouteOwner.PlaceOf(int source) => (ushort)source;

    void IRouteOwner.Drive(int source, VirqKind kind) => Log.Add($"drive {source} {kind}");

    private void Carry(in Event e)
    {
        int fd = (int)e.A;
        switch (e.Kind)
        {
            case EventKind.VirqWatched:
                Log.Add($"watch {e.Unit}");
                Assert.True(_polled.TryAdd(fd, e.Unit));
                break;
            case EventKind.VirqUnwatched:
                Log.Add($"unwatch {e.Unit}");
                Assert.True(_polled.Remove(fd));
                break;
            case EventKind.RoutesCommitted:
                Commits++;
                int count = Cache.CopyRoutes(_rows);
                Log.Add($"commit {count}");
                _table.Clear();
                foreach (KernelRoute row in _rows[..count])
                    _table.Add(row.Gsi, row.Message);
                Cache.CommitDone();
                break;
            case EventKind.VirqBound:
                if (!Cache.MayBind(e))
                    break;
                Log.Add($"bind {e.Unit} to {e.Index}");
                Assert.True(_bound.TryAdd(fd, (int)e.Index));
                if (_counts.Remove(fd, out ulong pending) && pending > 0)
                    Inject((int)e.Index);
                break;
            case EventKind.VirqUnbound:
                Log.Add($"unbind {e.Unit} from {e.Index}");
                _bound.Remove(fd);
                break;
            case EventKind.VirqRead:
                if (!Cache.MayRead(e))
                    break;
                Assert.DoesNotContain(fd, _bound);
                Reads++;
                if (_counts.Remove(fd, out ulong count64) && count64 > 0)
                    Cache.ReadDone(e);
                break;
            case EventKind.VirqWritten:
                _counts[fd] = _counts.GetValueOrDefault(fd) + 1;
                break;
            case EventKind.VirqInjected:
                if (!Cache.Claim(e))
                    break;
                Log.Add($"inject 0x{e.Message.Vector:x2}");
                Delivered.Add(e.Message.Vector);
                Cache.Answer(e.Unit, e.Message, RefusalReason.None);
                break;
            case EventKind.MemoryWrite:
                Log.Add($"write 0x{e.B:x} to 0x{e.A:x}");
                break;
            default:
                Assert.Fail($"unexpected effect {e}");
                break;
        }
    }

    private void Inject(int gsi)
    {
        Assert.True(_table.TryGetValue(gsi, out InterruptMessage message), "a signal on a GSI without a route is lost");
        Delivered.Add(message.Vector);
    }
}
