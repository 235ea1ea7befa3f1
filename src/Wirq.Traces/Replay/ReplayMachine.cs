using Wirq.Events;
using Wirq.Host;
using Wirq.Laws;
using Wirq.Remapping.VtD;
using Wirq.State;

namespace Wirq.Traces.Replay;

/// <summary>Receives an event.</summary>
internal delegate void EventObserver(in Event happened);

/// <summary>The chips to which a log is fed, and the laws that observe them.</summary>
/// <remarks>QEMU drives the 8259 and the I/OAPIC by two calls, and the log has a line for each. So the two have
/// separate lines here: GSIs 0 to 15 are connected only to the 8259 pair, GSIs from 16 on only to the pins of the
/// I/OAPIC, each with one wired source. A line of the log about one chip changes only that chip. Lines, chips and laws
/// are the same as in any other machine.</remarks>
internal sealed class ReplayMachine
{
    internal const int PicLines = GsiMap.IsaIrqs, Pins = 24;

    private static readonly string[] s_picLabels = [.. Enumerable.Range(0, PicLines).Select(static irq => $"8259 IRQ {irq}")],
        s_pinLabels = [.. Enumerable.Range(0, Pins).Select(static pin => $"I/OAPIC pin {pin}")];

    private readonly LawSet? _laws;
    private readonly Source[] _pic = new Source[PicLines], _pins = new Source[Pins];
    private readonly Queue<Event> _held = [];
    private bool _busy;

    internal ReplayMachine(LogSurvey survey, StateArena arena, bool laws)
    {
        Options = OptionsFor(survey);
        Fabric = new Fabric(Options, arena) { Memory = Memory };
        Fabric.Events.Observing = true;
        _laws = laws ? new LawSet(Options, Fabric.Gsis, arena) : null;
    }

    /// <summary>The options of a machine that can do what a log shows.</summary>
    internal static FabricOptions OptionsFor(LogSurvey survey) => new()
    {
        LocalApics = new()
        {
            Count = survey.ApicIds.Count,
            Ids = survey.ApicIds,
            Profile = Profile.Qemu,
            ExternalTimers = true,
            X2Apic = false,
            TscDeadline = false,
            SuppressEoiBroadcast = false,
            Cmci = false,
        },
        IoApics =
        [
            new()
            {
                Profile = Profile.Qemu,
                Pins = Pins,
                GsiBase = PicLines,
                Version = survey.IoApicVersion,
                Requester = VtdProfile.Anonymous,
            },
        ],
        Pic = new() { Profile = Profile.Qemu },
        IsaOverrides = new Dictionary<int, int>(),
        IntrAtPinZero = false,
        Sources = PicLines + Pins,
        Vtd = survey.Remaps ? new() { Profile = Profile.Qemu } : null,
        // A cached route for each message in the log.
        Routing = survey.Remaps ? new() { Virqs = survey.Routes } : null,
    };

    /// <summary>How it is built.</summary>
    internal FabricOptions Options { get; }
    internal Fabric Fabric { get; }
    /// <summary>Its local APICs. When QEMU writes such a log, its local APICs are never in a kernel.</summary>
    internal LocalApics LocalApics => Fabric.LocalApics!;
    /// <summary>The contents of guest memory that the log shows.</summary>
    internal ReplayMemory Memory { get; } = new();
    internal PicPair Pic => Fabric.Pic!;
    internal IoApic IoApic => Fabric.IoApics[0];
    internal IReadOnlyList<Law> Laws => _laws?.Laws ?? [];

    /// <summary>Receives every event.</summary>
    internal EventObserver? Observed { get; set; }

    /// <summary>Whether messages of pins wait until the log shows what the remapping unit reads.</summary>
    internal bool HoldsMessages { get; init; }

    /// <summary>Messages of pins that wait, oldest first.</summary>
    internal Queue<Event> Held => _held;

    /// <summary>Connects the sources; call it once there is an observer.</summary>
    internal void Connect()
    {
        for (int irq = 0; irq < PicLines; irq++)
        {
            if (irq != 2)
                _pic[irq] = Fabric.Connect(irq, s_picLabels[irq]);
        }
        for (int pin = 0; pin < Pins; pin++)
            _pins[pin] = Fabric.Connect(PicLines + pin, s_pinLabels[pin]);
        Drain();
    }

    /// <summary>Sets the trigger modes of the 8259's inputs, slave in bits 15:8. The guest's firmware sets them without
    /// a line in the log.</summary>
    internal void SetTriggers(ushort levels)
    {
        const int slaveShift = 8;
        if (levels == Pic.LevelTriggered)
            return;
        Fabric.TryWritePort(0, PicPair.MasterTriggers, 1, (byte)levels);
        Fabric.TryWritePort(0, PicPair.SlaveTriggers, 1, (uint)levels >> slaveShift);
        Drain();
    }

    /// <summary>Sets the time of the log; it never decreases.</summary>
    internal void SetTime(long nanoseconds) => Fabric.Events.Now = Math.Max(Fabric.Now, nanoseconds);

    /// <summary>A device drives an input of the 8259 pair, 0 to 15 except 2.</summary>
    internal void DrivePic(int irq, bool high) => Drive(_pic[irq], high);

    /// <summary>A device drives a pin of the I/OAPIC.</summary>
    internal void DrivePin(int pin, bool high) => Drive(_pins[pin], high);

    private void Drive(Source source, bool high)
    {
        if (source.IsAsserted == high)
            Fabric.DrivePins(source.Gsi, high);
        else
            source.Set(high);
        Drain();
    }

    /// <summary>Sets the state of the 8259 pair; INTR follows.</summary>
    internal void SetPic(in PicPairState state)
    {
        Pic.State = state;
        Pic.Master.Touch();
        Pic.Slave.Touch();
        Fabric.UpdatePic();
    }

    /// <summary>Sets the entry that a pin has before the first line.</summary>
    internal void SetEntry(in LogEntryShown shown)
    {
        IoApicPin pin = IoApic.PinState(shown.Pin);
        pin.Entry = shown.Entry;
        pin.Assign(PinFlags.RemoteIrr, (shown.Known & EntryParts.RemoteIrr) != 0 && IoApic.IsLevel(shown.Entry));
        IoApic.SetPinState(shown.Pin, pin);
        _laws?.Observe(shown.ToEvent());
    }

    /// <summary>Sets the mask, the requests and the priorities that an 8259 has before the first line.</summary>
    internal void SetMask(in LogPicShown shown, byte requests, byte? lowest)
    {
        PicPairState pair = Pic.State;
        PicState chip = shown.Unit == 0 ? pair.Master : pair.Slave;
        (chip.Imr, chip.Irr, chip.Lowest) = (shown.Mask, (byte)(chip.Irr | requests), lowest ?? chip.Lowest);
        SetPic(shown.Unit == 0 ? pair with { Master = chip } : pair with { Slave = chip });
        _laws?.Observe(shown.ToEvent());
    }

    internal bool IsIrqHigh(int irq) => _pic[irq].IsAsserted;
    internal bool IsPinHigh(int pin) => _pins[pin].IsAsserted;

    /// <summary>Carries out waiting effects.</summary>
    internal void Drain()
    {
        Carrier carrier = Fabric.Carrier;
        while (!Fabric.Events.IsEmpty)
        {
            ref readonly Event next = ref carrier.Next;
            Observe(next);
            if (next.IsEffect)
                CarryOut(next);
            else
                carrier.Skip();
        }
    }

    private void CarryOut(in Event next)
    {
        if (next.Kind == EventKind.Deliver && (HoldsMessages || next.Msi.Address.Remappable))
            Divert(next);
        else if (Fabric.Carrier.Begin(out _))
            Unheard();
    }

    /// <summary>A pin's message goes to a remapping unit, or to a kernel.</summary>
    private void Divert(Event message)
    {
        Fabric.Carrier.Skip();
        if (HoldsMessages)
            _held.Enqueue(message);
        else
            Fabric.Carrier.AnswerDeliver(message, RefusalReason.NoRemapper);
    }

    /// <summary>Carries out a pin's message that waited.</summary>
    internal void Release(in Event held)
    {
        if (Fabric.Carrier.Begin(held, out _))
            Unheard();
        Drain();
    }

    /// <summary>Drops a pin's message that waited.</summary>
    internal void Refuse(in Event held)
    {
        Fabric.Carrier.AnswerDeliver(held, RefusalReason.NoRemapper);
        Drain();
    }

    /// <summary>A kernel took a pin's message that waited.</summary>
    internal void Accept(in Event held)
    {
        Fabric.Carrier.AnswerDeliver(held, RefusalReason.None);
        Drain();
    }

    /// <summary>Passes on an event that no chip here causes, to the laws too.</summary>
    internal void Tell(in Event told) => Observe(told with { Time = Fabric.Now });

    /// <summary>There is no host behind the chips of a replay: the log has the results.</summary>
    private void Unheard()
    {
        while (Fabric.Carrier.Complete(HostAnswer.Nobody, out _)) { }
    }

    /// <summary>All effects of one stimulus are done.</summary>
    internal void Rest()
    {
        if (!_busy || _held.Count > 0)
            return;
        Observe(new Event(EventKind.Rest) { Time = Fabric.Now });
        _busy = false;
    }

    private void Observe(in Event happened)
    {
        _busy = true;
        _laws?.Observe(happened);
        Observed?.Invoke(happened);
    }
}
