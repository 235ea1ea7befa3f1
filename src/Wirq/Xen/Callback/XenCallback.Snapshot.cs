using Wirq.State;

namespace Wirq.Xen;

/// <content>The state as the fields of a snapshot.</content>
public sealed partial class XenCallback
{
    internal void Move(Fields f)
    {
        ref CallbackState state = ref _state.Value;
        state.Via = f.U64("via", state.Via);
        state.Asserted = f.Flag("asserted", state.Asserted != 0) ? 1u : 0;
        state.LineAndOne = MoveSlot(f, "line", state.LineAndOne);
        state.LinkAndOne = MoveSlot(f, "link", state.LinkAndOne);
        f.Row("vectors", _vectors.Count, i =>
        {
            byte vector = _vectors[i].Vector = f.U8("vector", _vectors[i].Vector);
            f.Demand(vector is 0 or >= LowestVector, "vector", $"0x{vector:x2}", $"0 for none, or 0x{LowestVector:x2} and above");
        });
        if (f.IsReading)
            Check(f);
    }

    private ushort MoveSlot(Fields f, string name, ushort slotAndOne) =>
        (ushort)(f.Number(name, slotAndOne - 1, -1, _fabric.Lines.Capacity - 1) + 1);

    private void Check(Fields f)
    {
        CallbackVia via = Via;
        bool byGsi = via.Kind == CallbackKind.Gsi, byIntx = via.Kind == CallbackKind.PciIntx && Lines is not null && IsSampled;
        f.Demand(!byGsi || via.Gsi < _fabric.Gsis.Count, "via", $"{via}", $"a GSI below {_fabric.Gsis.Count}");
        int irq = byIntx ? Lines!.RouteOf(XenPciLines.LinkOf(via.Device, via.Pin)) : 0;
        CheckSource(f, "line", Slots.Line, byGsi ? via.Gsi : byIntx ? XenPciLines.GsiOf(via.Device, via.Pin) : -1);
        CheckSource(f, "link", Slots.Link, irq == 0 ? -1 : irq);
        f.Demand(Slots.Line < 0 || Slots.Line != Slots.Link, "link", $"{Slots.Link}", "a source of its own");
    }

    /// <summary>A source of the callback is on the line where the callback comes, and has its level.</summary>
    private void CheckSource(Fields f, string name, int slot, int gsi)
    {
        if (gsi < 0)
        {
            f.Demand(slot < 0, name, $"{slot}", "-1: the callback does not come there");
            return;
        }
        LineTable lines = _fabric.Lines;
        bool own = slot >= 0 && lines.InUse(slot) && lines.GsiOf(slot) == gsi && lines.KindOf(slot) == Kind && lines.VirqOf(slot) < 0
            && lines.Label(slot) == Label;
        f.Demand(own, name, $"{slot}", $"the slot of the source \"{Label}\" on GSI {gsi}");
        f.Demand(lines.IsAsserting(slot) == IsAsserted, "asserted", $"{IsAsserted}", $"the level of the source in slot {slot}");
    }
}
