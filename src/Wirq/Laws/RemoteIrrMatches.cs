using System.Runtime.CompilerServices;
using Wirq.Events;
using Wirq.Events.Shadows;
using Wirq.State;

namespace Wirq.Laws;

/// <summary>Remote IRR begins with the acceptance of a level interrupt and ends with its EOI, or a rewrite to
/// edge.</summary>
/// <remarks>
/// A broadcast takes effect at its place in the stream, on the chip as it is by then: the chip is ahead of the stream
/// by everything that was waiting. So a broadcast must end what was accepted or under way when it came, and it may end
/// once what shows only after it. But no pin may be ended more often than its vector was.
/// <para>A broadcast is legitimate if the CPU's own EOI asked for one. If a CPU reports no EOIs (a kernel owns its
/// local APIC), every broadcast is legitimate.</para>
/// </remarks>
internal sealed partial class RemoteIrrMatches : Law
{
    private const ulong Stray = 1, NeverSet = 2, LeftSet = 3, Unended = 4, Suppressed = 5, Unasked = 6, NotSet = 7,
        StaysInEdge = 8, SentWhileSet = 9, NothingSent = 10, NoEoiRegister = 11, Unexpected = 12;

    private readonly PinShadow _pins;
    private readonly bool _edgeEoisBroadcast;
    private readonly Block<ChipFacts> _chips;
    private readonly Block<PinFacts> _facts;
    private readonly Block<CpuFacts> _cpus;
    private readonly Block<LastRefused> _illegitimate;

    internal RemoteIrrMatches(MachineShadow shadow, StateArena arena) : base(arena)
    {
        _pins = shadow.Pins;
        // KVM broadcasts the EOI of every vector that has a level route, whatever its TMR bit says.
        _edgeEoisBroadcast = shadow.Options.LocalApics.Profile == Profile.Kvm;
        _chips = arena.Reserve<ChipFacts>(Math.Max(1, _pins.ChipCount));
        _facts = arena.Reserve<PinFacts>(Math.Max(1, _pins.PinCount));
        // If an EOI has no outstanding request, its vector does not matter.
        _cpus = arena.Reserve<CpuFacts>(shadow.Options.LocalApics.Count, static (copy, _) =>
        {
            foreach (ref CpuFacts cpu in copy)
            {
                if (cpu.Eoi == Eoi.Done)
                    cpu.Vector = 0;
            }
        });
        _illegitimate = arena.Reserve<LastRefused>();
    }

    public override string Name => nameof(RemoteIrrMatches);

    public override string Says =>
        "Remote IRR is set exactly from acceptance of a level interrupt to its EOI, or to a rewrite to edge";

    protected internal override void Observe(in Event e)
    {
        switch (e.Kind)
        {
            case EventKind.CpuEoi when e.Unit < _cpus.Count:
                _cpus[e.Cpu] = new() { Vector = e.Vector, Eoi = After(e) };
                break;
            case EventKind.EoiBroadcast:
                Broadcast(e);
                break;
            case EventKind.MemoryMappedWrite:
                WriteRegister(e);
                break;
            case EventKind.Rest:
                Judge(e);
                break;
            case EventKind.MachineReset:
                Reset();
                break;
            case var _ when _pins.TryPin(e, out int chip, out int pin):
                Follow(e, chip, pin, ref _chips[chip], ref _facts[_pins.Flat(chip, pin)]);
                break;
        }
    }

    private Eoi After(in Event e)
    {
        CpuEoi eoi = CpuEoi.Of(e);
        if (!eoi.Level && !_edgeEoisBroadcast)
            return Eoi.Done;
        return eoi.Suppressed ? Eoi.Suppressed : Eoi.Due;
    }

    private void Broadcast(in Event e)
    {
        if (e.Unit < _cpus.Count && _cpus[e.Cpu] is { Eoi: not Eoi.Untold } cpu)
        {
            if (cpu.Eoi != Eoi.Due || cpu.Vector != e.Vector)
            {
                bool suppressed = cpu.Eoi == Eoi.Suppressed && cpu.Vector == e.Vector;
                Refusal why = suppressed ? Refusal.Suppressed : Refusal.Unasked;
                _illegitimate.Value = new() { Cpu = e.Unit, Vector = e.Vector, Why = why };
                return;
            }
            _cpus[e.Cpu].Eoi = Eoi.Done;
        }
        // The EOI of an edge ends nothing.
        if (EoiBroadcast.Of(e).Edge)
            return;
        for (int chip = 0; chip < _pins.ChipCount; chip++)
            End(chip, e.Vector);
    }

    /// <summary>The EOI register of version 0x20 ends its vector at that I/OAPIC alone.</summary>
    private void WriteRegister(in Event e)
    {
        MemoryMappedAccess write = MemoryMappedAccess.Of(e);
        for (int chip = 0; chip < _pins.ChipCount; chip++)
        {
            IoApicOptions options = _pins.Options(chip);
            if (write.Address == options.Address + IoApic.EoiOffset && write.Size is 1 or 2 or 4 && options.Version >= 0x20)
                End(chip, (byte)write.Value);
        }
    }

    private void End(int chip, byte vector)
    {
        Tally.Up(ref _chips[chip].Ends[vector]);
        Oblige(chip, vector);
    }

    /// <summary>From now on every pin of a vector that was accepted, or is under way, must be ended before
    /// rest.</summary>
    private void Oblige(int chip, byte vector)
    {
        ref ChipFacts facts = ref _chips[chip];
        PinSet meant = facts.Expected.Yes | facts.InFlight;
        for (int pin; (pin = PinSet.Next(ref meant)) >= 0;)
        {
            if (_pins.Entry(chip, pin).Vector == vector)
                facts.Must = facts.Must.With(pin);
        }
    }

    /// <summary>Nothing is in service, and no CPU owes a broadcast.</summary>
    private void Reset()
    {
        foreach (ref ChipFacts facts in _chips.Span)
            facts = new() { Expected = facts.Expected.NoneOfThem };
        _facts.Span.Clear();
        foreach (ref CpuFacts cpu in _cpus.Span)
            cpu = new() { Eoi = cpu.Eoi == Eoi.Untold ? Eoi.Untold : Eoi.Done };
        _illegitimate.Value = default;
    }

    private void Judge(in Event e)
    {
        for (int chip = 0; chip < _pins.ChipCount; chip++)
        {
            ref ChipFacts facts = ref _chips[chip];
            PinSet set = _pins.Chip(chip).RemoteIrr;
            // The simplest reason first: only one is kept.
            FailAny(e, StaysInEdge, chip, (facts.Expected.Yes & set).Except(_pins.Chip(chip).Level));
            FailAny(e, LeftSet, chip, facts.Must & facts.Expected.Yes);
            FailAny(e, NeverSet, chip, facts.Expected.Yes.Except(set));
            FailAny(e, Unexpected, chip, set.Except(facts.Expected.Yes));
            FailAny(e, NothingSent, chip, facts.Unsent);
            facts.Must = facts.Unsent = default;
            ((Span<byte>)facts.Ends).Clear();
        }
        foreach (ref PinFacts pin in _facts.Span)
            pin.Ended = 0;
        _illegitimate.Value = default;
    }

    private void FailAny(in Event e, ulong code, int chip, PinSet pins)
    {
        if (PinSet.Next(ref pins) is var pin and >= 0)
            Fail(code, e, LawText.Pack(chip, pin), _pins.Entry(chip, pin).Vector);
    }

    internal override void Learn(Fabric machine)
    {
        for (int chip = 0; chip < _pins.ChipCount; chip++)
        {
            for (int pin = 0; pin < _pins.Options(chip).Pins; pin++)
            {
                if (!machine.KernelOwns(machine.Gsis.OfPin(chip, pin)))
                    _chips[chip].Expected.LearnNo(pin);
                if (!machine.IoApics[chip].PinState(pin).Has(PinFlags.InFlight))
                    continue;
                _chips[chip].InFlight = _chips[chip].InFlight.With(pin);
                _facts[_pins.Flat(chip, pin)].Sent = _pins.Entry(chip, pin).Vector;
            }
        }
    }

    protected override string Explain(in LawBreak first)
    {
        string irr = $"Remote IRR of {LawText.Pin(first.First)}", vector = $"0x{first.Second:x2}";
        string cpu = $"cpu{new Origin((uint)first.Second).Unit}", ended = $"0x{first.Event.Vector:x2}";
        return first.Code switch
        {
            Stray => $"{irr} was set, though no level interrupt of it was accepted",
            NeverSet => $"a level interrupt of {LawText.Pin(first.First)} was accepted, and its Remote IRR was not set",
            LeftSet => $"the EOI of {vector} left {irr} set",
            Unended => $"{irr} was cleared, though nobody signalled EOI of {ended}",
            Suppressed => $"{irr} was cleared by a broadcast of {ended} that {cpu} had suppressed",
            Unasked => $"{irr} was cleared by a broadcast of {ended} that no EOI of {cpu} asked for",
            NotSet => $"{irr} was cleared, though it was not set",
            StaysInEdge => $"{irr} stayed set when its entry was rewritten to edge",
            SentWhileSet => $"{LawText.Pin(first.First)} sent {vector} again while its Remote IRR was set",
            NothingSent => $"{irr} was set, and nothing was sent",
            NoEoiRegister => $"{irr} was cleared by an EOI register, which version 0x11 does not have",
            _ => $"{irr} is set, though its interrupt was ended",
        };
    }

    /// <summary>What the last EOI of a CPU requests.</summary>
    private enum Eoi : byte { Untold, Done, Due, Suppressed }

    /// <summary>Why a broadcast was not legitimate.</summary>
    private enum Refusal : byte { None, Unasked, Suppressed }

    private struct CpuFacts : IState
    {
        public byte Vector;
        public Eoi Eoi;
    }

    /// <summary>The last broadcast that was not legitimate.</summary>
    private struct LastRefused : IState
    {
        public ushort Cpu;
        public byte Vector;
        public Refusal Why;
    }

    [InlineArray(256)]
    private struct PerVector
    {
        private byte _first;
    }

    private struct ChipFacts : IState
    {
        /// <summary>Whether the Remote IRR of each pin has to be set.</summary>
        public FactSet Expected;
        /// <summary>Pins that sent a level and have no answer yet.</summary>
        public PinSet InFlight;
        /// <summary>Pins whose interrupt must be ended before rest.</summary>
        public PinSet Must;
        /// <summary>Pins that set Remote IRR ahead of a message, where the profile does.</summary>
        public PinSet Unsent;
        /// <summary>How often each vector was ended since rest.</summary>
        public PerVector Ends;
    }

    private struct PinFacts : IState
    {
        /// <summary>The vector of the level message that is under way.</summary>
        public byte Sent;
        /// <summary>How often the pin was ended since rest or its last change of vector.</summary>
        public byte Ended;
    }
}
