using Wirq.Events;
using Wirq.Events.Shadows;

namespace Wirq.Traces.Why;

/// <summary>What came through one pin of an I/OAPIC, and since when it is what it is. What it is, its shadow says.</summary>
internal sealed class PinTrail(int chip, int pin, IoApicOptions options, RaiseLog log, PinShadow shadow)
{
    private const int MostInFlight = 64, MostJoined = 16;

    private readonly Queue<Attempt> _inFlight = new();
    private readonly List<Raise> _joined = [];
    private readonly bool _atSend = options.Profile == Profile.Qemu;
    private Attempt? _answered;
    private bool _implied, _irrAtWrite;
    private Mark _brakedSince, _ackOwedSince;
    private Msi? _route;
    private StaleRoute? _stale;

    public int Chip { get; } = chip;
    public int Pin { get; } = pin;
    public RaiseLog Log { get; } = log;

    /// <summary>The entry as last written; in its reset state if no write was reported.</summary>
    public RedirectionEntry Entry => shadow.Entry(Chip, Pin).WithRemoteIrr(_irrAtWrite);
    /// <summary>The last write of the entry.</summary>
    public Mark EntryWritten { get; private set; }
    /// <summary>The line that shows the entry as it was before its first write; null if none does.</summary>
    public Mark? Shown { get; private set; }
    /// <summary>Since when the kernel has the route of the pin.</summary>
    public Mark RouteSince { get; private set; }
    /// <summary>The write that brought the vector which the entry has now.</summary>
    public Mark VectorSince { get; private set; }
    /// <summary>Since when the mask is as it is.</summary>
    public Mark MaskSince { get; private set; }
    /// <summary>Whether a guest ever meant this pin: gave it a vector or unmasked it.</summary>
    public bool WasProgrammed { get; private set; }

    /// <summary>Whether it is asserted. If the level of the pin is not reported: whether it sent and no event reported
    /// a fall.</summary>
    public bool Asserted => shadow.Chip(Chip).Asserted.Has(Pin) || _implied;
    public bool RemoteIrr => shadow.Chip(Chip).RemoteIrr.Has(Pin);
    public Mark RemoteIrrSince { get; private set; }
    /// <summary>The delivery whose EOI Remote IRR waits for.</summary>
    public Attempt? RemoteIrrBy { get; private set; }
    /// <summary>Since when the storm brake holds it; null if it does not.</summary>
    public Mark? Braked => shadow.Chip(Chip).Braked.Has(Pin) ? _brakedSince : null;
    /// <summary>Since when its acknowledge waits for the unmask; null if none waits.</summary>
    public Mark? AckOwed => shadow.Chip(Chip).AckDeferred.Has(Pin) ? _ackOwedSince : null;

    /// <summary>The current raise of the pin, or the last one.</summary>
    public Raise? Current { get; private set; }
    public Attempt? InFlight => _inFlight.TryPeek(out Attempt? first) ? first : null;

    public Raise? Joined(int slot) => _joined.FindLast(raise => raise.Slot == slot);

    /// <summary>What keeps the pin from sending, the line being asserted.</summary>
    public Held Gate
    {
        get
        {
            if (Entry.Masked)
                return new(Wirq.Gate.PinMasked, MaskSince) { By = RemoteIrr ? RemoteIrrBy : null, Written = EntryWritten, Shown = ShownNow };
            if (InFlight is { } sent)
                return new(Wirq.Gate.InFlight, sent.Sent) { By = sent };
            if (RemoteIrr && RemoteIrrBy is { Reason: not RefusalReason.None } nobody)
                return Refused(nobody);
            if (RemoteIrr)
                return new(Wirq.Gate.RemoteIrr, RemoteIrrSince) { By = RemoteIrrBy };
            if (Braked is { } braked)
                return new(Wirq.Gate.StormBrake, braked);
            if (Current?.Last is { Reason: not RefusalReason.None } refused)
                return Refused(refused);
            // A level that nothing was sent for, at an entry that is edge by now.
            if (Current is { Level: true, Last: null, Fell: null } && !shadow.Chip(Chip).Level.Has(Pin))
                return new(Wirq.Gate.EdgeSpent, EntryWritten);
            return Held.Nothing;
        }
    }

    /// <summary>The line that shows the mask, while no line has written it.</summary>
    private Mark? ShownNow => EntryWritten.IsStart ? Shown : null;

    public static Held Refused(Attempt attempt) =>
        new(Gates.Of(attempt.Reason), attempt.Refusal?.Since ?? default) { By = attempt, Who = attempt.Refusal?.Words };

    public void Rise(Raise raise)
    {
        _implied = raise.Implied;
        Current = raise;
        if (raise.Level == true)
            raise.AtFirst = Gate;
    }

    public void Fall(Mark at)
    {
        _implied = false;
        if (Current is { Fell: null } raise)
            raise.Fell = at;
        // Every holder is gone with the line.
        foreach (Raise joined in _joined)
            joined.Fell ??= at;
        _joined.Clear();
    }

    /// <summary>Another source came to the line, which was asserted.</summary>
    public void Join(Raise raise)
    {
        if (_joined.Count == MostJoined)
            _joined.RemoveAt(0);
        _joined.Add(raise);
    }

    public void Write(RedirectionEntry entry, Mark at)
    {
        if (entry.Masked != Entry.Masked)
            MaskSince = at;
        if (entry.Vector != Entry.Vector)
            VectorSince = at;
        WasProgrammed |= !entry.Masked || entry.Vector != 0;
        if (entry.RemoteIrr && !RemoteIrr)
            RemoteIrrSince = at;
        (_irrAtWrite, EntryWritten) = (entry.RemoteIrr, at);
    }

    public void Lose(Mark at)
    {
        if (Current is not { } raise || raise.At.Event > at.Event)
            return;
        raise.Lost = true;
        raise.AtFirst = new(Wirq.Gate.EdgeLost, MaskSince) { Written = EntryWritten, Shown = ShownNow };
    }

    public void Send(Attempt attempt)
    {
        if (_inFlight.Count == MostInFlight)
            _inFlight.Dequeue();
        _inFlight.Enqueue(attempt);
        Current?.Add(attempt);
        foreach (Raise joined in _joined)
            joined.Add(attempt);
        if (RemoteIrr && _atSend)
            RemoteIrrBy = attempt;
    }

    /// <summary>The answer to the message that was sent first.</summary>
    public Attempt? Answer(RefusalReason reason, Mark at)
    {
        if (!_inFlight.TryDequeue(out Attempt? attempt))
            return null;
        (attempt.Answered, attempt.Reason) = (at, reason);
        _answered = attempt;
        return attempt;
    }

    public void SetRemoteIrr(Mark at)
    {
        RemoteIrrSince = at;
        RemoteIrrBy = _atSend ? null : _answered;
    }

    public void ClearRemoteIrr(Mark at, bool byEoi)
    {
        if (byEoi && RemoteIrrBy is { } ended)
            ended.EndedAt = at;
        RemoteIrrBy = null;
    }

    /// <summary>A line shows the entry as it was before the first line.</summary>
    public void Learn(LogEntryShown shown, Mark at)
    {
        if ((shown.Known & EntryParts.Mask) != 0)
            Shown = at;
        WasProgrammed |= !shown.Entry.Masked || shown.Entry.Vector != 0;
    }

    /// <summary>The kernel gets a route for the pin.</summary>
    public void SetRoute(Msi message, Mark at)
    {
        if (_route == message)
            return;
        (_route, RouteSince) = (message, at);
        if (_stale is { Fixed: null } stale)
            stale.Fixed = at;
        _stale = null;
    }

    /// <summary>The kernel sent another message than the entry says.</summary>
    public void SendStale(Attempt attempt, InterruptMessage meant)
    {
        _stale = attempt.Stale = new(meant, RouteSince);
    }

    public void Brake(Mark at) => _brakedSince = at;
    public void OweAck(Mark at) => _ackOwedSince = at;

    public void Ack(Mark at)
    {
        Current?.Ack(at);
    }
}
