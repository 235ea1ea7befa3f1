using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Wirq.Events;

/// <summary>The one queue of a fabric: inputs append events, and the code that drains it takes them in order. It also
/// holds the virtual time of the current input.</summary>
/// <remarks>A ring that grows when necessary, so the steady state allocates nothing. Not thread-safe.</remarks>
public sealed class EventBuffer
{
    private const int MisuseBurst = 16, MostOnStack = 2048;
    private const long MisuseWindow = 1_000_000_000;

    private Event[] _ring;
    // Both only grow; their difference is the count, and their low bits are places in the ring.
    private uint _head, _tail;
    // Only observations depend on these two, so they are not state of the machine; see MisusesTold.
    private long _misuseSince = long.MinValue;
    private int _misuses;

    /// <summary>Makes an empty buffer.</summary>
    /// <param name="capacity">Events it holds before it first grows; rounded up to a power of two.</param>
    internal EventBuffer(int capacity = 64)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _ring = new Event[System.Numerics.BitOperations.RoundUpToPowerOf2((uint)capacity)];
    }

    /// <summary>Virtual time of the current input, in nanoseconds.</summary>
    public long Now { get; set; }

    /// <summary>Whether events that are not effects are wanted. While false, no such event is made.</summary>
    public bool Observing { get; set; }

    /// <summary>Whether <see cref="EventKind.CpuInterrupt"/> is wanted. An owner that checks
    /// <see cref="Fabric.HasInterrupt"/> between any two instructions of its CPUs (an emulator's loop) does not need
    /// it.</summary>
    public bool WakeUps { get; set; } = true;

    /// <summary>Events waiting.</summary>
    internal int Count => (int)(_tail - _head);

    /// <summary>A hash of a state and, if events wait, of them.</summary>
    /// <param name="state">The state.</param>
    /// <param name="owner">What the canonical form depends on.</param>
    /// <param name="canonical">The form of an event in which it counts.</param>
    internal UInt128 HashAfter<T>(UInt128 state, T owner, Func<Event, T, Event> canonical)
    {
        if (IsEmpty)
            return state;
        int bytes = Unsafe.SizeOf<UInt128>() + Count * Unsafe.SizeOf<Event>();
        Span<byte> all = bytes <= MostOnStack ? stackalloc byte[bytes] : new byte[bytes];
        MemoryMarshal.Write(all, in state);
        Span<Event> events = MemoryMarshal.Cast<byte, Event>(all[Unsafe.SizeOf<UInt128>()..]);
        for (int i = 0; i < events.Length; i++)
            events[i] = canonical(Peek(i), owner);
        return XxHash128.HashToUInt128(all);
    }

    /// <summary>Appends an effect, which the code that drains the buffer has to carry out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Emit(in Event effect) => Keep(effect, Now);

    /// <summary>Appends an observation. Call it only while <see cref="Observing"/> is set, so that no event is made for
    /// nothing.</summary>
    public void Observe(in Event observation)
    {
        if (Observing)
            Keep(observation, Now);
    }

    /// <summary>Appends that a guest did something that has no effect by the architecture. Only the first few within a
    /// second of virtual time are appended, because a guest can do this without end.</summary>
    /// <param name="cpu">The CPU.</param>
    /// <param name="what">What it did.</param>
    /// <param name="where">Address or number.</param>
    /// <param name="value">What it wrote.</param>
    public void NoteMisuse(int cpu, Misuse what, ulong where, ulong value)
    {
        if (!Observing)
            return;
        if (_misuseSince == long.MinValue || Now - _misuseSince >= MisuseWindow)
            (_misuseSince, _misuses) = (Now, 0);
        if (++_misuses <= MisuseBurst)
            Observe(new GuestMisuse(cpu, what, where, value).ToEvent());
    }

    /// <summary>The state of the rate limit, relative to <see cref="Now"/>: how long ago, in ns, the current window began,
    /// and how many misuses were reported in it; zeros if the next misuse begins a new window.</summary>
    internal (long Since, long Count) MisusesTold => _misuseSince == long.MinValue || Now - _misuseSince >= MisuseWindow
        ? default : (Now - _misuseSince, Math.Min(_misuses, MisuseBurst));

    /// <summary>Takes the oldest event.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTake(out Event next)
    {
        uint head = _head;
        if (head == _tail)
        {
            Unsafe.SkipInit(out next);
            return false;
        }
        ref readonly Event oldest = ref Slot(head);
        Event.Copy(oldest, oldest.Time, out next);
        _head = head + 1;
        return true;
    }

    /// <summary>How many events were ever appended, modulo 2^32.</summary>
    internal uint Appended => _tail;

    /// <summary>How many events were ever taken, modulo 2^32.</summary>
    internal uint Taken => _head;

    /// <summary>Whether the queue is empty.</summary>
    internal bool IsEmpty => _head == _tail;

    /// <summary>The oldest event, in place. It stays there until it is taken and something is appended.</summary>
    internal ref readonly Event Oldest => ref Slot(_head);

    /// <summary>Takes the oldest event in place, without a copy. Read it before anything is appended, which may
    /// overwrite it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ref readonly Event TakeInPlace() => ref Slot(_head++);

    /// <summary>Returns the event <paramref name="index"/> places behind the oldest one, without taking it.</summary>
    internal Event Peek(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return Slot(_head + (uint)index);
    }

    /// <summary>The machine is reset: what its chips and CPUs were about to hear of the former life is not carried out.
    /// What keeps devices and the host right stays: acknowledges, bindings, polls, routes, writes of memory.</summary>
    /// <param name="xenDomain">The id of the Xen domain that the machine is; -1 for none.</param>
    internal void LoseEffects(int xenDomain)
    {
        for (uint number = _head; number != _tail; number++)
        {
            ref Event waiting = ref Slot(number);
            bool lost = waiting.IsEffect && (waiting.Subsystem is Subsystem.IoApic or Subsystem.LocalApic
                || waiting.Kind is EventKind.MessageInjected or EventKind.VirqInjected or EventKind.UnitMessage
                || waiting.Kind == EventKind.XenUpcall && XenUpcall.Of(waiting).Domain == xenDomain
                || waiting.Kind == EventKind.XenGuestMessage && waiting.Unit == xenDomain);
            if (lost)
                waiting = EffectLost.Instead(waiting);
        }
    }

    /// <summary>Discards all waiting events.</summary>
    internal void Clear() => _head = _tail;

    /// <summary>The rate limit of misuse events as it is kept: when the current window began, and how many misuses were
    /// counted in it.</summary>
    internal (long Since, int Count) MisuseWindowState
    {
        get => (_misuseSince, _misuses);
        set => (_misuseSince, _misuses) = value;
    }

    /// <summary>Appends an event with its own time: a state is restored.</summary>
    internal void Restore(in Event waiting) => Keep(waiting, waiting.Time);

    /// <summary>Takes over the waiting events and the time of another buffer, but not whether it observes.</summary>
    internal void CopyFrom(EventBuffer other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (ReferenceEquals(other, this))
            return;
        Clear();
        Now = other.Now;
        (_misuseSince, _misuses) = (other._misuseSince, other._misuses);
        for (int i = 0; i < other.Count; i++)
            Keep(other.Peek(i), other.Peek(i).Time);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Keep(in Event made, long time)
    {
        uint tail = _tail;
        if (tail - _head == (uint)_ring.Length)
            Grow();
        Event.Copy(made, time, out Slot(tail));
        _tail = tail + 1;
    }

    /// <summary>The place of an event. The mask keeps it in range, so no bounds check is needed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref Event Slot(uint number) =>
        ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_ring), (nint)(number & (uint)(_ring.Length - 1)));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow()
    {
        var larger = new Event[_ring.Length * 2];
        for (uint number = _head; number != _tail; number++)
            larger[number & (uint)(larger.Length - 1)] = Slot(number);
        _ring = larger;
    }
}
