using System.Buffers.Binary;
using Wirq.Events;
using Wirq.Remapping;
using Wirq.State;

namespace Wirq.Embedder.Tests;

/// <summary>How a unit with a table of ten rows is built.</summary>
public sealed record TableRemapperOptions : IRemapperOptions
{
    public const int Rows = 10;

    public ulong Address { get; init; } = 0xFEB00000;
    public IReadOnlyList<RequesterRange>? Scope { get; init; }
    public MsiFormat OwnFormat => MsiFormat.Compatibility;
    public IReadOnlyList<RegisterPages> Registers => [new(Address)];

    public void Validate()
    {
        if (Address == 0)
            throw new OptionException(nameof(Address), "0", "an address above the first page");
    }

    public IRemapper Build(StateArena arena, int unit) => new TableRemapper(this, arena, unit);
}

/// <summary>One row: bit 63 present, bits 39:8 destination, bits 7:0 vector.</summary>
internal struct TableRow : IState
{
    public ulong Bits;
}

/// <summary>The state of the unit besides its rows.</summary>
internal struct TableState : IState
{
    /// <summary>The key that will be invalidated, or <see cref="All"/>, if <see cref="Due"/> is set.</summary>
    public ulong Forget;
    public uint Due, Faults;
    /// <summary>Address (upper half zero) and data of the message that follows a fault; 0 for none.</summary>
    public ulong FaultMessage;
}

/// <summary>A remapping unit of an embedder. The low four bits of a message's data select a row. As with AMD's tables,
/// the requester and the row identify what is invalidated.</summary>
public sealed class TableRemapper(TableRemapperOptions options, StateArena arena, int unit) : IRemapper, ISavedRemapper
{
    /// <summary>Row i is at 8 * i. A write here invalidates: requester (bits 31:16) and row (15:0).</summary>
    public const ulong Forget = 0x80;
    /// <summary>How many faults there were; read only.</summary>
    public const ulong Faults = 0x88;
    /// <summary>Data (bits 63:32) and address (31:0) of the message that follows a fault.</summary>
    public const ulong FaultMessage = 0x90;
    /// <summary>Written to <see cref="Forget"/>: everything.</summary>
    public const ulong All = ulong.MaxValue;

    private readonly Block<TableRow> _rows = arena.Reserve<TableRow>(TableRemapperOptions.Rows);
    private readonly Block<TableState> _state = arena.Reserve<TableState>();

    /// <summary>The number of translations; not state of the machine.</summary>
    public int Translations { get; private set; }

    public static long KeyOf(ushort requester, uint row) => (long)requester << 16 | row;

    public bool TryRead(ulong address, int size, out ulong value)
    {
        ulong offset = address - options.Address;
        value = IsRow(offset, size) ? _rows[(int)offset / 8].Bits : offset == Faults ? _state.Value.Faults : 0;
        return size == 8 && (IsRow(offset, size) || offset == Faults);
    }

    public bool TryWrite(ulong address, int size, ulong value, EventBuffer events)
    {
        ulong offset = address - options.Address;
        if (IsRow(offset, size))
            _rows[(int)offset / 8].Bits = value;
        else if (offset == Forget && size == 8)
            (_state.Value.Forget, _state.Value.Due) = (value, 1);
        else if (offset == FaultMessage && size == 8)
            _state.Value.FaultMessage = value;
        else
            return false;
        return true;
    }

    public void Reset(EventBuffer events)
    {
        _rows.Span.Clear();
        _state.Value = default;
    }

    public bool TryStep(IGuestMemory memory, EventBuffer events, out CookieRange ended)
    {
        ended = CookieRange.Empty;
        if (_state.Value.Due == 0)
            return false;
        var one = new RouteCookie(unit, (long)(_state.Value.Forget & uint.MaxValue));
        ended = _state.Value.Forget == All ? CookieRange.AllOf(unit) : new(one, one);
        (_state.Value.Forget, _state.Value.Due) = (0, 0);
        return true;
    }

    public RefusalReason Translate(Msi message, ushort requester, bool delivering, IGuestMemory memory, EventBuffer events,
        out InterruptMessage translated, out RouteCookie cookie)
    {
        Translations++;
        uint row = message.Data.Bits & 0xF;
        ulong bits = row < TableRemapperOptions.Rows ? _rows[(int)row].Bits : 0;
        translated = InterruptMessage.Create((byte)bits, DeliveryMode.Fixed, (uint)(bits >> 8), level: message.Data.Level);
        cookie = new RouteCookie(unit, KeyOf(requester, row));
        if (bits >> 63 != 0)
            return RefusalReason.None;
        if (delivering)
            Fault(requester, row, events);
        return RefusalReason.RemappingFault;
    }

    /// <summary>Version 1: the rows, the faults, the message. Nothing is due at rest.</summary>
    public byte[] Save()
    {
        byte[] state = new byte[SavedSize];
        state[0] = 1;
        for (int row = 0; row < TableRemapperOptions.Rows; row++)
            BinaryPrimitives.WriteUInt64LittleEndian(state.AsSpan(1 + 8 * row), _rows[row].Bits);
        BinaryPrimitives.WriteUInt32LittleEndian(state.AsSpan(SavedSize - 12), _state.Value.Faults);
        BinaryPrimitives.WriteUInt64LittleEndian(state.AsSpan(SavedSize - 8), _state.Value.FaultMessage);
        return state;
    }

    public void Restore(ReadOnlySpan<byte> state)
    {
        if (state.Length != SavedSize || state[0] != 1)
            throw new FormatException($"{SavedSize} bytes of version 1 were expected");
        for (int row = 0; row < TableRemapperOptions.Rows; row++)
            _rows[row].Bits = BinaryPrimitives.ReadUInt64LittleEndian(state[(1 + 8 * row)..]);
        _state.Value.Faults = BinaryPrimitives.ReadUInt32LittleEndian(state[(SavedSize - 12)..]);
        _state.Value.FaultMessage = BinaryPrimitives.ReadUInt64LittleEndian(state[(SavedSize - 8)..]);
    }

    private const int SavedSize = 1 + 8 * TableRemapperOptions.Rows + 12;

    private void Fault(ushort requester, uint row, EventBuffer events)
    {
        _state.Value.Faults++;
        if (events.Observing)
            events.Observe(new Event(EventKind.RemapFaulted, (ushort)unit, requester, 1, (ushort)row));
        if (_state.Value.FaultMessage is var own and not 0)
            events.Emit(new Event(EventKind.UnitMessage, (ushort)unit, 0, (uint)own, own >> 32));
    }

    private static bool IsRow(ulong offset, int size) => size == 8 && offset % 8 == 0 && offset < 8 * TableRemapperOptions.Rows;
}
