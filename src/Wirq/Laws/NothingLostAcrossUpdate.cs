using Wirq.Events;
using Wirq.Events.Shadows;
using Wirq.State;

namespace Wirq.Laws;

/// <summary>A machine that goes on from a snapshot goes on from where the saved one stopped.</summary>
/// <remarks>
/// What a machine does after its snapshot was made is not in it. If the machine then goes on from the snapshot, an
/// interrupt that was accepted, taken or ended in between is lost, or comes twice. So between
/// <see cref="EventKind.MachineSaved"/> and <see cref="EventKind.MachineRestored"/> nothing may happen to the state that
/// is saved. A snapshot from which nobody goes on is nobody's loss.
/// <para>The restore itself makes no edge: afterwards, a pin sends an edge only if a source of its line rose, and a virq
/// is served only if it was signalled.</para>
/// <para>Whether the snapshot has everything is judged by the other laws, which go on over a restore with what they
/// know: a level that is lost is not delivered again.</para>
/// </remarks>
internal sealed class NothingLostAcrossUpdate : Law
{
    private const ulong AfterSave = 1, EdgeMade = 2, ServedAgain = 3, NotInService = 4;

    private readonly MachineShadow _shadow;
    private readonly Block<UpdateFacts> _facts;
    private readonly Block<RisenPins> _risen;
    private readonly Block<SignalFacts> _virqs;
    private readonly Block<ServiceFacts> _cpus;

    internal NothingLostAcrossUpdate(MachineShadow shadow, StateArena arena) : base(arena)
    {
        _shadow = shadow;
        _facts = arena.Reserve<UpdateFacts>();
        _risen = arena.Reserve<RisenPins>(Math.Max(1, shadow.Pins.ChipCount));
        _virqs = arena.Reserve<SignalFacts>(shadow.Virqs.Count);
        _cpus = arena.Reserve<ServiceFacts>(shadow.Options.LocalApics.Count);
    }

    public override string Name => nameof(NothingLostAcrossUpdate);

    public override string Says => "snapshot, restore and live update lose and repeat nothing";

    protected internal override void Observe(in Event e)
    {
        ref UpdateFacts facts = ref _facts.Value;
        switch (e.Kind)
        {
            case EventKind.MachineSaved:
                facts.Saved = 1;
                facts.Did = 0;
                return;
            case EventKind.MachineRestored:
                Restore(e, ref facts);
                return;
        }
        if (facts.Saved != 0)
            FollowChange(e, ref facts);
        if (e.Subsystem == Subsystem.LocalApic && e.Unit < _cpus.Count)
            FollowCpu(e, facts.Restored != 0, ref _cpus[e.Cpu]);
        else if (e.Kind == EventKind.MachineReset)
            _cpus.Span.Clear();
        else if (e.Subsystem == Subsystem.Routing)
            FollowVirq(e, facts.Restored != 0);
        else if (facts.Restored != 0)
            FollowPin(e);
    }

    private void Restore(in Event e, ref UpdateFacts facts)
    {
        NoteJudged();
        if (facts.Did != 0)
            Fail(AfterSave, e, facts.Did);
        facts.Did = 0;
        facts.Restored = 1;
        _risen.Span.Clear();
    }

    private static void FollowChange(in Event e, ref UpdateFacts facts)
    {
        if (facts.Did == 0 && Changes(e))
            (facts.Did, facts.Virq) = ((ushort)e.Kind, e.Unit);
        // It went back into its eventfd, with which it travels.
        else if (e.Kind == EventKind.VirqWritten && facts.Did == (ushort)EventKind.VirqTriggered && facts.Virq == e.Unit)
            facts.Did = 0;
    }

    /// <summary>Whether an event is a change of what is saved.</summary>
    private static bool Changes(in Event e) => e.Kind is EventKind.VirqServed or EventKind.VirqTriggered or EventKind.PinAccepted
        or EventKind.MessageAccepted or EventKind.VectorAccepted or EventKind.VectorTaken or EventKind.PicTaken or EventKind.CpuEoi
        or EventKind.SourceRaised or EventKind.SourceLowered or EventKind.EntryWritten or EventKind.VirqMasked
        or EventKind.VirqUnmasked or EventKind.VirqMessageSet;

    /// <summary>What a CPU had in service when it was saved is in service until its EOI.</summary>
    private void FollowCpu(in Event e, bool restored, ref ServiceFacts cpu)
    {
        switch (e.Kind)
        {
            case EventKind.VectorTaken when VectorTaken.Of(e).By == VectorGiver.LocalApic:
                cpu.InService = (byte)Math.Min(cpu.InService + 1, byte.MaxValue);
                break;
            case EventKind.CpuEoi:
                cpu.InService = (byte)Math.Max(cpu.InService - 1, 0);
                break;
            case EventKind.CpuEoiEmpty when restored && cpu.InService > 0:
                Fail(NotInService, e);
                break;
            case EventKind.ApicReset:
                cpu = default;
                break;
        }
    }

    private void FollowVirq(in Event e, bool restored)
    {
        if (e.Unit >= _virqs.Count)
            return;
        ref SignalFacts virq = ref _virqs[e.Unit];
        switch (e.Kind)
        {
            case EventKind.VirqSignalled:
                (virq.Known, virq.Signalled) = (1, 1);
                break;
            // Userspace reads it and writes it back where the virq is masked, or the machine suspended, in the meantime.
            case EventKind.VirqWritten:
                virq.Signalled = virq.Known;
                break;
            case EventKind.VirqServed:
            case EventKind.VirqTriggered when VirqTriggered.Of(e).ByEventFd:
                if (restored && virq is { Known: not 0, Signalled: 0 } && !_shadow.Virqs.MayBeFormers(e))
                    Fail(ServedAgain, e);
                virq.Signalled = 0;
                break;
            case EventKind.VirqRegistered or EventKind.VirqDisposed:
                virq = default;
                break;
        }
    }

    private void FollowPin(in Event e)
    {
        if (e.Kind == EventKind.SourceRaised && e.Index < (uint)_shadow.Gsis.Count && _shadow.TargetOf(e.Gsi) is { IoApic: >= 0 } target)
            _risen[target.IoApic].Pins.Add(target.Pin);
        else if (e.Kind == EventKind.Deliver && !e.Msi.Data.Level && _shadow.Pins.TryPin(e, out int chip, out int pin)
            && !_risen[chip].Pins.Has(pin) && !_shadow.Pins.Profile(chip).LatchedRequest)
            Fail(EdgeMade, e, LawText.Pack(chip, pin));
    }

    protected override string Explain(in LawBreak first) => first.Code switch
    {
        AfterSave => $"the machine goes on from its snapshot, but {(EventKind)first.First} came after the snapshot: it is lost, or comes twice",
        EdgeMade => $"{LawText.Pin(first.First)} sent an edge after the restore, and no source of its line rose",
        NotInService => $"cpu{first.Event.Cpu} ended an interrupt that it had taken before the restore, and nothing was in service",
        _ => $"virq {first.Event.Unit} was served after the restore, and nobody signalled it",
    };

    private struct UpdateFacts : IState
    {
        /// <summary>1 from the first snapshot on.</summary>
        public ushort Saved;
        /// <summary>1 from the first restore on.</summary>
        public ushort Restored;
        /// <summary>The kind of the first change since the snapshot; 0 for none.</summary>
        public ushort Did;
        /// <summary>The unit of that change.</summary>
        public ushort Virq;
    }

    private struct ServiceFacts : IState
    {
        /// <summary>How many vectors the CPU took and did not end; saturates.</summary>
        public byte InService;
    }

    private struct RisenPins : IState
    {
        /// <summary>Pins a source of whose line rose since the restore.</summary>
        public PinSet Pins;
    }

    private struct SignalFacts : IState
    {
        /// <summary>1 if the stream reports the signals of the virq.</summary>
        public byte Known;
        /// <summary>1 if it was signalled since it was last served.</summary>
        public byte Signalled;
    }
}
