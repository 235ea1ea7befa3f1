using Wirq.Routing;
using Wirq.State;

namespace Wirq.Snapshots;

/// <summary>A function with MSI or MSI-X, as it stands in a snapshot.</summary>
internal sealed class SavedFunction
{
    /// <summary>The kind of its table.</summary>
    internal enum TableKind : byte
    {
        /// <summary>An embedder's own: only its virqs are saved.</summary>
        Own,
        /// <summary>MSI-X.</summary>
        Msix,
        /// <summary>MSI.</summary>
        Msi,
    }

    /// <summary>Its name.</summary>
    internal string Label { get; private set; } = "";
    /// <summary>The slots of its virqs, by vector.</summary>
    internal int[] Slots { get; private set; } = [];
    /// <summary>Its table.</summary>
    internal IVectorTable? Table { get; private set; }

    private TableKind Kind => Table switch { MsixTable => TableKind.Msix, MsiCapability => TableKind.Msi, _ => TableKind.Own };

    /// <summary>What a host saves of a function.</summary>
    internal static SavedFunction Of(string label, IVectorTable table, IEnumerable<int> slots) =>
        new() { Label = label, Table = table, Slots = [.. slots] };

    /// <summary>What its table is, in words.</summary>
    internal string About => $"{(Kind == TableKind.Own ? "a table of its owner" : $"{Kind}")} of {Slots.Length} vectors";

    /// <summary>Gives a table the state that was saved.</summary>
    /// <returns>False if it is of another kind or size.</returns>
    internal bool TryFill(IVectorTable table)
    {
        if (table.Count != Slots.Length || Kind != Of("", table, []).Kind)
            return false;
        if (table is MsixTable msix)
            msix.CopyFrom((MsixTable)Table!);
        else if (table is MsiCapability msi)
            msi.CopyFrom((MsiCapability)Table!);
        return true;
    }

    /// <summary>Moves a list of them.</summary>
    internal static void Move(Fields f, List<SavedFunction> functions, RouteCache virqs)
    {
        var taken = new HashSet<int>();
        f.List("functions", functions.Count, RoutingOptions.MaxVirqs, i =>
        {
            if (f.IsReading)
                functions.Add(new SavedFunction());
            functions[i].Move(f, virqs, taken);
        });
    }

    private void Move(Fields f, RouteCache virqs, HashSet<int> taken)
    {
        Label = f.Text("label", Label);
        TableKind kind = f.Choice("table", Kind);
        int count = f.Number("vectors", Slots.Length, 1, kind switch { TableKind.Msix => MsixTable.MaxVectors, TableKind.Msi => MsiCapability.MaxVectors, _ => virqs.Capacity });
        if (f.IsReading)
            Slots = new int[count];
        f.Row("virqs", count, vector =>
        {
            int slot = Slots[vector] = f.Number("slot", Slots[vector], 0, virqs.Capacity - 1);
            f.Demand(virqs.IsInUse(slot) && virqs.KindAt(slot) == VirqKind.Message && taken.Add(slot), "slot", $"{slot}", "a virq that sends messages, of one function only");
        });
        if (!f.IsReading)
        {
            MoveTable(f);
            return;
        }
        f.Demand(kind != TableKind.Msi || System.Numerics.BitOperations.IsPow2(count), "vectors", $"{count}", "a power of two");
        Table = kind switch { TableKind.Msix => new MsixTable(count), TableKind.Msi => new MsiCapability(count), _ => null };
        MoveTable(f);
    }

    private void MoveTable(Fields f)
    {
        if (Table is MsixTable msix)
            msix.Move(f);
        else if (Table is MsiCapability msi)
            msi.Move(f);
    }
}
