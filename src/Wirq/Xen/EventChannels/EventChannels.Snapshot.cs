using Wirq.State;

namespace Wirq.Xen;

/// <content>The state as the fields of a snapshot.</content>
public sealed partial class EventChannels
{
    internal void Move(Fields f)
    {
        f.Row("handlers", _handlers.Count, i => _handlers[i].Domain = f.Number("domain", _handlers[i].Domain, -1, _domains.Length - 1));
        f.Row("domains", _domains.Length, i => _domains[i].Move(f));
        if (!f.IsReading)
            return;
        foreach (XenDomain domain in _domains)
            domain.CheckConnections(f, id => Find(id));
    }
}
