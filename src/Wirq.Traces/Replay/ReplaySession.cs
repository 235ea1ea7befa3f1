using Wirq.Events;
using Wirq.Remapping.VtD;
using Wirq.State;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>One life of a machine, from its reset on. It gets the lines of the log in order, feeds the stimuli to the
/// chips and compares the responses.</summary>
/// <remarks>QEMU processes one stimulus at a time, under its lock, so all lines between two stimuli belong to the
/// first. A predicted line that the log does not have by then is missing.</remarks>
internal sealed partial class ReplaySession
{
    private const int AnyCpu = 0, VectorWords = 4;

    private readonly LogSurvey _survey;
    private readonly Verdicts _verdicts;
    private readonly Surroundings _surroundings;
    private readonly DeliveryCounts _delivered;
    private readonly ReplayMachine _machine;
    private readonly PicPrints _prints;
    private readonly PicExchange _pic;
    private readonly PredictionList _owed = new();
    private readonly TimerDeadlines _timers;
    private readonly EoiInference _inference;
    private readonly Acknowledges _acknowledges;
    private readonly ReportTracker _reports;
    private readonly Action<Event>? _record;
    private readonly IReplayObserver? _observer;
    private readonly EntryKnowledge _entries = new();
    private readonly bool _knowsCpus;
    private TraceLine _stimulus;
    private SourceName _message;
    private int _evidence = -1;

    internal ReplaySession(LogSurvey survey, Verdicts verdicts, Surroundings surroundings, DeliveryCounts delivered,
        RemappingReport remapping, TriggerModes triggers, ReplayOptions options, StateArena arena, long now)
    {
        (_survey, _verdicts, _surroundings, _delivered) = (survey, verdicts, surroundings, delivered);
        (_record, _observer) = (options.Record, options.Observer);
        _remapping = remapping;
        _knowsCpus = survey.KnowsCpus;
        _machine = new ReplayMachine(survey, arena, laws: options.Reports)
        {
            HoldsMessages = survey.Remaps || survey.IsSplit,
            Observed = Observe,
        };
        _prints = new PicPrints(survey);
        _pic = new PicExchange(_machine, _prints, verdicts, triggers);
        _timers = new TimerDeadlines(survey.ApicIds.Count);
        _inference = new EoiInference(_machine, _timers, survey);
        _acknowledges = new Acknowledges(_machine, verdicts, _inference);
        _reports = new ReportTracker(survey, verdicts, delivered, _inference);
        _machine.SetTime(now);
        _machine.Connect();
        _machine.SetTriggers(triggers.FromStart);
        _routes = new RouteWatch(_machine.Fabric);
        _unit = VtdUnit.Of(_machine.Fabric);
        if (survey.Remaps)
            StartUnit();
    }

    /// <summary>The log begins here: the machine is in its reset state, or in the state that later lines show.</summary>
    internal void BeginLog()
    {
        if (_survey.FromReset)
            _entries.KnowAll();
        else
            LearnStart();
    }

    /// <summary>The machine was reset.</summary>
    internal void BeginLife() => _entries.KnowAll();

    internal ReplayMachine Machine => _machine;

    internal long Stimuli { get; private set; }

    /// <summary>Processes the next line.</summary>
    /// <param name="line">The line.</param>
    /// <param name="next">The line after it; of event <see cref="TraceEvent.Other"/> at the end.</param>
    internal void Take(in TraceLine line, in TraceLine next)
    {
        switch (line.Event)
        {
            case TraceEvent.PicSetIrq when line.A != 0 && line.B == Pic8259.Cascade:
            case TraceEvent.PicUpdateIrq or TraceEvent.PicInterruptLine:
                _pic.Take(line);
                break;
            case TraceEvent.PicSetIrq or TraceEvent.PicPortWrite or TraceEvent.PicInterrupt or TraceEvent.PicPortRead:
                TakePic(line);
                break;
            case TraceEvent.IoApicSetIrq or TraceEvent.IoApicWrite or TraceEvent.IoApicRead:
                Begin(line);
                TakeIoApic(line);
                break;
            case TraceEvent.IoApicSetRemoteIrr or TraceEvent.IoApicClearRemoteIrr or TraceEvent.IoApicDelayedReassert
                or TraceEvent.IoApicEoiBroadcast:
                TakeIoApicResponse(line);
                break;
            case TraceEvent.ApicDeliverIrq:
                TakeDelivery(line);
                break;
            case TraceEvent.RemapRequest or TraceEvent.RemapFetch or TraceEvent.RemapEntry or TraceEvent.RemapDone
                or TraceEvent.RemapVectorDiffers or TraceEvent.RemapTriggerDiffers:
                TakeRemapping(line, next);
                break;
            case TraceEvent.RemapRegisterWrite or TraceEvent.RemapRoot or TraceEvent.RemapEnable or TraceEvent.IecInvalidate
                or TraceEvent.IecNotify:
                if (_survey.Remaps)
                    TakeUnit(line);
                break;
            case TraceEvent.ApicRead or TraceEvent.ApicWrite or TraceEvent.ApicLocalDeliver or TraceEvent.SetApicBase
                or TraceEvent.GetApicBase:
                TakeLocalApic(line, next);
                break;
            case TraceEvent.ReportDelivered:
                _reports.Take(line);
                break;
            case TraceEvent.ResetDelivered:
                _reports.Reset();
                break;
            case TraceEvent.GetDelivered:
                TakeCount(line);
                break;
            case TraceEvent.KernelTrigger or TraceEvent.KernelRoute or TraceEvent.KernelRouteUpdate or TraceEvent.KernelRouteAdd
                or TraceEvent.KernelRouteCommit or TraceEvent.KernelRouteRelease:
                TakeKernel(line);
                break;
            case TraceEvent.ServicingInterrupt or TraceEvent.InterruptDump or TraceEvent.TaskRegister:
                TakeAcknowledge(line);
                break;
        }
    }

    /// <summary>The machine is reset.</summary>
    internal void EndByReset()
    {
        CloseStimulus();
        _pic.Close();
        _machine.Rest();
        TellVectors();
    }

    /// <summary>The log has ended. QEMU may have printed more for the last stimulus, so it is not known whether lines
    /// are missing.</summary>
    internal void End()
    {
        _acknowledges.End();
        bool undecided = _open || _machine.Held.Count > 0;
        _owed.Clear();
        _reports.End();
        _pic.End();
        if (!undecided)
            _machine.Rest();
        TellVectors();
    }

    private void TellVectors()
    {
        for (int cpu = 0; cpu < _machine.LocalApics.Count; cpu++)
        {
            ref ApicState apic = ref _machine.LocalApics.State(cpu);
            for (int word = 0; word < VectorWords; word++)
                Tell(new LogVectorsLeft(cpu, (uint)word, Word(apic.Irr, word), Word(apic.Isr, word)).ToEvent());
        }

        static ulong Word(in Vectors256 vectors, int word) =>
            vectors.Register(2 * word) | (ulong)vectors.Register(2 * word + 1) << 32;
    }

    /// <summary>Records an event that no chip here causes.</summary>
    internal void Tell(in Event told) => Record(told with { Time = _machine.Fabric.Now });

    private void Record(in Event happened)
    {
        _record?.Invoke(happened);
        _observer?.Observe(happened);
    }

    private void Begin(in TraceLine line)
    {
        CloseStimulus();
        _pic.Close();
        Open(line);
    }

    private void Open(in TraceLine line)
    {
        _machine.Rest();
        _stimulus = line;
        Stimuli++;
    }

    private void CloseStimulus()
    {
        _acknowledges.Flush();
        EndRequest();
        if (_survey.IsSplit)
            SendRestToKernel();
        else
            RefuseHeld();
        if (_owed.Owed.Count > 0)
        {
            foreach (Prediction owed in _owed.Owed)
                _verdicts.Missing(_stimulus, owed.Event, owed.ToString(), MissingInWords(owed.Event));
            _owed.Clear();
        }
        _reports.Close(_stimulus);
        _evidence = -1;
    }

    private void TakeAcknowledge(in TraceLine line)
    {
        if (!_knowsCpus)
        {
            if (line.Event != TraceEvent.ServicingInterrupt)
                return;
            _verdicts.LeaveUnchecked(line.Event);
            if (!_acknowledges.IsPics(line))
                Tell(new Event(EventKind.LogVectorTaken, 0, 0, line.A));
        }
        else if (line.Event == TraceEvent.InterruptDump)
            _acknowledges.Dump(line);
        else if (line.Event == TraceEvent.TaskRegister)
            _acknowledges.TaskRegister(line);
        else if (_acknowledges.IsPics(line))
            _verdicts.Match(line);
        else
        {
            Begin(line);
            _acknowledges.Servicing(line);
        }
    }

    private void TakeCount(in TraceLine line)
    {
        if (_reports.Count is { } count)
            _verdicts.Compare(line, count, line.A);
        else
            _verdicts.LeaveUnchecked(line.Event);
    }

    /// <summary>The lines that QEMU prints for an event of the chips.</summary>
    private void Observe(in Event happened)
    {
        if (_surroundings.Kept)
            _surroundings.Note(happened);
        Record(happened);
        if (happened.Subsystem is Subsystem.IoApic or Subsystem.LocalApic or Subsystem.Remapping)
            Predict(happened);
    }

    private void Predict(in Event happened)
    {
        switch (happened.Kind)
        {
            case EventKind.RemoteIrrSet:
                _verdicts.Coverage.RemoteIrrSet = true;
                Owe(new(TraceEvent.IoApicSetRemoteIrr, (ulong)happened.Pin));
                break;
            case EventKind.RemoteIrrCleared when RemoteIrrCleared.Of(happened).Cause != EndOfInterruptCause.Rewrite:
                Owe(new(TraceEvent.IoApicClearRemoteIrr, (ulong)happened.Pin, happened.Vector));
                break;
            case EventKind.StormBraked:
                Owe(new(TraceEvent.IoApicDelayedReassert, (ulong)happened.Pin));
                break;
            case EventKind.EoiBroadcast when _knowsCpus:
                Owe(new(TraceEvent.IoApicEoiBroadcast, happened.Vector));
                break;
            case EventKind.Deliver when _survey.IsSplit:
                _reports.NoteSource(SourceName.IoApic(happened.Pin));
                if (_survey.Saw(TraceEvent.KernelTrigger))
                    Owe(new(TraceEvent.KernelTrigger, (ulong)happened.Pin));
                break;
            case EventKind.Deliver:
                if (_machine.HoldsMessages)
                {
                    Owe(new(TraceEvent.RemapRequest, happened.Msi.Address.Bits, happened.Msi.Data.Bits));
                    break;
                }
                if (happened.Msi.Address.Remappable)
                {
                    _verdicts.Coverage.RemapsUnseen = true;
                    break;
                }
                _reports.NoteSource(SourceName.IoApic(happened.Pin));
                Owe(Sent(happened.Msi));
                break;
            case EventKind.VectorAccepted:
                _reports.Expect(SourceOf(happened.Origin), happened.Cpu, happened.Vector, VectorAccepted.Of(happened).Merged);
                break;
            case EventKind.ApicReset:
                _timers.Reset(happened.Cpu);
                break;
            case EventKind.RemapTranslated or EventKind.RemapFaulted or EventKind.RemapInvalidationDone:
                NoteUnit(happened);
                break;
        }
    }

    private void Owe(in Prediction owed)
    {
        if (_survey.Saw(owed.Event))
            _owed.Add(owed);
        else
            _verdicts.NoteUntraced(owed.Event);
    }

    private SourceName SourceOf(Origin origin) => origin.Kind switch
    {
        OriginKind.Pin => SourceName.IoApic(origin.Index),
        OriginKind.Device => _message,
        _ => default,
    };
}
