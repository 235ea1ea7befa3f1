namespace Wirq.Xen;

/// <content>The lines of a callback.</content>
public sealed partial class XenCallback
{
    private const string Label = "Xen callback";

    private bool IsSampled => _policy == CallbackPolicy.Ack;

    private void Connect(CallbackVia via)
    {
        SourceKind kind = IsSampled ? SourceKind.Sampled : SourceKind.Wired;
        if (via.Kind == CallbackKind.Gsi)
            _line = _fabric.Connect(via.Gsi, Label, kind);
        // A wired callback by INTx drives the pin itself.
        if (via.Kind == CallbackKind.PciIntx && Lines is not null && IsSampled)
        {
            _line = _fabric.Connect(XenPciLines.GsiOf(via.Device, via.Pin), Label, kind);
            ConnectLink(via);
        }
    }

    private void ConnectLink(CallbackVia via)
    {
        int irq = Lines!.RouteOf(XenPciLines.LinkOf(via.Device, via.Pin));
        _link = irq == 0 ? null : _fabric.Connect(irq, Label, SourceKind.Sampled);
    }

    private void Disconnect()
    {
        if (IsAsserted)
            SetLines(false);
        _line?.Dispose();
        _link?.Dispose();
        (_line, _link) = (null, null);
    }

    /// <summary>A link leads elsewhere: the callback goes with it.</summary>
    private void LinkMoved(int link)
    {
        if (Via.Kind != CallbackKind.PciIntx || !IsSampled || XenPciLines.LinkOf(Via.Device, Via.Pin) != link)
            return;
        _link?.Dispose();
        ConnectLink(Via);
        if (IsAsserted)
            _link?.SetAtChips(true);
    }

    private void SetLines(bool asserted)
    {
        switch (Via.Kind)
        {
            // Nothing looks whether a PIRQ owns that GSI: the callback would call back into itself.
            case CallbackKind.Gsi:
                _line?.SetAtChips(asserted);
                break;
            case CallbackKind.PciIntx when IsSampled:
                _line?.Set(asserted);
                _link?.Set(asserted);
                break;
            case CallbackKind.PciIntx:
                Lines?.Drive(Via.Device, Via.Pin, asserted);
                break;
        }
    }
}
