using System.Runtime.CompilerServices;
using Wirq.Events;
using Wirq.Events.Shadows;
using Wirq.State;

namespace Wirq.Laws;

/// <summary>A pin's message is the one that its entry named when it was sent.</summary>
/// <remarks>There are two comparisons: the message of a <see cref="EventKind.Deliver"/> with the entry at that moment,
/// and the message that the local APICs report as accepted with the message of its Deliver. In between the guest may
/// have written the entry again, which is not an error. An accepted message of a pin that has no known message under
/// way is compared with the pin's entry. If a remapping unit translated the message, the local APICs must accept the
/// result of the translation. A remappable entry for which no unit reported a translation is compared only where it is
/// sent.</remarks>
internal sealed class FreshRoute : Law
{
    private const ulong Sent = 1, Taken = 2;

    private readonly PinShadow _pins;
    private readonly MsiFormat _format;
    private readonly Block<UnderWay> _underWay;
    private readonly Block<Translation> _translation;
    private readonly ushort[] _requesters;

    internal FreshRoute(MachineShadow shadow, StateArena arena) : base(arena)
    {
        _pins = shadow.Pins;
        _format = shadow.Options.Format;
        _underWay = arena.Reserve<UnderWay>();
        _translation = arena.Reserve<Translation>();
        _requesters = [.. shadow.Options.IoApics.Select(chip => chip.Requester)];
    }

    public override string Name => nameof(FreshRoute);

    public override string Says => "a delivery uses the destination and vector that the guest last wrote before it";

    protected internal override void Observe(in Event e)
    {
        switch (e.Kind)
        {
            case EventKind.Deliver when _pins.TryPin(e, out int chip, out int pin):
                NoteJudged();
                Msi expected = _pins.Profile(chip).MessageOf(_pins.Entry(chip, pin));
                if (!IsSame(e.Msi, expected))
                    Fail(Sent, e, expected.Address.Bits, expected.Data.Bits);
                _underWay.Value.Add(Origin.Pin(chip, pin).Bits, e.Msi);
                break;
            case EventKind.MessageAccepted or EventKind.MessageRefused when _pins.TryPin(e.Origin, out int chip, out int pin):
                Compare(e, chip, pin);
                break;
            // A message is translated right before the local APICs accept it. If it is translated to be cached, the
            // next event says so.
            case EventKind.RemapTranslated:
                _translation.Value = new() { Message = e.Message, Requester = e.Index, Known = 1 };
                break;
            case EventKind.VirqTranslated or EventKind.RouteChanged or EventKind.MessageSent:
                _translation.Value = default;
                break;
            case EventKind.Rest or EventKind.MachineReset:
                _underWay.Value = default;
                _translation.Value = default;
                break;
        }
    }

    private void Compare(in Event e, int chip, int pin)
    {
        Translation made = _translation.Value;
        _translation.Value = default;
        if (_underWay.Value.Overflowed != 0)
            return;
        if (!_underWay.Value.TryTake(e.Index, out Msi sent))
            sent = _pins.Profile(chip).MessageOf(_pins.Entry(chip, pin));
        sent.TryDecode(_format, out InterruptMessage expected);
        bool translated = made.Known != 0 && made.Requester == _requesters[chip];
        if (translated)
            expected = made.Message;
        if ((translated || !sent.Address.Remappable) && expected != e.Message)
            Fail(Taken, e, expected.Bits);
    }

    private bool IsSame(Msi sent, Msi expected)
    {
        if (sent == expected)
            return true;
        // A kernel may get the same message in a wider format.
        return !sent.Address.Remappable && !expected.Address.Remappable
            && sent.TryDecode(_format, out InterruptMessage a) == expected.TryDecode(_format, out InterruptMessage b)
            && a == b;
    }

    protected override string Explain(in LawBreak first) => first.Code == Sent
        ? $"{LawText.Pin(first.Event)} delivered {InWords(first.Event.Msi)}, "
            + $"but its entry says {InWords(new Msi(first.First, (uint)first.Second))}"
        : $"{EventText.Pin(first.Event.Origin)} had {first.Event.Message} taken for it, "
            + $"but sent {new InterruptMessage(first.First)}";

    private string InWords(Msi message)
    {
        if (message.Address.Remappable)
            return $"handle 0x{message.Address.Handle:x} vector 0x{message.Data.Vector:x2}";
        message.TryDecode(_format, out InterruptMessage decoded);
        return decoded.ToString();
    }

    private struct Translation : IState
    {
        public InterruptMessage Message;
        public uint Requester, Known;
    }

    private struct SentMessage
    {
        public uint Pin;
        public uint Data;
        public ulong Address;
    }

    [InlineArray(Capacity)]
    private struct SentRows
    {
        public const int Capacity = 32;
        private SentMessage _first;
    }

    /// <summary>The messages of pins that have no answer yet, by pin, the oldest of each pin first. If there are more
    /// than there is room for, nothing is judged until rest.</summary>
    private struct UnderWay : IState
    {
        public SentRows Rows;
        public uint Count;
        public uint Overflowed;

        public void Add(uint pin, Msi message)
        {
            if (Count == SentRows.Capacity || Overflowed != 0)
            {
                this = new() { Overflowed = 1 };
                return;
            }
            Span<SentMessage> rows = Rows;
            int row = (int)Count;
            while (row > 0 && rows[row - 1].Pin > pin)
                row--;
            rows[row..(int)Count++].CopyTo(rows[(row + 1)..]);
            rows[row] = new() { Pin = pin, Address = message.Address.Bits, Data = message.Data.Bits };
        }

        public bool TryTake(uint pin, out Msi message)
        {
            Span<SentMessage> rows = ((Span<SentMessage>)Rows)[..(int)Count];
            message = default;
            int found = 0;
            while (found < rows.Length && rows[found].Pin != pin)
                found++;
            if (found == rows.Length)
                return false;
            message = new Msi(rows[found].Address, rows[found].Data);
            rows[(found + 1)..].CopyTo(rows[found..]);
            rows[^1] = default;
            Count--;
            return true;
        }
    }
}
