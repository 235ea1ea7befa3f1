using Wirq.State;

namespace Wirq.Remapping;

/// <summary>A unit of the library: its state is fields of a snapshot.</summary>
internal interface ISnapshotFields
{
    /// <summary>Moves the state of the unit; refuses what the unit cannot be in.</summary>
    void Move(Fields f);
}

/// <summary>An embedder's remapping unit whose state goes into snapshots. A machine with a unit without this cannot be
/// saved.</summary>
public interface ISavedRemapper
{
    /// <summary>The state of the unit, in a format of its own: with a version, and the same bytes for the same
    /// state.</summary>
    byte[] Save();

    /// <summary>Takes over a state. It is called on a unit in its reset state, which is given up if this or anything after
    /// it refuses the snapshot.</summary>
    /// <param name="state">What <see cref="Save"/> returned, or anything else: a snapshot is not to be trusted.</param>
    /// <exception cref="FormatException">The unit cannot be in this state. The message says what was expected.</exception>
    void Restore(ReadOnlySpan<byte> state);
}
