using Wirq.Events;

namespace Wirq.Traces.Why;

// Messages on their way to the local APICs, and their deliveries.
public sealed partial class WhyEngine
{
    private const int MostOpen = 1024;

    // Messages of devices and CPUs without an answer so far, by origin. Pins keep their own.
    private readonly Dictionary<uint, Queue<(Attempt Attempt, Raise? Raise)>> _open = [];
    private int _openCount;

    /// <summary>The source of the vector that was accepted last, and where it was sent.</summary>
    internal (SourceName Source, Mark Sent) Accepting { get; private set; }

    private void Sent(in Event e)
    {
        var attempt = new Attempt(_now);
        Raise? raise = null;
        if (FindLog(SourceName.Message(e.Msi)) is { } log)
        {
            raise = Begin(log, new(log.Source, _now, null));
            raise.Add(attempt);
        }
        // A message that is not an interrupt is a write to memory, and has no answer.
        if (e.Msi.IsInterrupt(_machine.Format))
            Open(e.Origin, attempt, raise);
        else
            attempt.Answered = _now;
    }

    private void Open(Origin origin, Attempt attempt, Raise? raise)
    {
        if (_openCount >= MostOpen)
        {
            _open.Clear();
            _openCount = 0;
        }
        if (!_open.TryGetValue(origin.Bits, out Queue<(Attempt, Raise?)>? queue))
            _open.Add(origin.Bits, queue = new());
        queue.Enqueue((attempt, raise));
        _openCount++;
    }

    private void Accepted(in Event e)
    {
        // Without lines of local APICs, what the chips make of a message is a guess.
        if (!KnowsCpus || CpuAt(e.Cpu) is not { } cpu)
            return;
        Origin origin = e.Origin;
        Attempt attempt;
        SourceName source;
        switch (origin.Kind)
        {
            case OriginKind.Pin when PinAt(origin.Unit, origin.Index) is { } pin:
                // A delivery whose sending was not reported still counts.
                if (pin.InFlight is null)
                {
                    if (pin.Current is null)
                        pin.Rise(Begin(pin.Log, new(pin.Log.Source, _now, VectorAccepted.Of(e).Level) { Implied = true }));
                    pin.Send(new Attempt(_now));
                }
                (attempt, source) = (pin.InFlight!, pin.Log.Source);
                break;
            case OriginKind.Local when origin.Index <= (int)LocalVector.Error:
                source = SourceName.Local(cpu.Cpu, (LocalVector)origin.Index);
                attempt = LocalAttempt(source);
                break;
            default:
                (attempt, Raise? raise) = OpenOf(origin);
                source = raise?.Source ?? new SourceName(SourceClass.Ipi, origin.Index, e.Vector);
                break;
        }
        Accept(cpu, attempt, source, e);
    }

    private void Accept(CpuTrail cpu, Attempt attempt, SourceName source, in Event e)
    {
        Accepting = (source, attempt.Sent);
        LogOf(source)?.NoteDelivery(cpu.Cpu, e.Vector);
        bool merged = VectorAccepted.Of(e).Merged;
        Delivery? delivery = merged ? cpu.Pending[e.Vector] : null;
        merged = delivery is not null;
        if (delivery is null)
        {
            delivery = new Delivery(cpu.Cpu, e.Vector, VectorAccepted.Of(e).Level, _now) { Source = source };
            delivery.AtFirst = cpu.GateOf(e.Vector);
            cpu.Pending[e.Vector] = delivery;
        }
        else
            delivery.Merge(_now);
        attempt.Add(delivery, merged);
        attempt.Answered ??= _now;
    }

    /// <summary>A local interrupt. The timer has reported its expiry just before; the others begin here.</summary>
    private Attempt LocalAttempt(SourceName source)
    {
        RaiseLog? log = FindLog(source);
        Raise? raise = log?.Last is { Attempts: 0, Lost: false } expired && expired.At.Time == _now.Time ? expired : null;
        if (log is not null && raise is null)
            raise = Begin(log, new(source, _now, null));
        var attempt = new Attempt(_now);
        raise?.Add(attempt);
        return attempt;
    }

    private (Attempt Attempt, Raise? Raise) OpenOf(Origin origin)
    {
        if (!_open.TryGetValue(origin.Bits, out Queue<(Attempt, Raise?)>? queue) || queue.Count == 0)
        {
            Open(origin, new Attempt(_now), null);
            queue = _open[origin.Bits];
        }
        return queue.Peek();
    }

    /// <summary>The bus has answered a message.</summary>
    private void Answered(in Event e)
    {
        InterruptMessage message = e.Message;
        RefusalReason reason = e.Kind == EventKind.MessageRefused ? e.Reason : RefusalReason.None;
        Origin origin = e.Origin;
        if (origin.Kind == OriginKind.Pin)
        {
            // Its pin gets the answer right after this.
            if (PinAt(origin.Unit, origin.Index) is { InFlight: { } sent } pin)
            {
                Note(sent, message, reason);
                if (reason == RefusalReason.None)
                    pin.Log.NoteDelivery(-1, message.Vector);
                if (IsSplit)
                    CompareRoute(pin, sent, message);
            }
            return;
        }
        if (origin.Kind is not (OriginKind.Device or OriginKind.Ipi or OriginKind.RemappingUnit or OriginKind.None))
            return;
        (Attempt attempt, Raise? raise) = OpenOf(origin);
        _open[origin.Bits].Dequeue();
        _openCount--;
        if (raise is null && FindLog(NameOf(origin, message)) is { } log)
        {
            raise = Begin(log, new(log.Source, attempt.Sent, null));
            raise.Add(attempt);
        }
        foreach (Delivery delivery in attempt.Deliveries)
        {
            if (delivery.Accepted == attempt.Sent && !attempt.Merged && raise is not null)
                delivery.Source = raise.Source;
        }
        attempt.Answered = _now;
        attempt.Reason = reason;
        Note(attempt, message, reason);
    }

    /// <summary>The kernel must send what the entry says (the law FreshRoute).</summary>
    private void CompareRoute(PinTrail pin, Attempt sent, InterruptMessage message)
    {
        sent.Wanted.TryDecode(_machine.Format, out InterruptMessage meant);
        if (message == meant)
            return;
        pin.SendStale(sent, meant);
        Stale.Add(pin, sent);
    }

    private static SourceName NameOf(Origin origin, InterruptMessage message) => origin.Kind == OriginKind.Ipi
        ? SourceName.Ipi(origin.Index, message)
        : SourceName.Message(message.Destination <= byte.MaxValue
            ? Msi.Encode(message)
            : Msi.Encode(message, MsiFormat.KvmHighAddress));

    private void Note(Attempt attempt, InterruptMessage message, RefusalReason reason)
    {
        (attempt.Message, attempt.HasMessage) = (message, true);
        if (reason != RefusalReason.None)
            _addressees.Explain(attempt, message, reason, this);
    }
}
