using System.Text.Json.Serialization;
using Wirq.Events;

namespace Wirq.Remapping;

/// <summary>A remapping unit: it stands between the messages of devices and I/OAPICs and the local APICs. Wirq has that of
/// VT-d; an embedder can bring its own by <see cref="FabricOptions.Remappers"/>.</summary>
/// <remarks>
/// A unit is a chip as all others: synchronous, without threads or callbacks, and all its mutable state lies in the arena
/// that it was built in, so that the machine can be forked. A guest's mistakes have an architectural result and never throw.
/// <para>It caches no translation. Its owner caches them, each under a <see cref="RouteCookie"/>, and asks again when
/// the cookie was in the range of an invalidation.</para>
/// <para>The machine tells of translations and invalidations (<see cref="EventKind.RemapTranslated"/>, <see
/// cref="EventKind.RemapInvalidated"/>, <see cref="EventKind.RemapInvalidationDone"/>), the unit of its faults.</para>
/// <para>A unit never writes memory itself, and sends no message itself. It appends the effects that ask for it: <see
/// cref="EventKind.MemoryWrite"/> with <see cref="Origin.RemappingUnit"/>, and <see cref="EventKind.UnitMessage"/>.</para>
/// </remarks>
public interface IRemapper
{
    /// <summary>A CPU reads one of its registers. Reading has no effect.</summary>
    /// <param name="address">Physical address, in one of <see cref="IRemapperOptions.Registers"/>.</param>
    /// <param name="size">Size in bytes.</param>
    /// <param name="value">The value.</param>
    /// <returns>Whether there is a register that can be read so. Where there is none, the CPU reads 0, and that is told of
    /// as a guest's mistake.</returns>
    bool TryRead(ulong address, int size, out ulong value);

    /// <summary>A CPU writes one of its registers. What the write asks for is done by <see cref="TryStep"/>.</summary>
    /// <param name="address">Physical address, in one of <see cref="IRemapperOptions.Registers"/>.</param>
    /// <param name="size">Size in bytes.</param>
    /// <param name="value">The value; bits above the size do not count.</param>
    /// <param name="events">Where effects go.</param>
    /// <returns>Whether there is a register that can be written so. Where there is none, nothing happens, and that is told
    /// of as a guest's mistake.</returns>
    bool TryWrite(ulong address, int size, ulong value, EventBuffer events);

    /// <summary>Does one piece of the work that a write left behind, such as one descriptor of a queue. After each write it is
    /// called until it answers false. After each piece the owner drops what it has cached of <paramref name="ended"/>. So
    /// what tells the guest of an invalidation's end has to be a later piece than the invalidation.</summary>
    /// <param name="memory">Guest memory.</param>
    /// <param name="events">Where effects go.</param>
    /// <param name="ended">The cookies whose translations this piece ended, all of this unit; <see
    /// cref="CookieRange.Empty"/> for none.</param>
    /// <returns>False when nothing was left to be done. However hostile the guest is, a write leaves a bounded number of
    /// pieces.</returns>
    bool TryStep(IGuestMemory memory, EventBuffer events, out CookieRange ended);

    /// <summary>Whether a message goes past the unit now, as if it were not there: the unit is not switched on. The route of
    /// such a message has the key <see cref="RouteCookie.MaxKey"/>; switching the unit on has to end it.</summary>
    /// <param name="message">A message in the interrupt window.</param>
    bool Passes(Msi message) => false;

    /// <summary>What a message becomes, by the registers and tables as they are now.</summary>
    /// <param name="message">A message in the interrupt window, which <see cref="Passes"/> did not let past.</param>
    /// <param name="requester">Who sends it: bus (bits 15:8), device (7:3), function (2:0).</param>
    /// <param name="delivering">Whether the interrupt is happening. If so, a blocked message makes a fault: the unit records it
    /// as its manual says, and tells of it by one <see cref="EventKind.RemapFaulted"/> with its number and the requester, where
    /// <see cref="EventBuffer.Observing"/> is set. If not, it is a translation in advance, which records and tells of
    /// no fault: the fault is due when the interrupt happens.</param>
    /// <param name="memory">Guest memory, where tables may be.</param>
    /// <param name="events">Where effects and observations go.</param>
    /// <param name="translated">The message for the local APICs; without meaning where it was refused.</param>
    /// <param name="cookie">What an invalidation of this translation will have in its range, with the number of this unit. Of
    /// a message that the unit lets through as it is, the key is <see cref="RouteCookie.MaxKey"/>.</param>
    /// <returns><see cref="RefusalReason.None"/>, or <see cref="RefusalReason.RemappingFault"/> where it was blocked. Of a
    /// message that the unit lets through as it is, whatever <see cref="Msi.TryDecode"/> says.</returns>
    RefusalReason Translate(Msi message, ushort requester, bool delivering, IGuestMemory memory, EventBuffer events,
        out InterruptMessage translated, out RouteCookie cookie);
}

/// <summary>How a remapping unit is built. What of it never changes stands here: laws, recordings and forks know a machine by
/// its options alone.</summary>
/// <remarks>Immutable. A machine calls <see cref="Validate"/> before anything is built.</remarks>
public interface IRemapperOptions
{
    /// <summary>Where its registers are; empty for a unit without. No other chip may have registers there.</summary>
    IReadOnlyList<RegisterPages> Registers { get; }

    /// <summary>Whose messages it remaps; null for those of all requesters that no other unit's scope has. Of several units
    /// whose scope has a requester, the first in the machine's list serves it.</summary>
    IReadOnlyList<RequesterRange>? Scope { get; }

    /// <summary>How the messages that the unit sends of its own name their destination.</summary>
    MsiFormat OwnFormat { get; }

    /// <summary>Throws where no unit can be built so.</summary>
    /// <exception cref="OptionException">A field is out of its range.</exception>
    void Validate();

    /// <summary>Builds a unit in its reset state. Called once for the machine, and once for each of its forks.</summary>
    /// <param name="arena">Where all its mutable state goes. Reserve the same blocks in the same order each time.</param>
    /// <param name="unit">Its number in the machine, 0 to <see cref="RouteCookie.MaxUnit"/>, which its events and cookies
    /// bear.</param>
    IRemapper Build(State.StateArena arena, int unit);
}

/// <summary>Pages of 4 KiB in a row that a chip has its registers in.</summary>
/// <param name="Address">Physical address of the first, a multiple of 0x1000.</param>
/// <param name="Count">How many there are, 1 to <see cref="MaxCount"/>.</param>
public readonly record struct RegisterPages(ulong Address, int Count = 1)
{
    /// <summary>The most pages in a row: 1 GiB.</summary>
    public const int MaxCount = 1 << 18;

    /// <summary>The address behind the last.</summary>
    [JsonIgnore]
    public ulong End => Address + (ulong)Count * Fabric.PageSize;

    /// <summary>Whether an address lies in one of them.</summary>
    public bool Has(ulong address) => address >= Address && address < End;
}

/// <summary>A run of requesters, both ends included: bus (bits 15:8), device (7:3), function (2:0).</summary>
/// <param name="First">The first.</param>
/// <param name="Last">The last, not below <paramref name="First"/>.</param>
public readonly record struct RequesterRange(ushort First, ushort Last)
{
    /// <summary>Whether a requester lies in it.</summary>
    public bool Has(ushort requester) => requester >= First && requester <= Last;
}
