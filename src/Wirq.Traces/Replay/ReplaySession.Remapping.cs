using Wirq.Events;
using Wirq.Remapping.VtD;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <content>Messages at the remapping unit. The unit here reads the entries that the log shows. So a request is decided
/// once its entry was shown, or once it is certain that none will be.</content>
internal sealed partial class ReplaySession
{
    private const ulong NotCared = 3;
    private const uint AssertBit = 1 << 14;

    private readonly RemappingReport _remapping;
    private readonly RouteWatch _routes;

    // The current request: as the unit gets it, as the log shows it, and its sender, if a pin sent it.
    private Msi _request;
    private TraceLine _asked;
    private Event? _ofPin;
    private bool _open, _deciding;

    // The result of the unit.
    private RemapTranslated? _translated;
    private RemapFaulted? _blocked;
    private ushort _sender;

    private readonly VtdUnit? _unit;

    private VtdUnit Unit => _unit!;

    /// <summary>The index of the request's entry.</summary>
    private int RequestIndex => new InterruptRequest(_request).Index;

    private void TakeRemapping(in TraceLine line, in TraceLine next)
    {
        if (!_survey.Remaps)
        {
            if (line.Event is TraceEvent.RemapFetch or TraceEvent.RemapEntry or TraceEvent.RemapDone)
                _verdicts.LeaveUnchecked(line.Event);
            return;
        }
        switch (line.Event)
        {
            case TraceEvent.RemapRequest:
                TakeRequest(line);
                break;
            case TraceEvent.RemapFetch:
                TakeFetch(line, next);
                break;
            case TraceEvent.RemapEntry:
                Compare(line, evidence: TakesEntry(line));
                break;
            case TraceEvent.RemapDone:
                Compare(line, evidence: TakesResult(line));
                break;
            default:
                Compare(line, evidence: false);
                break;
        }
    }

    private void TakeRequest(in TraceLine line)
    {
        EndRequest();
        Event? ofPin = null;
        if (_owed.TryMeet(line))
        {
            _verdicts.Match(line);
            ofPin = _machine.Held.Dequeue();
        }
        else if (_owed.TryStrike(line.Event, out Prediction predicted))
        {
            _verdicts.Mismatch(line, predicted.ToString());
            ofPin = _machine.Held.Dequeue();
        }
        else
            Begin(line);
        (_ofPin, _asked, _open) = (ofPin, line, true);
        _request = ofPin is { } pin ? pin.Msi : new Msi(line.A, (uint)line.B);
        (_translated, _blocked) = (null, null);
    }

    /// <summary>The unit fetched an entry: the guest's table has these contents.</summary>
    private void TakeFetch(in TraceLine line, in TraceLine next)
    {
        if (!_open)
        {
            _verdicts.Mismatch(line, Verdicts.Nothing);
            return;
        }
        SwitchOnUnseen();
        int index = RequestIndex;
        if (!Unit.RemappingEnabled || !_request.Address.Remappable)
            _verdicts.Mismatch(line, "nothing: the request is not remapped");
        else if ((int)line.A != index)
            _verdicts.Mismatch(line, $"entry {index}");
        else
            _verdicts.Match(line);
        var entry = new Irte(line.B, line.C);
        ShowEntry((int)line.A, entry, line.Number);
        // At the end of the log, whether the request passes is not known.
        bool cut = next.Event == TraceEvent.Other;
        if (_ofPin is null && (cut || !IsSenderKnown(entry, next)))
        {
            // The log has no requester. If a request never passed, it cannot be decided whether it should have.
            _verdicts.LeaveUnchecked(TraceEvent.RemapEntry);
            // It was sent, and the log ends before it shows what became of it.
            if (cut)
                Tell(new MessageSent(Origin.Device(0), _request).ToEvent());
            _open = false;
            return;
        }
        Decide();
    }

    /// <summary>Whether the sender of the request is known: its earlier sender, or, if it passes, a requester that the
    /// entry admits.</summary>
    private bool IsSenderKnown(Irte entry, in TraceLine next)
    {
        int before = _routes.RequesterOf(_request);
        VtdProfile profile = VtdProfile.Of(Profile.Qemu);
        bool passes = next.Event is TraceEvent.RemapEntry or TraceEvent.RemapVectorDiffers or TraceEvent.RemapTriggerDiffers
            or TraceEvent.RemapDone || next.Event == TraceEvent.ApicDeliverIrq && !_survey.Saw(TraceEvent.RemapEntry);
        if (before != RouteWatch.Unknown && (!passes || entry.Admits((ushort)before, profile)))
            _sender = (ushort)before;
        else if (passes || entry.Validation == SourceValidation.None || !entry.Present)
            _sender = entry.SomeRequester(profile);
        else
            return false;
        return true;
    }

    /// <summary>A line refers to an entry that was not shown.</summary>
    /// <returns>Whether the entry is taken from this line.</returns>
    private bool TakesEntry(in TraceLine line)
    {
        if (!_open)
            return false;
        bool evidence = !_survey.Saw(TraceEvent.RemapFetch);
        if (evidence)
        {
            Imagine((int)line.A, InterruptMessage.Create((byte)line.C, (DeliveryMode)line.D, (uint)line.E, line.F != 0, line.B != 0),
                line.Number);
        }
        Decide();
        return evidence;
    }

    /// <summary>A line shows a result, but no line showed the entry.</summary>
    /// <returns>Whether the entry is taken from this line.</returns>
    private bool TakesResult(in TraceLine line)
    {
        if (!_open)
            return false;
        bool evidence = !_survey.Saw(TraceEvent.RemapFetch) && !_survey.Saw(TraceEvent.RemapEntry)
            && _request.Address.Remappable && (line.A != line.C || line.B != line.D);
        if (evidence)
        {
            var made = new Msi(line.C, (uint)line.D);
            Imagine(RequestIndex, InterruptMessage.Create(made.Data.Vector, made.Data.Mode,
                made.Address.Destination(MsiFormat.Compatibility), made.Address.Logical, made.Data.Level, hint: made.Address.Hint),
                line.Number);
        }
        Decide();
        return evidence;
    }

    /// <summary>A message reached the local APICs, but the log does not show results.</summary>
    /// <returns>Whether the entry is taken from this line.</returns>
    private bool TakesMessage(in TraceLine line)
    {
        if (!_open || _survey.Saw(TraceEvent.RemapDone))
            return false;
        bool evidence = !_survey.Saw(TraceEvent.RemapFetch) && !_survey.Saw(TraceEvent.RemapEntry) && _request.Address.Remappable;
        if (evidence)
        {
            Imagine(RequestIndex, InterruptMessage.Create((byte)line.D, (DeliveryMode)line.C, (uint)line.A, line.B != 0, line.E != 0),
                line.Number);
        }
        Decide();
        return evidence && _owed.TryMeet(line);
    }

    /// <summary>Writes an entry to the memory that the unit reads, for a log that does not show entries.</summary>
    private void Imagine(int index, InterruptMessage message, long line)
    {
        SwitchOnUnseen();
        _sender = 0;
        uint narrow = IsExtended ? uint.MaxValue : DestinationMask;
        ShowEntry(index, Irte.For(InterruptMessage.Create(message.Vector, message.Mode, message.Destination & narrow,
            message.Logical, message.Level, hint: message.Hint), IsExtended), line);
    }

    private void ShowEntry(int index, Irte entry, long line)
    {
        // The entry differs from the one of a cached route, without an invalidation in between.
        if (_machine.Memory.Put(Table.EntryAddress(index), entry.Low, entry.High) && _routes.Rewritten(index) > 0)
            _remapping.AddStale(line);
    }

    /// <summary>Ends the request: it is decided, or QEMU blocked it without a line.</summary>
    private void EndRequest()
    {
        if (_open)
            Decide();
    }

    /// <summary>The unit processes the request.</summary>
    private void Decide()
    {
        _open = false;
        _deciding = true;
        SourceName source;
        if (_ofPin is { } held)
        {
            (source, _sender) = (SourceName.IoApic(held.Pin), VtdProfile.Anonymous);
            _machine.Release(held);
        }
        else
        {
            source = _request.Address.Remappable && Unit.RemappingEnabled ? SourceName.Irte(RequestIndex) : SourceName.Of(_request);
            Send(_request, source, _sender);
        }
        _deciding = false;
        if (_blocked is null)
            _reports.NoteSource(source);
        if (_translated is { } translated)
            Translated(translated.Message, (int)translated.Key);
        else if (_blocked is null)
        {
            _remapping.Unremapped++;
            Owe(new(TraceEvent.RemapDone, _asked.A, _asked.B, _asked.A, _asked.B));
            Owe(Sent(_request));
        }
        else
            _remapping.Blocked++;
        _ofPin = null;
    }

    private void Translated(InterruptMessage message, int index)
    {
        _remapping.Translated++;
        ulong level = message.Level ? 1u : 0, logical = message.Logical ? 1u : 0;
        Owe(new(TraceEvent.RemapEntry, (ulong)index, level, message.Vector, (ulong)message.Mode, message.Destination, logical));
        // QEMU warns if a request without a subhandle, such as the I/OAPIC's, does not match its entry (5.1.5.1).
        if (!_request.Address.SubhandleValid)
        {
            ulong sender = _ofPin is null ? Prediction.AnySender : VtdProfile.Anonymous;
            if (_request.Data.Vector != message.Vector)
                Owe(new(TraceEvent.RemapVectorDiffers, sender, (ulong)index, _request.Data.Vector, message.Vector));
            if (_request.Data.Level != message.Level)
                Owe(new(TraceEvent.RemapTriggerDiffers, sender, (ulong)index, _request.Data.Level ? 1u : 0, level));
        }
        // QEMU keeps address bits 1:0, and always sets the assert bit.
        var made = Msi.Encode(message, MsiFormat.KvmHighAddress);
        Owe(new(TraceEvent.RemapDone, _asked.A, _asked.B, made.Address.Bits | _asked.A & NotCared, made.Data.Bits | AssertBit));
        Owe(Sent(message));
        _routes.Used(_request, _sender);
        _machine.Drain();
    }

    /// <summary>Compares a line about an action of QEMU's unit.</summary>
    /// <param name="line">The line.</param>
    /// <param name="evidence">Whether the compared values were taken from this line.</param>
    private void Compare(in TraceLine line, bool evidence)
    {
        if (_owed.TryMeet(line))
        {
            if (evidence)
                _verdicts.LeaveUnchecked(line.Event);
            else
                _verdicts.Match(line);
        }
        else if (_owed.TryStrike(line.Event, out Prediction predicted))
            _verdicts.Mismatch(line, predicted.ToString());
        else if (_blocked is { Reason: (ulong)VtdFaultReason.RequestReserved } && line.Event != TraceEvent.RemapDone)
            _verdicts.Counts.Waive(Waiver.EntryOfRefused, line.Event);
        else
        {
            _verdicts.Mismatch(line, _blocked is { } blocked ? $"nothing: {EventText.Describe(blocked.ToEvent())}" : Verdicts.Nothing);
        }
    }

    private static string MissingInWords(TraceEvent missing) => missing is TraceEvent.RemapEntry or TraceEvent.RemapDone
        ? "nothing: the request was blocked" : Verdicts.Nothing;
}
