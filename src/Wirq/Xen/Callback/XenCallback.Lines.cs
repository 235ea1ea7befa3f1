namespace Wirq.Xen;

/// <content>The lines of a callback.</content>
public sealed partial class XenCallback
{
    private const string Label = "Xen callback";

    /// <summary>How many slots the callback can still take. The guest decides when, so the machine keeps them free.</summary>
    internal int KeptSlots => (_state.Value.LineAndOne == 0 ? 1 : 0) + (_state.Value.LinkAndOne == 0 ? 1 : 0);

    private bool IsSampled => _policy == CallbackPolicy.Ack;

    private SourceKind Kind => IsSampled ? SourceKind.Sampled : SourceKind.Wired;

    private void Connect(CallbackVia via)
    {
        if (via.Kind == CallbackKind.Gsi)
            _state.Value.LineAndOne = Connect(via.Gsi);
        // A wired callback by INTx drives the pin itself.
        if (via.Kind == CallbackKind.PciIntx && Lines is not null && IsSampled)
        {
            _state.Value.LineAndOne = Connect(XenPciLines.GsiOf(via.Device, via.Pin));
            ConnectLink(via);
        }
    }

    private void ConnectLink(CallbackVia via)
    {
        int irq = Lines!.RouteOf(XenPciLines.LinkOf(via.Device, via.Pin));
        _state.Value.LinkAndOne = irq == 0 ? (ushort)0 : Connect(irq);
    }

    private ushort Connect(int gsi) => (ushort)(_fabric.Lines.Connect(gsi, Label, Kind, _fabric.Events).Slot + 1);

    private void Disconnect()
    {
        Note(-1, -1);
        if (IsAsserted)
            SetLines(false);
        Remove(ref _state.Value.LineAndOne);
        Remove(ref _state.Value.LinkAndOne);
    }

    private void Remove(ref ushort slotAndOne)
    {
        if (slotAndOne != 0)
            _fabric.RemoveSource(slotAndOne - 1);
        slotAndOne = 0;
    }

    /// <summary>A link leads elsewhere: the callback goes with it.</summary>
    private void LinkMoved(int link)
    {
        if (Via.Kind != CallbackKind.PciIntx || !IsSampled || XenPciLines.LinkOf(Via.Device, Via.Pin) != link)
            return;
        Note(Slots.Line, -1);
        Remove(ref _state.Value.LinkAndOne);
        ConnectLink(Via);
        Note(Slots.Line, Slots.Link);
        if (IsAsserted)
            Set(_state.Value.LinkAndOne, true, toOwner: false);
    }

    /// <summary>The state came from another machine, whose callback may have joined other lines. Names are not state.</summary>
    internal void NameSources()
    {
        if (Slots.Line >= 0)
            _fabric.Lines.Rename(Slots.Line, Label);
        if (Slots.Link >= 0)
            _fabric.Lines.Rename(Slots.Link, Label);
    }

    private void SetLines(bool asserted)
    {
        switch (Via.Kind)
        {
            // Nothing looks whether a PIRQ owns that GSI: the callback would call back into itself.
            case CallbackKind.Gsi:
                Set(_state.Value.LineAndOne, asserted, toOwner: false);
                break;
            case CallbackKind.PciIntx when IsSampled:
                Set(_state.Value.LineAndOne, asserted);
                Set(_state.Value.LinkAndOne, asserted);
                break;
            case CallbackKind.PciIntx:
                Lines?.Drive(Via.Device, Via.Pin, asserted);
                break;
        }
    }

    private void Set(ushort slotAndOne, bool asserted, bool toOwner = true)
    {
        if (slotAndOne != 0)
            _fabric.SetOwnSource(slotAndOne - 1, asserted, toOwner);
    }

    private void MakeCanonical(Span<CallbackState> copy, long now)
    {
        copy[0].LineAndOne = _fabric.Lines.PlaceAndOneOf(copy[0].LineAndOne);
        copy[0].LinkAndOne = _fabric.Lines.PlaceAndOneOf(copy[0].LinkAndOne);
    }
}
