using System.Runtime.InteropServices;
using Wirq.State;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>One stimulus of the 8259 pair and all lines of the log that belong to it, compared line by line at its
/// end.</summary>
/// <remarks>The lines that follow from an INTA cycle or a poll come before the line of that cycle or poll. So
/// unexpected lines wait, and they count as unpredicted only if something else follows.</remarks>
internal sealed class PicExchange
{
    private readonly List<Prediction> _expected = [];
    private readonly List<TraceLine> _lines = [];
    private readonly Verdicts _verdicts;
    private readonly TriggerInference _triggers;
    private PicStimulus _stimulus;

    internal PicExchange(ReplayMachine machine, PicPrints prints, Verdicts verdicts, TriggerModes triggers)
    {
        _verdicts = verdicts;
        _triggers = new TriggerInference(machine, prints, triggers);
    }

    /// <summary>The expected lines of the current stimulus.</summary>
    internal List<Prediction> Expected => _expected;

    /// <summary>A stimulus of the pair begins.</summary>
    /// <returns>The pair before it.</returns>
    internal ref readonly PicPairState Begin(in TraceLine line, PicPair pic)
    {
        _stimulus.Line = line;
        pic.CopyTo(out _stimulus.Before);
        return ref _stimulus.Before;
    }

    /// <summary>Adds a line about the pair.</summary>
    internal void Take(in TraceLine line) => _lines.Add(line);

    /// <summary>Ends the stimulus, because another one follows.</summary>
    internal void Close()
    {
        if (_expected.Count == 0 && _lines.Count == 0)
            return;
        Judge(_lines.Count);
        Clear();
    }

    /// <summary>Ends the stimulus, because an INTA cycle or a poll follows. Further lines of the log belong to that
    /// one.</summary>
    internal void CloseBefore(in PicStimulus next)
    {
        int own = Math.Min(_expected.Count, _lines.Count);
        // With the other trigger mode the stimulus may have more lines, or fewer.
        if (Agreeing(0, own) < own && _verdicts.Coverage.ShowsPic && _triggers.ExplainsFirst(_stimulus, _lines, out int explained))
        {
            own = explained;
            LeaveUnchecked(own);
        }
        else
            Judge(own);
        _expected.Clear();
        _lines.RemoveRange(0, own);
        _stimulus = next;
    }

    /// <summary>The log has ended. It is not known which other lines would have followed for this stimulus, nor whether
    /// its last lines belong to the next one.</summary>
    internal void End()
    {
        int agree = Agreeing(0, _lines.Count);
        for (int i = 0; i < _lines.Count; i++)
        {
            if (i < agree)
                _verdicts.Match(_lines[i]);
            else
                _verdicts.LeaveUnchecked(_lines[i].Event);
        }
        Clear();
    }

    /// <summary>Whether the first waiting line is of this kind.</summary>
    internal bool StartsWith(TraceEvent kind) => _lines.Count > 0 && _lines[0].Event == kind;

    /// <summary>The trigger modes that explain an INTA which takes another IRQ than expected, if there are
    /// any.</summary>
    internal bool ExplainsInta(in PicStimulus inta, ulong irq) => _triggers.ExplainsInta(inta, irq);

    private void Clear()
    {
        _expected.Clear();
        _lines.Clear();
        _stimulus = default;
    }

    private void Judge(int count)
    {
        int agree = Agreeing(0, count);
        if (agree == _expected.Count && agree < count)
            ExpectAtCascade(agree, count);
        agree = Agreeing(agree, count);
        if (agree == count && agree == _expected.Count)
        {
            for (int i = 0; i < count; i++)
                _verdicts.Match(_lines[i]);
            return;
        }
        if (_verdicts.Coverage.ShowsPic && _triggers.Explains(_stimulus, _lines.GetRange(0, count)))
        {
            LeaveUnchecked(count);
            return;
        }
        for (int i = 0; i < agree; i++)
            _verdicts.Match(_lines[i]);
        for (int i = agree; i < Math.Max(count, _expected.Count); i++)
            Part(i, count);
    }

    private void LeaveUnchecked(int count)
    {
        for (int i = 0; i < count; i++)
            _verdicts.LeaveUnchecked(_lines[i].Event);
    }

    /// <summary>The number of lines that are as expected, from the first one on.</summary>
    private int Agreeing(int from, int count)
    {
        ReadOnlySpan<Prediction> expected = CollectionsMarshal.AsSpan(_expected);
        ReadOnlySpan<TraceLine> lines = CollectionsMarshal.AsSpan(_lines);
        while (from < count && from < expected.Length && expected[from].IsMetBy(lines[from]))
            from++;
        return from;
    }

    /// <summary>A device may drive the master's input 2 in addition to the slave. QEMU's PIIX does so when it releases
    /// all its lines. If it drives the same level as the slave, nothing changes, and the master prints its usual
    /// lines.</summary>
    private void ExpectAtCascade(int from, int count)
    {
        while (from < count && _lines[from].Event == TraceEvent.PicSetIrq && (_lines[from].C != 0) == _triggers.CascadeIsHigh)
        {
            _expected.Add(new(TraceEvent.PicSetIrq, _lines[from].A, _lines[from].B, _lines[from].C));
            _triggers.ExpectMaster(_expected);
            from = _expected.Count;
        }
    }

    private void Part(int i, int count)
    {
        string predicted = i < _expected.Count ? _expected[i].ToString() : Verdicts.Nothing;
        if (i < count)
            _verdicts.Mismatch(_lines[i], predicted, Responder.Pic);
        else
            _verdicts.Missing(_stimulus.Line, _expected[i].Event, predicted, chip: Responder.Pic);
    }
}

/// <summary>A stimulus of the 8259 pair.</summary>
/// <param name="line">The line of the stimulus.</param>
/// <param name="before">The pair before it.</param>
internal struct PicStimulus(in TraceLine line, in PicPairState before)
{
    /// <summary>The line of the stimulus.</summary>
    public TraceLine Line = line;
    /// <summary>The pair before it.</summary>
    public PicPairState Before = before;
}
