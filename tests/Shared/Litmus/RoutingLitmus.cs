using System.Diagnostics;
using Wirq.Events;
using Wirq.Host;
using Wirq.Remapping.VtD;
using Wirq.Routing;
using Wirq.Tests.Shared.Remapping;

namespace Wirq.Tests.Shared.Litmus;

/// <summary>Real threads on one fabric: devices interrupt by eventfd and by call, while guests mask, unmask, update,
/// invalidate and dispose at random.</summary>
/// <remarks>
/// <para>It has rounds. A device interrupts its virq once or several times while the guest works, then stops the guest
/// for this virq, and waits: the last interrupt must have been delivered or refused with a reason (or its virq was
/// disposed of). Then it brings the virq to rest and counts: there must not be more deliveries than interrupts since
/// the last rest, and no vector that no entry had since then.</para>
/// <para>How deliveries are counted: those of userspace one by one, when userspace signals them. Those that the kernel
/// injects by a route as bits of IRR, where they merge: each virq has its own CPU, so only its own interrupts set or
/// clear bits there, and half of the rounds have a single interrupt, which cannot merge. Deliveries of userspace have
/// odd vectors and those of the kernel even ones, so a duplicate that was delivered in both ways shows as two bits. In
/// a round of several interrupts IRR is cleared before the last one. This may drop an earlier one that just arrives,
/// but never the last. If a kernel counts deliveries itself, its count is checked at the end too.</para>
/// <para>At rest, no eventfd is readable that userspace has to read, every effect was carried out, and the virq is
/// masked: an unbind returns after the kernel's deferred injections.</para>
/// </remarks>
public sealed partial class RoutingLitmus : IEventObserver
{
    private const int Devices = 2, Guests = 2, MostInRound = 48, FirstVector = 0x20, VectorPairs = 104;
    // An effect may cause effects: a read causes an injection. The following mask waits for the effects of that.
    private const int Generations = 2;
    // A guest programs something after this many interrupts, so that all threads make progress with few CPUs.
    private const int Pace = 3;

    private readonly ILitmusKernel _kernel;
    private readonly LitmusOptions _options;
    private readonly LitmusVirq[] _virqs, _bySlot;
    private readonly LitmusPort _port;
    private readonly FabricHost _host;
    private readonly RemappedGuest _guest;
    private readonly Lock _driver = new();
    private readonly long _start = Stopwatch.GetTimestamp();
    private string? _failure;
    private long _triggers, _disposed, _rounds;
    private volatile bool _stop;

    private RoutingLitmus(ILitmusKernel kernel, LitmusOptions options)
    {
        (_kernel, _options) = (kernel, options);
        _virqs = [.. Enumerable.Range(0, options.Virqs).Select(index => new LitmusVirq(index, kernel.CreateEventFd()))];
        _bySlot = new LitmusVirq[options.Virqs * 2];
        _port = new LitmusPort(kernel, _virqs, options);
        var memory = new SmallMemory(RemappedGuest.MemoryBytes);
        _host = new FabricHost(new Fabric(FabricOptions.Pc() with
        {
            Routing = new RoutingOptions { Virqs = _bySlot.Length, BatchCount = 2, BatchDelay = 50_000, Kernel = _port.Limits },
            Vtd = new VtdOptions(),
            Pic = null,
        })
        { Memory = memory }, new FabricPorts { Kernel = _port, EventFds = _port, Observer = this });
        _host.Do(fabric => fabric.Events.Observing = true);
        _guest = new RemappedGuest(memory, _host);
        kernel.Poll(Told);
        foreach (LitmusVirq virq in _virqs)
        {
            for (int handle = 0; handle < 2; handle++)
            {
                virq.Program(handle, FirstVector);
                _guest.Put(virq.Index * 2 + handle, FirstVector, (uint)virq.Index);
            }
            Register(virq);
        }
    }

    /// <summary>Runs it to its end, or to the first failure.</summary>
    public static LitmusResult Run(ILitmusKernel kernel, LitmusOptions options)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        ArgumentNullException.ThrowIfNull(options);
        return new RoutingLitmus(kernel, options).Run();
    }

    void IEventObserver.Observe(in Event happened)
    {
        if (happened.Kind == EventKind.VirqAnswered && happened.Reason != RefusalReason.None)
            _bySlot[happened.Unit]?.CountRefusal();
    }

    private LitmusResult Run()
    {
        Thread[] devices = [.. Enumerable.Range(0, Devices).Select(n => Begin($"device {n}", random => Interrupt(n, random)))];
        Thread[] guests = [.. Enumerable.Range(0, Guests).Select(n => Begin($"guest {n}", Program))];
        foreach (Thread device in devices)
        {
            TimeSpan left = _options.Limit - Stopwatch.GetElapsedTime(_start);
            if (!device.Join(left > TimeSpan.Zero ? left : TimeSpan.Zero))
                Fail($"{device.Name} has not finished within {_options.Limit.TotalSeconds} s");
        }
        _stop = true;
        foreach (Thread guest in guests)
        {
            if (!guest.Join(_options.Patience))
                Fail($"{guest.Name} does not come back");
        }
        if (_failure is null)
            Guarded(Conclude);
        _kernel.EndPoll();
        return Figures;
    }

    /// <summary>What happened so far.</summary>
    private LitmusResult Figures => new(Volatile.Read(ref _failure), Volatile.Read(ref _triggers), _virqs.Sum(virq => virq.Signals),
        _virqs.Sum(virq => virq.Refusals), Volatile.Read(ref _disposed), Volatile.Read(ref _rounds), _port.Bound, _port.Commits,
        Stopwatch.GetElapsedTime(_start));

    /// <summary>The run has ended, and no interrupts follow.</summary>
    private void Conclude()
    {
        Thread.Sleep(50);
        Span<ulong> bits = stackalloc ulong[LitmusVirq.Words];
        foreach (LitmusVirq virq in _virqs)
        {
            _kernel.ReadRequests(virq.Index, bits);
            if (bits.ContainsAnyExcept(0ul) || virq.Signals != virq.SignalsBefore)
                Fail($"{virq}: an interrupt after all was quiet");
            virq.Virq.Dispose();
        }
        if (_kernel.Deliveries is { } deliveries && deliveries > _triggers)
            Fail($"{deliveries} deliveries of {_triggers} interrupts");
    }

    private Thread Begin(string name, Action<Random> body)
    {
        int seed = HashCode.Combine(_options.Seed, name.Length, name[^1]);
        var thread = new Thread(() => Guarded(() => body(new Random(seed)))) { IsBackground = true, Name = name };
        thread.Start();
        return thread;
    }

    private void Guarded(Action body)
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

    private void Fail(string failure)
    {
        Interlocked.CompareExchange(ref _failure, failure, null);
        _stop = true;
    }

    private void Told(int slot)
    {
        if (_options.Flaw != LitmusFlaw.ReadsBeforeItAsks)
            Guarded(() => _host.EventArrived(slot));
        else if (_bySlot[slot] is { } virq && _port.Read(virq.Trigger))
            virq.Virq.Trigger();
    }
}
