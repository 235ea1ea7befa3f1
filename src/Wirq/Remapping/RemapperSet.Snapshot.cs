using Wirq.State;

namespace Wirq.Remapping;

internal sealed partial class RemapperSet
{
    private const int MaxBytes = 1 << 26;

    /// <summary>Moves the states of all units.</summary>
    internal void Move(Fields f) => f.Row("units", _units.Length, unit => Move(f, unit));

    private void Move(Fields f, int unit)
    {
        if (f.Flag("own", _units[unit] is not ISnapshotFields))
        {
            f.Demand(_units[unit] is not ISnapshotFields, "own", "1", "0: the unit is one of the library");
            MoveOwn(f, unit);
            return;
        }
        f.Demand(_units[unit] is ISnapshotFields, "own", "0", "1: the unit is an embedder's");
        ((ISnapshotFields)_units[unit]).Move(f);
    }

    private void MoveOwn(Fields f, int unit)
    {
        if (_units[unit] is not ISavedRemapper own)
            throw new InvalidOperationException($"remapping unit {unit} ({_units[unit].GetType().Name}) has no {nameof(ISavedRemapper)}: its state cannot be in a snapshot");
        byte[] state = f.Bytes("state", f.IsReading ? [] : own.Save(), MaxBytes);
        if (!f.IsReading)
            return;
        try
        {
            own.Restore(state);
        }
        catch (FormatException refused)
        {
            f.Demand(holds: false, "state", $"refused by the unit ({refused.Message})", "a state that the unit can be in");
        }
    }
}
