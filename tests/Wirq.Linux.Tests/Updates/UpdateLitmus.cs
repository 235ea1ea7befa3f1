using System.Diagnostics;
using Wirq.Events;
using Wirq.Host;
using Wirq.Routing;
using Wirq.Tests.Shared.Remapping;

namespace Wirq.Linux.Tests.Updates;

/// <summary>Live updates under fire: threads of devices write real eventfds, a guest takes interrupts and programs its
/// virqs, and meanwhile the machine is handed over again and again. Each trigger has a number, and in the end each number
/// was taken once, or was refused with a reason.</summary>
/// <remarks>Devices get leave for a part of their triggers at each step of an update, so that each step comes under fire
/// with any scheduling.</remarks>
public sealed partial class UpdateLitmus : IEventObserver, IDisposable
{
    internal const int Virqs = 16, Routes = 12;
    private const int Devices = 2;
    // An effect may cause effects: a read causes an injection, and that a call to the kernel.
    private const int Generations = 3;

    private readonly UpdateLitmusOptions _options;
    private readonly TriggerLedger[] _ledgers = [.. Enumerable.Range(0, Virqs).Select(index => new TriggerLedger(index))];
    private readonly Dictionary<EventFd, TriggerLedger> _byEventFd;
    private readonly LineDevice _line = new();
    private readonly EpollLoop _lineThread;
    private readonly SmallMemory _memory = new(RemappedGuest.MemoryBytes);
    private readonly RemappedGuest _guest;
    private readonly Dictionary<string, long> _states = [];
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly object _leave = new();
    private UpdateMachine _machine;
    private string? _failure;
    private long _granted, _claimed, _refused;
    private int _updates, _failed;
    private volatile bool _stop;

    private UpdateLitmus(UpdateLitmusOptions options)
    {
        _options = options;
        _byEventFd = _ledgers.ToDictionary(ledger => ledger.EventFd.EventFd);
        _lineThread = new EpollLoop(_ => Guarded(_line.Acknowledged));
        _lineThread.Watch(_line.Resample, 0);
        _machine = new UpdateMachine(this, _memory);
        _guest = new RemappedGuest(_memory, _machine.Host.Options.Vtd!.Address,
            (address, size, value) => _machine.Host.TryWrite(0, address, size, value));
        SetUp();
    }

    /// <summary>Runs it to its end, or to the first failure.</summary>
    public static UpdateLitmusResult Run(UpdateLitmusOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        using var litmus = new UpdateLitmus(options);
        return litmus.Run();
    }

    internal void WakeCpus() => _interrupted.Set();

    internal TriggerLedger? FindLedger(EventFd fd) => _byEventFd.GetValueOrDefault(fd);

    /// <summary>An irqfd brings a message.</summary>
    internal void Injected(GuestCpus cpus, TriggerLedger ledger, InterruptMessage message, Numbers[] numbers)
    {
        if (message.Destination != ledger.Index)
            Fail($"{ledger}: the kernel sends its interrupt to CPU {message.Destination}");
        cpus.Accept(ledger.Index, message.Vector, numbers);
    }

    /// <summary>Userspace sends a message.</summary>
    internal void Signalled(GuestCpus cpus, InterruptMessage message)
    {
        if (message.Destination == LineCpu)
            cpus.Accept(LineCpu, message.Vector, []);
        else if (_ledgers[message.Destination].LeaveHand() is { } numbers)
            cpus.Accept((int)message.Destination, message.Vector, numbers);
        else
            Fail($"virq {message.Destination}: an interrupt that no trigger made");
    }

    void IEventObserver.Observe(in Event happened)
    {
        if (happened.Kind != EventKind.VirqAnswered || happened.Reason == RefusalReason.None || happened.Unit >= Virqs)
            return;
        TriggerLedger ledger = _ledgers[happened.Unit];
        if (ledger.LeaveHand() is not { } numbers)
            Fail($"{ledger}: a refusal of an interrupt that no trigger made");
        else
            Interlocked.Add(ref _refused, Settle(ledger, numbers));
    }

    internal void Guarded(Action body)
    {
        try
        {
            body();
        }
        catch (Exception thrown)
        {
            Fail(thrown.ToString());
        }
    }

    internal void Fail(string failure)
    {
        Interlocked.CompareExchange(ref _failure, failure, null);
        End();
    }

    private void End()
    {
        _stop = true;
        lock (_leave)
            Monitor.PulseAll(_leave);
        WakeCpus();
    }

    public void Dispose()
    {
        _machine.Dispose();
        _lineThread.Dispose();
        _line.Dispose();
        foreach (TriggerLedger ledger in _ledgers)
            ledger.Dispose();
        _interrupted.Dispose();
        _runs.Dispose();
    }

    private UpdateLitmusResult Run()
    {
        Thread[] devices = [.. Enumerable.Range(0, Devices).Select(n => Begin($"device {n}", random => Interrupt(n, random)))];
        Thread[] guest = [Begin("cpus", Take), Begin("driver", Program)];
        Guarded(() =>
        {
            var random = new Random(_options.Seed);
            for (int update = 0; update < _options.Updates && !_stop; update++)
                Update(update, random);
            Grant(_options.Triggers);
        });
        Join(devices);
        _driverEnds = true;
        Join(guest[1..]);
        if (!_stop)
            Guarded(Conclude);
        End();
        Join(guest);
        return new UpdateLitmusResult(_failure, _ledgers.Sum(ledger => ledger.Issued) + _line.Issued, _interrupts, _refused, _updates,
            _failed, _states, Stopwatch.GetElapsedTime(_start));
    }

    /// <summary>Every virq may interrupt; then all comes to rest, and each number has had its fate.</summary>
    private void Conclude()
    {
        lock (_driving)
            OpenAll();
        long since = Stopwatch.GetTimestamp(), before = -1;
        while (!_stop && !IsAtRest())
        {
            long settled = _ledgers.Sum(ledger => ledger.Settled) + _line.Served;
            if (settled != before)
                (before, since) = (settled, Stopwatch.GetTimestamp());
            else if (Stopwatch.GetElapsedTime(since) > _options.Patience)
                Fail($"it does not come to rest: {string.Join(", ", _machine.Virqs.Select(virq => virq.State))}");
            Thread.Sleep(1);
        }
        foreach (TriggerLedger ledger in _ledgers)
        {
            if (!_stop && ledger.FirstOpen() is var number and not 0)
                Fail($"{ledger}: {ledger.Issued - ledger.Settled} of {ledger.Issued} triggers were lost, number {number} first");
        }
        if (!_stop && _line.Served != _line.Issued)
            Fail($"the line: {_line.Issued - _line.Served} of {_line.Issued} triggers were lost");
    }

    /// <summary>Whether nothing is on its way. If the guest does something meanwhile, it cannot be told.</summary>
    private bool IsAtRest()
    {
        long steps = Volatile.Read(ref _steps);
        bool quiet = IsQuiet();
        for (int i = 0; i < Generations; i++)
            _machine.Host.Do(_ => { });
        quiet &= IsQuiet();
        lock (_taking)
            return quiet && _machine.Cpus.IsEmpty && _stage == LineStage.Idle && _steps == steps;
    }

    private bool IsQuiet() => _machine.Quiet(() => Array.TrueForAll(_ledgers, ledger => ledger.IsQuiet())) && _line.IsQuiet;

    private long Settle(TriggerLedger ledger, IEnumerable<Numbers> numbers)
    {
        long count = 0;
        foreach (Numbers run in numbers)
        {
            if (ledger.Settle(run) is var number and not 0)
                Fail($"{ledger}: trigger {number} came twice");
            count += run.Last - run.First + 1;
        }
        return count;
    }

    private Thread Begin(string name, Action<Random> body)
    {
        int seed = HashCode.Combine(_options.Seed, name.Length, name[^1]);
        var thread = new Thread(() => Guarded(() => body(new Random(seed)))) { IsBackground = true, Name = name };
        thread.Start();
        return thread;
    }

    private void Join(IEnumerable<Thread> threads)
    {
        foreach (Thread thread in threads)
        {
            if (!thread.Join(_options.Patience))
                Fail($"{thread.Name} does not come back");
        }
    }
}
