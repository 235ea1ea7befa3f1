using System.Runtime.CompilerServices;
using Wirq.Events;
using Wirq.Events.Shadows;
using Wirq.State;

namespace Wirq.Laws;

/// <summary>Edges become messages, messages are answered, and an INTA cycle is run by a CPU.</summary>
/// <remarks>Two events answer an edge: what the local APICs report about its message, and the answer to the pin. Some
/// streams have only one of the two. So both are counted, and an edge is lost if neither accounts for it.</remarks>
internal sealed partial class NoLostEdge : Law
{
    private const ulong EdgeUnanswered = 1, EdgeUnrecorded = 2, MessageUnanswered = 3, WriteUndone = 4, IntaUnused = 5,
        VirqUnserved = 6;

    private readonly MachineShadow _shadow;
    private readonly PinShadow _pins;
    private readonly MsiFormat _format;
    private readonly MsiFormat[] _unitFormats;
    private readonly Block<EdgeCounts> _edges;
    private readonly Block<Messages> _messages;

    internal NoLostEdge(MachineShadow shadow, StateArena arena) : base(arena)
    {
        _shadow = shadow;
        _pins = shadow.Pins;
        _format = shadow.Options.Format;
        _unitFormats = [.. shadow.Options.AllRemappers.Select(unit => unit.OwnFormat)];
        _edges = arena.Reserve<EdgeCounts>(Math.Max(1, _pins.PinCount));
        _messages = arena.Reserve<Messages>();
        _virqs = arena.Reserve<VirqCounts>(shadow.Virqs.Count);
        _virqsSeen = arena.ReserveDerived<SlotsSeen>();
    }

    public override string Name => nameof(NoLostEdge);

    public override string Says =>
        "at rest, every edge on an unmasked pin or entry was accepted by a vCPU, merged into an IRR bit that was still "
        + "pending, or was refused with a recorded reason";

    protected internal override void Observe(in Event e)
    {
        switch (e.Kind)
        {
            case EventKind.PinChanged when PinChanged.Of(e) is { Asserted: true, ByPolarity: false } && _pins.TryPin(e, out int chip, out int pin):
                Rise(_pins.Entry(chip, pin), _pins.Chip(chip).Level.Has(pin), ref _edges[_pins.Flat(chip, pin)]);
                break;
            case EventKind.EdgeLost when _pins.TryPin(e, out int chip, out int pin):
                NoteJudged();
                Tally.Down(ref _edges[_pins.Flat(chip, pin)].Masked);
                break;
            case EventKind.PinAccepted or EventKind.PinRefused when !PinAnswered.Of(e).Level && _pins.TryPin(e, out int chip, out int pin):
                NoteJudged();
                Tally.Down(ref _edges[_pins.Flat(chip, pin)].Pin);
                break;
            case EventKind.MessageAccepted or EventKind.MessageRefused:
                Answer(e);
                break;
            case EventKind.MessageSent:
                _messages.Value.Send(e.Index, inWindow: e.Msi.IsInterrupt(_format));
                break;
            case EventKind.UnitMessage when e.Unit < _unitFormats.Length:
                _messages.Value.Send(Origin.RemappingUnit(e.Unit).Bits, inWindow: e.Msi.IsInterrupt(_unitFormats[e.Unit]));
                break;
            case EventKind.MemoryWrite:
                _messages.Value.Settle(e.Index, inWindow: false);
                break;
            case EventKind.PicTaken when !PicTaken.Of(e).ByPoll:
                Tally.Up(ref _messages.Value.Inta);
                break;
            case EventKind.VectorTaken when VectorTaken.Of(e).By == VectorGiver.Pic:
                Tally.Down(ref _messages.Value.Inta);
                break;
            case EventKind.Rest:
                Judge(e);
                JudgeVirqs(e);
                break;
            // A reset takes away what is on its way.
            case EventKind.MachineReset:
                _edges.Span.Clear();
                _messages.Value = default;
                break;
            case EventKind.EffectLost when EffectLost.Of(e).Kind == EventKind.VirqInjected && e.Unit < _virqs.Count:
                _virqs[e.Unit].Waits = 0;
                break;
            // A mask overtook the read, and the count is in the eventfd again. A real poll reports it later than the unmask comes to
            // rest; the signal that it gives then is what is owed.
            case EventKind.VirqWritten when e.Unit < _virqs.Count:
                _virqs[e.Unit].Waits = 0;
                break;
            case var kind when kind.Subsystem == Subsystem.Routing && !kind.IsEffect && e.Unit < _virqs.Count:
                _virqsSeen.Value.See(e.Unit);
                if (e.Kind is EventKind.VirqServed or EventKind.VirqAnswered)
                    NoteJudged();
                FollowVirq(e, ref _virqs[e.Unit]);
                break;
        }
    }

    private static void Rise(RedirectionEntry entry, bool level, ref EdgeCounts edges)
    {
        if (level)
            return;
        if (entry.Masked)
            Tally.Up(ref edges.Masked);
        else
        {
            Tally.Up(ref edges.Message);
            Tally.Up(ref edges.Pin);
        }
    }

    private void Answer(in Event e)
    {
        if (e.Origin.Kind is OriginKind.Device or OriginKind.RemappingUnit)
        {
            NoteJudged();
            _messages.Value.Settle(e.Index, inWindow: true);
        }
        else if (!e.Message.Level && _pins.TryPin(e.Origin, out int chip, out int pin))
            Tally.Down(ref _edges[_pins.Flat(chip, pin)].Message);
    }

    private void Judge(in Event e)
    {
        for (int chip = 0; chip < _pins.ChipCount; chip++)
        {
            for (int pin = 0; pin < _pins.Options(chip).Pins; pin++)
            {
                ref EdgeCounts edges = ref _edges[_pins.Flat(chip, pin)];
                if (edges.Masked != 0)
                    Fail(EdgeUnrecorded, e, LawText.Pack(chip, pin));
                if (edges.Message != 0 && edges.Pin != 0)
                    Fail(EdgeUnanswered, e, LawText.Pack(chip, pin));
                edges = default;
            }
        }
        ref Messages messages = ref _messages.Value;
        for (int row = 0; row < messages.Count; row++)
        {
            SentMessages sent = messages.Rows[row];
            Fail(sent.Interrupts != 0 ? MessageUnanswered : WriteUndone, e, sent.Origin);
        }
        if (messages.Inta != 0)
            Fail(IntaUnused, e);
        messages = default;
    }

    protected override string Explain(in LawBreak first) => first.Code switch
    {
        EdgeUnanswered => $"{LawText.Pin(first.First)} rose while it was an unmasked edge pin, "
            + "and its edge was neither accepted nor refused",
        EdgeUnrecorded => $"{LawText.Pin(first.First)} rose while it was masked, and the loss of its edge was not recorded",
        VirqUnserved => $"the device of virq {first.First} interrupted, and nobody served it",
        MessageUnanswered => $"a message of {new Origin((uint)first.First)} was neither accepted nor refused",
        WriteUndone => $"a message of {new Origin((uint)first.First)} aimed outside the interrupt window, "
            + "and memory was not written",
        _ => "an INTA cycle took a request from the 8259, and no CPU took its vector",
    };

    /// <summary>Edges of one pin that are not accounted for: two ways to answer an edge, and those that were
    /// lost.</summary>
    private struct EdgeCounts : IState
    {
        public byte Message, Pin, Masked, Reserved;
    }

    /// <summary>Messages of one device that are not accounted for.</summary>
    private struct SentMessages
    {
        public uint Origin;
        public byte Interrupts, Writes;
        public ushort Reserved;
    }

    [InlineArray(Capacity)]
    private struct SentRows
    {
        public const int Capacity = 16;
        private SentMessages _first;
    }

    /// <summary>Messages of devices, and INTA cycles. A message is answered when it is sent, so a few rows are enough.
    /// If more devices send than there are rows, the rest are not judged.</summary>
    private struct Messages : IState
    {
        public SentRows Rows;
        public uint Count;
        public byte Inta, Reserved;
        public ushort Reserved2;

        public void Send(uint origin, bool inWindow)
        {
            int row = Find(origin);
            if (row == Count || Rows[row].Origin != origin)
            {
                if (Count == SentRows.Capacity)
                    return;
                ((Span<SentMessages>)Rows)[row..(int)Count++].CopyTo(((Span<SentMessages>)Rows)[(row + 1)..]);
                Rows[row] = new() { Origin = origin };
            }
            Tally.Up(ref inWindow ? ref Rows[row].Interrupts : ref Rows[row].Writes);
        }

        public void Settle(uint origin, bool inWindow)
        {
            int row = Find(origin);
            if (row == Count || Rows[row].Origin != origin)
                return;
            Tally.Down(ref inWindow ? ref Rows[row].Interrupts : ref Rows[row].Writes);
            if (Rows[row].Interrupts != 0 || Rows[row].Writes != 0)
                return;
            ((Span<SentMessages>)Rows)[(row + 1)..(int)Count--].CopyTo(((Span<SentMessages>)Rows)[row..]);
            Rows[(int)Count] = default;
        }

        // Rows are in the order of their origins, whichever sent first.
        private readonly int Find(uint origin)
        {
            int row = 0;
            while (row < Count && Rows[row].Origin < origin)
                row++;
            return row;
        }
    }
}
