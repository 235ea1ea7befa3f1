using System.Diagnostics;
using Wirq.Linux;
using Wirq.Linux.Probes;
using Wirq.Linux.Tests;
using Wirq.Linux.Tests.Updates;

namespace Wirq.Board.Tests.Updates;

/// <summary>Live updates of a machine on KVM whose guest takes interrupts all the time. A thread triggers devices by real
/// eventfds: each device waits until its last trigger was served, so every trigger is one interrupt. One that is lost stops
/// its device, one that is repeated finds nothing to serve.</summary>
internal sealed partial class GuestUpdates : IDisposable
{
    private const int StepsAtRest = 200;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly KvmSystem _system;
    private readonly DeliveryConfiguration _configuration;
    private readonly MemoryFile _memory = MemoryFile.Create(GuestMachine.MemoryBytes);
    private readonly Mapping _mapping;
    private readonly EventFdHandle[] _devices = [.. Enumerable.Range(0, GuestMachine.LineDevice).Select(_ => EventFdHandle.Create())];
    private readonly EventFdHandle _line = EventFdHandle.Create(), _resample = EventFdHandle.Create();
    private readonly bool _hasLine;
    private readonly Thread _thread;
    private GuestMachine? _machine;
    private long _limit, _triggers;
    private TimeSpan _elapsed, _longest;
    private bool _lineAsserts;
    private volatile bool _ends;

    /// <param name="system">The host's KVM.</param>
    /// <param name="configuration">Whose the local APICs are.</param>
    /// <param name="hasLine">Whether a device on a level line takes part.</param>
    internal GuestUpdates(KvmSystem system, DeliveryConfiguration configuration, bool hasLine)
    {
        (_system, _configuration, _hasLine) = (system, configuration, hasLine);
        _mapping = _memory.Map();
        _machine = Make(_memory);
        _machine.SetUp(_devices, _line, _resample);
        _thread = new Thread(Trigger) { IsBackground = true, Name = "devices" };
        _thread.Start();
    }

    internal int Updates { get; private set; }
    internal int Failed { get; private set; }
    internal ref GuestAccount Account => ref GuestAccount.In(_mapping.AsSpan());

    /// <summary>Takes interrupts, with updates in between, and lets everything come to rest.</summary>
    /// <param name="interrupts">How many triggers.</param>
    /// <param name="updates">How many updates.</param>
    /// <param name="limit">How long it may take.</param>
    /// <returns>What went wrong; null for nothing.</returns>
    internal string? Run(long interrupts, int updates, TimeSpan limit)
    {
        long start = Stopwatch.GetTimestamp();
        Volatile.Write(ref _limit, interrupts);
        for (int update = 0; update < updates; update++)
        {
            long until = interrupts * (update + 1) / (updates + 1);
            if (TakeUntil(() => Account.Interrupts >= until, start, limit) is { } stuck)
                return stuck;
            Update(fails: update % 8 == 5);
        }
        if (TakeUntil(() => Account.Interrupts >= interrupts && IsServed(), start, limit) is { } lost)
            return lost;
        // A repetition would come now.
        for (int i = 0; i < StepsAtRest; i++)
            _machine!.Step();
        _elapsed = Stopwatch.GetElapsedTime(start);
        return Judge(interrupts);
    }

    private string? Judge(long interrupts)
    {
        return Account.Repeated > 0 ? $"{Account.Repeated} of {Account.Interrupts} interrupts were repeated"
            : Account.Interrupts != interrupts ? $"{Account.Interrupts} interrupts of {interrupts} triggers" : null;
    }

    /// <summary>One update in the wrong order, with an interrupt between the save and the unbind.</summary>
    /// <returns>What went wrong; null for nothing.</returns>
    internal string? RunWrongly()
    {
        long start = Stopwatch.GetTimestamp();
        Volatile.Write(ref _limit, 64);
        // Nobody would read the eventfd of a virq that the driver has just masked.
        if (TakeUntil(() => Account.Interrupts >= 64 && IsServed() && _machine!.IsRead(0), start, s_patience) is { } stuck)
            return $"before the update: {stuck}";
        HandOver(_machine!.Save(() =>
        {
            Account.Published[0]++;
            _devices[0].Write();
            SpinWait.SpinUntil(() => !_devices[0].IsReadable, s_patience);
        }), fails: false);
        return TakeUntil(IsServed, Stopwatch.GetTimestamp(), TimeSpan.FromSeconds(1));
    }

    public override string ToString() => $"{Account.Interrupts} interrupts, {Updates} updates and {Failed} that failed"
        + $"{(_longest > TimeSpan.Zero ? $", the longest {_longest.TotalMilliseconds:0} ms" : "")}, line {(_hasLine ? Account.Published[GuestMachine.LineDevice] : 0)}, "
        + $"{_elapsed.TotalSeconds:0.0} s";

    public void Dispose()
    {
        _ends = true;
        foreach (Process process in _processes)
        {
            if (!process.HasExited)
                process.Kill();
            process.Dispose();
        }
        _thread.Join();
        _machine?.Dispose();
        _mapping.Dispose();
        _memory.Dispose();
        foreach (EventFdHandle each in AllEventFds)
            each.Dispose();
    }

    private EventFdHandle[] AllEventFds => [.. _devices, _line, _resample];

    private GuestMachine Make(FileDescriptor memory) => new(_system, _configuration, memory, PatientProbes.Report.Workarounds);

    private void Update(bool fails)
    {
        long start = Stopwatch.GetTimestamp();
        HandOver(_machine!.Save(), fails);
        _longest = TimeSpan.FromTicks(Math.Max(_longest.Ticks, Stopwatch.GetElapsedTime(start).Ticks));
    }

    private void HandOver(LiveUpdateParcel parcel, bool fails)
    {
        using Connection connection = Connection.Local();
        Task<LiveUpdateOutcome> sends = Task.Run(() => LiveUpdate.HandOver(connection.Old, parcel, s_patience));
        LiveUpdateReceipt receipt = LiveUpdate.Receive(connection.New, s_patience);
        GuestMachine? next = Make(receipt.Descriptors[GuestMachine.MemoryName]);
        next.Restore(receipt);
        if (fails)
        {
            next.Dispose();
            next = null;
        }
        else
        {
            Assert.True(receipt.TryTake());
            next.Board.Host.Resume();
            receipt.Confirm();
        }
        LiveUpdateOutcome outcome = sends.GetAwaiter().GetResult();
        Assert.Equal(fails ? LiveUpdateAnswer.Failed : LiveUpdateAnswer.Taken, outcome.Answer);
        if (next is null)
        {
            _machine!.Board.Host.Resume();
            Failed++;
            return;
        }
        _machine!.Dispose();
        _machine = next;
        Updates++;
    }

    private string? TakeUntil(Func<bool> condition, long start, TimeSpan limit)
    {
        while (!condition())
        {
            _machine!.Step();
            if (Stopwatch.GetElapsedTime(start) > limit)
                return Stuck(limit);
        }
        return null;
    }

    private string Stuck(TimeSpan limit) =>
        $"{Account.Interrupts} interrupts of {Volatile.Read(ref _triggers)} triggers within {limit.TotalSeconds} s; not served: "
        + string.Join(", ", Enumerable.Range(0, PerDevice.Count).Where(each => Account.Served[each] != Account.Published[each]));

    private bool IsServed()
    {
        for (int device = 0; device < PerDevice.Count; device++)
        {
            if (Account.Served[device] != Volatile.Read(ref Account.Published[device]))
                return false;
        }
        return true;
    }

    /// <summary>The devices, in a thread of their own, which does not stop for an update.</summary>
    private void Trigger()
    {
        while (!_ends)
        {
            bool did = false;
            for (int device = 0; device < _devices.Length; device++)
                did |= TryTrigger(device, _devices[device]);
            if (_hasLine)
            {
                if (_resample.TryRead())
                    _lineAsserts = false;
                if (!_lineAsserts)
                    _lineAsserts = TryTrigger(GuestMachine.LineDevice, _line);
            }
            if (!did)
                Thread.Yield();
        }
    }

    private bool TryTrigger(int device, EventFdHandle eventFd)
    {
        ref GuestAccount account = ref Account;
        if (_triggers >= Volatile.Read(ref _limit) || Volatile.Read(ref account.Served[device]) != account.Published[device])
            return false;
        _triggers++;
        Volatile.Write(ref account.Published[device], account.Published[device] + 1);
        eventFd.Write();
        return true;
    }
}
