using System.Text.Json.Serialization;
using Wirq.Events;

namespace Wirq.Remapping;

/// <summary>A remapping unit: it is between the messages of devices and I/OAPICs and the local APICs. Wirq has the VT-d
/// unit; an embedder can add its own by <see cref="FabricOptions.Remappers"/>.</summary>
/// <remarks>
/// A unit is a chip like all others: synchronous, without threads or callbacks. All its mutable state lies in the arena
/// that it was built in, so the machine can be forked. A guest's mistakes have an architectural result and never throw.
/// <para>It caches no translation. Its owner caches translations, each under a <see cref="RouteCookie"/>, and
/// translates again after an invalidation whose range contains the cookie.</para>
/// <para>The machine reports translations and invalidations (<see cref="EventKind.RemapTranslated"/>,
/// <see cref="EventKind.RemapInvalidated"/>, <see cref="EventKind.RemapInvalidationDone"/>). The unit reports its
/// faults.</para>
/// <para>A unit never writes memory and never sends a message itself. It appends the effects that do so:
/// <see cref="EventKind.MemoryWrite"/> with <see cref="Origin.RemappingUnit"/>, and
/// <see cref="EventKind.UnitMessage"/>.</para>
/// </remarks>
public interface IRemapper
{
    /// <summary>A CPU reads one of its registers. Reading has no effect. By default the unit has none.</summary>
    /// <param name="address">Physical address, in one of <see cref="IRemapperOptions.Registers"/>.</param>
    /// <param name="size">Size in bytes.</param>
    /// <param name="value">The value.</param>
    /// <returns>Whether a register can be read in this way. If not, the CPU reads 0, and this is reported as guest
    /// misuse.</returns>
    bool TryRead(ulong address, int size, out ulong value)
    {
        value = 0;
        return false;
    }

    /// <summary>A CPU writes one of its registers. <see cref="TryStep"/> does what the write requests. By default the unit
    /// has none.</summary>
    /// <param name="address">Physical address, in one of <see cref="IRemapperOptions.Registers"/>.</param>
    /// <param name="size">Size in bytes.</param>
    /// <param name="value">The value; bits above the size do not count.</param>
    /// <param name="events">Where effects go.</param>
    /// <returns>Whether a register can be written in this way. If not, nothing happens, and this is reported as guest
    /// misuse.</returns>
    bool TryWrite(ulong address, int size, ulong value, EventBuffer events) => false;

    /// <summary>The machine is reset: all registers are as after power-on, nothing is pending, and the unit is off. The
    /// owner then drops all cached translations of the unit.</summary>
    /// <param name="events">Where observations go.</param>
    void Reset(EventBuffer events);

    /// <summary>What a description of the machine shows of the unit: registers by their names in its manual, at most about
    /// twenty. Nothing by default.</summary>
    IReadOnlyList<RegisterValue> Describe() => [];

    /// <summary>Does one piece of the pending work of a write, such as one descriptor of a queue. After each write it
    /// is called until it returns false. After each piece the owner drops the cached translations of
    /// <paramref name="ended"/>. So the piece that reports completion to the guest must come after the piece that
    /// invalidates. By default there is never any work.</summary>
    /// <param name="memory">Guest memory.</param>
    /// <param name="events">Where effects go.</param>
    /// <param name="ended">The cookies that this piece invalidated, all of this unit; <see cref="CookieRange.Empty"/>
    /// for none.</param>
    /// <returns>False if no work was left. Even with a hostile guest, a write leaves a bounded number of
    /// pieces.</returns>
    bool TryStep(IGuestMemory memory, EventBuffer events, out CookieRange ended)
    {
        ended = CookieRange.Empty;
        return false;
    }

    /// <summary>Whether a message bypasses the unit now, as if it did not exist: the unit is not enabled. The route of
    /// such a message has the key <see cref="RouteCookie.MaxKey"/>; enabling the unit must invalidate it.</summary>
    /// <param name="message">A message in the interrupt window.</param>
    bool Passes(Msi message) => false;

    /// <summary>Translates a message by the current registers and tables.</summary>
    /// <param name="message">A message in the interrupt window for which <see cref="Passes"/> is false.</param>
    /// <param name="requester">The sender: bus (bits 15:8), device (7:3), function (2:0).</param>
    /// <param name="delivering">Whether the interrupt is happening. If so, a blocked message makes a fault: the unit
    /// records it as its manual says. If <see cref="EventBuffer.Observing"/> is set, it also reports the fault by one
    /// <see cref="EventKind.RemapFaulted"/> with its number and the requester. If not, this is a translation in
    /// advance, which neither records nor reports a fault: the fault comes when the interrupt happens.</param>
    /// <param name="memory">Guest memory, where tables may be.</param>
    /// <param name="events">Where effects and observations go.</param>
    /// <param name="translated">The message for the local APICs; without meaning if the message was refused.</param>
    /// <param name="cookie">The cookie of this translation, with the number of this unit; an invalidation whose range
    /// contains it ends the translation. If the unit passes the message unchanged, the key is
    /// <see cref="RouteCookie.MaxKey"/>.</param>
    /// <returns><see cref="RefusalReason.None"/>, or <see cref="RefusalReason.RemappingFault"/> if it was blocked. If
    /// the unit passes the message unchanged, the result of <see cref="Msi.TryDecode"/>.</returns>
    RefusalReason Translate(Msi message, ushort requester, bool delivering, IGuestMemory memory, EventBuffer events,
        out InterruptMessage translated, out RouteCookie cookie);
}

/// <summary>How a remapping unit is built. Everything about it that never changes is here: laws, recordings and forks
/// know a machine only by its options.</summary>
/// <remarks>Immutable. A machine calls <see cref="Validate"/> before anything is built.</remarks>
public interface IRemapperOptions
{
    /// <summary>The pages of its registers; empty for a unit without registers. No other chip may have registers
    /// there.</summary>
    IReadOnlyList<RegisterPages> Registers { get; }

    /// <summary>The requesters whose messages it remaps; null for all requesters that are in no other unit's scope. If
    /// the scopes of several units contain a requester, the first unit in the machine's list serves it.</summary>
    IReadOnlyList<RequesterRange>? Scope { get; }

    /// <summary>The destination format of the messages that the unit itself sends.</summary>
    MsiFormat OwnFormat { get; }

    /// <summary>Throws if no unit can be built from these options.</summary>
    /// <exception cref="OptionException">A field is out of its range.</exception>
    void Validate();

    /// <summary>Builds a unit in its reset state. Called once for the machine, and once for each of its forks.</summary>
    /// <param name="arena">Where all its mutable state goes. Reserve the same blocks in the same order each time.</param>
    /// <param name="unit">Its number in the machine, 0 to <see cref="RouteCookie.MaxUnit"/>, which its events and
    /// cookies carry.</param>
    IRemapper Build(State.StateArena arena, int unit);
}

/// <summary>A register of a chip, for a description.</summary>
/// <param name="Name">As the manual names it.</param>
/// <param name="Value">What it holds.</param>
public readonly record struct RegisterValue(string Name, ulong Value);

/// <summary>Consecutive pages of 4 KiB with the registers of a chip.</summary>
/// <param name="Address">Physical address of the first, a multiple of 0x1000.</param>
/// <param name="Count">How many there are, 1 to <see cref="MaxCount"/>.</param>
public readonly record struct RegisterPages(ulong Address, int Count = 1)
{
    /// <summary>The most pages in a row: 1 GiB.</summary>
    public const int MaxCount = 1 << 18;

    /// <summary>The address after the last page.</summary>
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
