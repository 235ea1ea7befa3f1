using Wirq.Events;
using Wirq.Remapping.VtD;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>Finds the registers that a machine had at the first line of a log that begins in mid-life. A register that a line
/// shows before any line writes it had that value from the first line on.</summary>
/// <remarks>An entry of the I/OAPIC shows in reads, in the kernel's routes, in the message that follows the rise of its pin, and
/// in part in the lines about Remote IRR. The mask of an 8259 shows in reads and in <c>pic_update_irq</c>.</remarks>
internal sealed class StartWatch
{
    private readonly EntryStart[] _entries;
    private readonly PicStart[] _pics;
    private readonly HashSet<long> _evidence;
    private TraceLine _rise;
    private bool _unitSwitched, _messages;

    /// <summary>Nothing is known.</summary>
    internal StartWatch() => (_entries, _pics, _evidence) = (new EntryStart[ReplayMachine.Pins], new PicStart[2], []);

    private StartWatch(StartWatch other)
    {
        (_entries, _pics, _evidence) = ([.. other._entries], [.. other._pics], [.. other._evidence]);
        (_rise, _unitSwitched, _messages, RemapsAtStart) = (other._rise, other._unitSwitched, other._messages, other.RemapsAtStart);
    }

    /// <summary>What is known now.</summary>
    internal StartWatch Copy() => new(this);

    /// <summary>Whether another one knows the same of the machine at the first line.</summary>
    internal bool SaysTheSame(StartWatch other)
    {
        bool same = RemapsAtStart == other.RemapsAtStart && _evidence.SetEquals(other._evidence) && Entries.SequenceEqual(other.Entries)
            && Masks.SequenceEqual(other.Masks);
        for (int unit = 0; unit < _pics.Length; unit++)
            same &= Requests(unit) == other.Requests(unit) && Lowest(unit) == other.Lowest(unit);
        return same;
    }

    /// <summary>Whether the remapping unit was enabled before the first line: it fetches an entry before any line enables
    /// it.</summary>
    internal bool RemapsAtStart { get; private set; }

    /// <summary>What is known of the entries, each with its pin.</summary>
    internal IEnumerable<LogEntryShown> Entries
    {
        get
        {
            for (int pin = 0; pin < _entries.Length; pin++)
            {
                if (_entries[pin] is { Known: not EntryParts.None } start)
                    yield return new(0, pin, start.Entry, start.Known | (_messages && start.SetAgain ? EntryParts.RemoteIrr : 0), start.Line);
            }
        }
    }

    /// <summary>The masks of the 8259s that are known.</summary>
    internal IEnumerable<LogPicShown> Masks
    {
        get
        {
            for (int unit = 0; unit < _pics.Length; unit++)
            {
                if (_pics[unit].Line > 0)
                    yield return new(unit, _pics[unit].Mask, _pics[unit].Line);
            }
        }
    }

    /// <summary>Requests that an 8259 had at the first line: 0 the master, 1 the slave.</summary>
    internal byte Requests(int unit) => _pics[unit].Requests;

    /// <summary>The input of lowest priority of an 8259 at the first line; null if it is not known.</summary>
    internal byte? Lowest(int unit) => _pics[unit].Lowest;

    /// <summary>Whether a register was learned from a line.</summary>
    internal bool IsEvidence(long line) => _evidence.Contains(line);

    internal void Add(in TraceLine line)
    {
        switch (line.Event)
        {
            case TraceEvent.IoApicSetIrq:
                CheckRise();
                if (line.B != 0)
                    _rise = line;
                return;
            case TraceEvent.ApicDeliverIrq:
                AddMessage(line, RedirectionEntry.Create((byte)line.D, (uint)line.A & byte.MaxValue, (DeliveryMode)line.C, line.E != 0, line.B != 0));
                break;
            case TraceEvent.RemapRequest:
                AddMessage(line, EntryOf(new Msi(line.A, (uint)line.B)));
                break;
            case TraceEvent.RemapFetch or TraceEvent.RemapEntry when !_unitSwitched:
                (RemapsAtStart, _unitSwitched) = (true, true);
                break;
            case TraceEvent.RemapEnable or TraceEvent.RemapRoot:
            case TraceEvent.RemapRegisterWrite when line.A == VtdOffset.GlobalCommand:
                _unitSwitched = true;
                break;
            case TraceEvent.IoApicWrite or TraceEvent.IoApicRead when EntryKnowledge.TryHalf(line, out int pin, out bool high):
                AddHalf(line, ref _entries[pin], high);
                break;
            // The message of a level pin follows right after.
            case TraceEvent.IoApicSetRemoteIrr when line.A < ReplayMachine.Pins:
                AddRemoteIrr(line, ref _entries[(int)line.A], set: true);
                CheckRise();
                _rise = line;
                return;
            case TraceEvent.IoApicClearRemoteIrr when line.A < ReplayMachine.Pins:
                AddRemoteIrr(line, ref _entries[(int)line.A], set: false);
                break;
            case TraceEvent.KernelRoute when line.A < ReplayMachine.Pins:
                AddRoute(line, ref _entries[(int)line.A]);
                break;
            case TraceEvent.PicUpdateIrq or TraceEvent.PicPortRead or TraceEvent.PicPortWrite or TraceEvent.PicSetIrq or TraceEvent.PicInterrupt:
                AddPic(line);
                break;
        }
        CheckRise();
    }

    private void AddHalf(in TraceLine line, ref EntryStart start, bool high)
    {
        if (high)
        {
            if (!start.HighClosed && line.Event == TraceEvent.IoApicRead)
                start.Learn(Note(line), EntryParts.Destination, (ulong)(uint)line.D << 32);
            start.HighClosed = true;
            return;
        }
        if (!start.LowClosed && line.Event == TraceEvent.IoApicRead)
        {
            const uint status = 1 << 12, remoteIrr = 1 << 14;
            start.Learn(Note(line), EntryParts.Mask | EntryParts.Low, (uint)line.D & ~(status | remoteIrr));
            if ((line.D & remoteIrr) != 0 && !start.IrrClosed)
                start.Known |= EntryParts.RemoteIrr;
        }
        start.LowClosed = start.IrrClosed = true;
    }

    /// <summary>Remote IRR of a pin is set: its entry is level and not masked. It is cleared: its entry is level and has this
    /// vector.</summary>
    private void AddRemoteIrr(in TraceLine line, ref EntryStart start, bool set)
    {
        const ulong level = 1 << 15;
        if (!set && !start.IrrClosed)
            start.Known |= EntryParts.RemoteIrr;
        start.IrrClosed = true;
        if (start.LowClosed)
            return;
        if (set && (start.Known & EntryParts.Mask) == 0)
            start.Learn(Note(line), EntryParts.Mask, level);
        else if (!set && (start.Known & EntryParts.Low) == 0)
            start.LearnVector(Note(line), (byte)line.B);
    }

    private void AddRoute(in TraceLine line, ref EntryStart start)
    {
        var message = new Msi(line.B, (uint)line.C);
        if (start.LowClosed || start.HighClosed || message.Address.Remappable || (start.Known & EntryParts.Destination) != 0)
            return;
        RedirectionEntry entry = RedirectionEntry.Create(message.Data.Vector, message.Address.Destination(MsiFormat.Compatibility),
            message.Data.Mode, message.Data.Level, message.Address.Logical);
        start.LearnMessage(Note(line), entry);
    }

    /// <summary>The message right after the rise of a pin is the pin's. If a later rise has none, it was a device's.</summary>
    private void AddMessage(in TraceLine line, RedirectionEntry entry)
    {
        if (_rise.Event == TraceEvent.Other || _rise.Thread != line.Thread || _rise.A >= ReplayMachine.Pins)
            return;
        ref EntryStart start = ref _entries[PinOf(_rise)];
        bool rose = _rise.Event == TraceEvent.IoApicSetIrq;
        _rise = default;
        (start.Sent, _messages) = (true, true);
        if (start.LowClosed || start.HighClosed)
            return;
        if (rose && start.Unanswered && !start.ByMessage)
            return;
        if (!start.ByMessage && (start.Known & EntryParts.Destination) == 0)
            start.LearnMessage(Note(line), entry);
        else if (start.ByMessage && start.Entry != entry)
            start.Forget();
        start.ByMessage = true;
    }

    private void CheckRise()
    {
        if (_rise.Event == TraceEvent.Other)
            return;
        // A pin that sets Remote IRR sends. If its first line about that has no message, Remote IRR was set before.
        if (_rise.Event == TraceEvent.IoApicSetRemoteIrr && !_entries[(int)_rise.A].Sent)
            _entries[(int)_rise.A].SetAgain = true;
        if (_rise.Event != TraceEvent.IoApicSetIrq || _rise.A >= ReplayMachine.Pins)
        {
            _rise = default;
            return;
        }
        ref EntryStart start = ref _entries[PinOf(_rise)];
        // It may be masked, until a write that was not traced.
        start.Unanswered |= !start.LowClosed;
        if (start is { ByMessage: true, LowClosed: false, Entry.Level: false })
            start.Forget();
        _rise = default;
    }

    private static int PinOf(in TraceLine rise) => rise.Event == TraceEvent.IoApicSetIrq && rise.A == 0 ? 2 : (int)rise.A;

    /// <summary>The entry that makes a message: the reverse of <see cref="RedirectionEntry.Message"/>.</summary>
    private static RedirectionEntry EntryOf(Msi message)
    {
        const int highBits = 48, addressShift = 4, logicalShift = 9;
        const ulong logical = 1 << 2, entryHalf = 0xFFFF, low = 0x87FF;
        ulong address = message.Address.Bits;
        return new((address >> addressShift & entryHalf) << highBits | (address & logical) << logicalShift | message.Data.Bits & low);
    }

    private void AddPic(in TraceLine line)
    {
        const ulong icw1 = 0x10;
        ref PicStart start = ref _pics[line.Event == TraceEvent.PicInterrupt ? line.A < PicPair.SlaveFirst ? 0 : 1 : line.A != 0 ? 0 : 1];
        switch (line.Event)
        {
            case TraceEvent.PicSetIrq when line.C != 0:
                start.Rose |= (byte)(1 << (int)line.B);
                break;
            case TraceEvent.PicInterrupt:
                start.RequestsClosed = true;
                break;
            case TraceEvent.PicPortWrite when line.B != 0 || (line.C & icw1) != 0:
                start.Closed = start.RequestsClosed = true;
                break;
            case TraceEvent.PicPortRead when line.B != 0 && !start.Closed:
                (start.Mask, start.Line, start.Closed) = ((byte)line.C, Note(line).Number, true);
                break;
            case TraceEvent.PicUpdateIrq:
                if (!start.Closed)
                    (start.Mask, start.Line, start.Closed) = ((byte)line.B, Note(line).Number, true);
                if (!start.RequestsClosed)
                {
                    start.Requests = (byte)((byte)line.C & ~start.Rose);
                    start.Lowest = (byte)((line.D + 7) % 8);
                }
                start.RequestsClosed = true;
                break;
        }
    }

    private TraceLine Note(in TraceLine line)
    {
        _evidence.Add(line.Number);
        return line;
    }

    private struct PicStart
    {
        public byte Mask, Rose, Requests;
        public byte? Lowest;
        public bool Closed, RequestsClosed;
        public long Line;
    }

    /// <summary>What is known of one entry at the first line. A half that was written, or read, shows no more of it.</summary>
    private struct EntryStart
    {
        private const ulong VectorBits = 0xFF, Mask = 1 << 16;

        private RedirectionEntry _entry;
        private bool _begun;

        public RedirectionEntry Entry
        {
            readonly get => _begun ? _entry : RedirectionEntry.Reset;
            private set => (_entry, _begun) = (value, true);
        }

        public EntryParts Known;
        public bool LowClosed, HighClosed, IrrClosed, ByMessage, Sent, SetAgain, Unanswered;
        public long Line;

        public void Learn(in TraceLine line, EntryParts parts, ulong bits)
        {
            const ulong half = uint.MaxValue;
            ulong entry = Entry.Bits;
            if (parts == EntryParts.Destination)
                entry = entry & half | bits;
            else if (parts == EntryParts.Mask)
                entry = entry & ~Mask | bits;
            else
                entry = entry & ~half | bits;
            (Entry, Known, Line) = (new RedirectionEntry(entry), Known | parts, line.Number);
        }

        public void LearnVector(in TraceLine line, byte vector)
        {
            Entry = new RedirectionEntry(Entry.Bits & ~VectorBits | vector);
            (Known, Line) = (Known | EntryParts.Low, line.Number);
        }

        public void LearnMessage(in TraceLine line, RedirectionEntry entry)
        {
            bool masked = (Known & EntryParts.Mask) == 0 && line.Event == TraceEvent.KernelRoute;
            Entry = masked ? new RedirectionEntry(entry.Bits | Mask) : entry;
            Known |= EntryParts.Low | EntryParts.Destination | (line.Event == TraceEvent.KernelRoute ? 0 : EntryParts.Mask);
            Line = line.Number;
        }

        public void Forget() => (Entry, Known, Line) = (RedirectionEntry.Reset, Known & EntryParts.RemoteIrr, 0);
    }
}
