using System.Runtime.CompilerServices;

namespace Wirq.Traces.Why;

/// <summary>A vector at a CPU, from its acceptance to its EOI; or an IRQ that the 8259 gave to one. Raises that merged
/// share it.</summary>
internal sealed class Delivery(int cpu, byte vector, bool level, Mark accepted)
{
    /// <summary>The CPU; -1 if it is not known.</summary>
    public int Cpu { get; set; } = cpu;
    public byte Vector { get; } = vector;
    public bool Level { get; } = level;
    public Mark Accepted { get; } = accepted;
    public Mark? Taken { get; private set; }
    public Mark? Ended => _service?.Ended;
    /// <summary>Since when the in-service bit is set: earlier than <see cref="Taken"/> where it was taken again while
    /// in service, as only vectors below 16 are.</summary>
    public Mark? InServiceSince => _service?.Since;
    /// <summary>How often it was taken in that time.</summary>
    public long Takes => _service?.Takes ?? 0;
    /// <summary>When a reset of the local APIC or of the 8259 dropped it.</summary>
    public Mark? Dropped
    {
        get => _dropped?.Value;
        set
        {
            _dropped = value is { } at ? new(at) : null;
            _watch?.Changed = true;
        }
    }
    public bool IsDropped => _dropped is not null;
    /// <summary>How many more merged into it, and when the last of them came.</summary>
    public long Merges { get; private set; }
    public Mark LastMerge { get; private set; }
    /// <summary>Whether the EOI stayed at the local APIC (SVR bit 12).</summary>
    public bool Suppressed { get; set; }
    /// <summary>The raise that made it pending first, to report what blocks.</summary>
    public SourceName? Source { get; set; }
    /// <summary>What blocked it at the CPU when it was accepted, as far as the local APIC tells.</summary>
    public Held AtFirst
    {
        get;
        set => field = value.Gate is Gate.None or Gate.CpuUnknown ? Held.Nothing : value;
    } = Held.Nothing;

    private Service? _service;
    private RaiseWatch? _watch;
    // A large value that few have.
    private StrongBox<Mark>? _dropped;

    /// <summary>Whoever watches the raises that wait for it learns what happens to it.</summary>
    /// <returns>False if another does.</returns>
    public bool TryWatch(RaiseWatch watch)
    {
        if ((_watch ?? watch) != watch || (_service?.Watch ?? watch) != watch)
            return false;
        _watch = watch;
        _service?.Watch = watch;
        return true;
    }

    /// <summary>A CPU takes it.</summary>
    public void Take(Mark at)
    {
        (Taken, _service) = (at, new Service(at));
        _watch?.Changed = true;
    }

    /// <summary>A CPU took it although the in-service bit of its vector was set: one EOI ends both.</summary>
    public void TakeAgain(Delivery before)
    {
        _service = before._service;
        _service!.Takes++;
        _watch?.Changed = true;
    }

    /// <summary>Its in-service bit was cleared.</summary>
    public void End(Mark at)
    {
        if (_service is not { } service)
            return;
        service.Ended = at;
        service.Watch?.Changed = true;
    }

    /// <summary>The time for which an in-service bit is set.</summary>
    private sealed class Service(Mark since)
    {
        public Mark Since { get; } = since;
        public Mark? Ended { get; set; }
        public long Takes { get; set; } = 1;
        /// <summary>Who watches one of the deliveries that it serves.</summary>
        public RaiseWatch? Watch { get; set; }
    }

    public void Merge(Mark at) => (Merges, LastMerge) = (Merges + 1, at);

    public bool IsPending => Taken is null && !IsDropped;
    public bool IsInService => Taken is not null && Ended is null && !IsDropped;
}

/// <summary>A route of the kernel that the guest had replaced when a message went by it.</summary>
/// <param name="meant">The message of the entry.</param>
/// <param name="since">Since when the kernel had the route.</param>
internal sealed class StaleRoute(InterruptMessage meant, Mark since)
{
    public InterruptMessage Meant { get; } = meant;
    public Mark Since { get; } = since;
    /// <summary>When the kernel got the new route.</summary>
    public Mark? Fixed { get; set; }
}

/// <summary>Why no CPU accepts a message.</summary>
/// <param name="Words">The cause.</param>
/// <param name="Since">Since when it exists.</param>
internal sealed record Refusal(string Words, Mark Since);

/// <summary>A message that was sent for a raise, or an IRQ that the 8259 gave away, and its answer.</summary>
internal sealed class Attempt(Mark sent)
{
    private const int Most = 8;

    public Mark Sent { get; } = sent;
    public Mark? Answered { get; set; }
    /// <summary>Whether it went to local APICs in a kernel, whose state is not visible.</summary>
    public bool ToKernel { get; set; }
    public RefusalReason Reason { get; set; }
    /// <summary>The message of the entry, as the pin sent it.</summary>
    public Msi Wanted { get; init; }
    /// <summary>The kernel's route by which it was sent, if the entry says another message; else null.</summary>
    public StaleRoute? Stale { get; set; }
    /// <summary>When an EOI of its vector reached the pin.</summary>
    public Mark? EndedAt { get; set; }
    /// <summary>Why it was refused, as things stood then; null if nobody explained it.</summary>
    public Refusal? Refusal { get; set; }
    public InterruptMessage Message { get; set; }
    public bool HasMessage { get; set; }
    /// <summary>The deliveries; of a broadcast to many CPUs, the first few.</summary>
    public Delivery[] Deliveries { get; private set; } = [];
    /// <summary>How many more there were.</summary>
    public int More { get; private set; }
    /// <summary>Whether it merged into a pending vector at every CPU that it reached.</summary>
    public bool Merged { get; private set; }

    public void Add(Delivery delivery, bool merged)
    {
        Merged = (Deliveries.Length == 0 || Merged) && merged;
        if (Deliveries.Length < Most)
            Deliveries = [.. Deliveries, delivery];
        else
            More++;
    }
}

/// <summary>One request of a source for an interrupt, and how it ended.</summary>
internal sealed class Raise(SourceName source, Mark at, bool? level)
{
    public SourceName Source { get; } = source;
    public Mark At { get; } = at;
    /// <summary>Level or edge; null for a message.</summary>
    public bool? Level { get; } = level;
    /// <summary>Whether the registers that determine its result were not known when it came.</summary>
    public bool Blind { get; init; }
    /// <summary>When the line fell again.</summary>
    public Mark? Fell { get; set; }
    /// <summary>The slot of the source that raised the line; null if it is not known.</summary>
    public int? Slot { get; init; }
    /// <summary>The name that this source had then; null if it had none. Its slot may have another source later.</summary>
    public string? By { get; init; }
    /// <summary>Whether the beginning of it was not seen.</summary>
    public bool Implied { get; init; }
    /// <summary>Whether a write of the polarity caused it, and not the line.</summary>
    public bool ByPolarity { get; init; }
    /// <summary>Whether it joined a line that was asserted.</summary>
    public bool Joined { get; init; }
    /// <summary>What held it when it came.</summary>
    public Held AtFirst { get; set; } = Held.Nothing;
    /// <summary>Whether it was lost before it was sent.</summary>
    public bool Lost { get; set; }
    /// <summary>Whether it joined a request that was waiting already (8259).</summary>
    public bool MergedEarly { get; set; }
    /// <summary>When the initialisation of the 8259, or a reset of the machine, dropped it.</summary>
    public Mark? Dropped => Loss?.At;
    public bool IsDropped => Loss is not null;
    /// <summary>What dropped it, if something did.</summary>
    public Gate DroppedBy => Loss?.By ?? Gate.None;
    private Reset? Loss => _reset ?? Into?.Loss;
    /// <summary>The request of the 8259 that it joined, where that waits for both: what becomes of that one becomes of
    /// it.</summary>
    public Raise? Into
    {
        get => _into;
        set
        {
            _into = value;
            Watch?.Changed = true;
        }
    }
    /// <summary>The input of the 8259 at which it waits; null for none.</summary>
    public IrqTrail? WaitsAt
    {
        get => _waitsAt;
        set
        {
            _waitsAt = value;
            Watch?.Changed = true;
        }
    }

    private Reset? _reset;
    private Raise? _into;
    private IrqTrail? _waitsAt;
    private StrongBox<Mark>? _acked;
    private Attempt? _first, _last;

    public Attempt? First => _first ?? Into?.First;
    public Attempt? Last => _last ?? Into?.Last;
    public int Attempts { get; private set; }
    public Mark? Acked => _acked?.Value;
    /// <summary>Who waits for it to be settled; null for nobody.</summary>
    public RaiseWatch? Watch { get; set; }

    /// <summary>A reset drops it.</summary>
    public void Drop(Mark at, Gate by)
    {
        _reset = new(at, by);
        Watch?.Changed = true;
    }

    public void Ack(Mark at) => _acked = new(at);

    /// <summary>It waits in another's request from now on. It waits as before, so that whoever watches it need not look.</summary>
    public void WaitIn(Raise request)
    {
        request.Watch ??= Watch;
        (_into, _waitsAt) = (request, null);
    }

    public void Add(Attempt attempt)
    {
        _first ??= attempt;
        _last = attempt;
        Attempts++;
        Watch?.Changed = true;
    }

    private sealed record Reset(Mark At, Gate By);
}
