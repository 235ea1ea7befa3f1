using Wirq.Routing;
using Wirq.Snapshots;

namespace Wirq.Host;

/// <summary>A PCI function with MSI or MSI-X. It has a virq for each vector, and updates it when the guest programs the
/// vector.</summary>
/// <remarks>Writes are completing calls; see <see cref="FabricHost"/>.</remarks>
public sealed class MessageFunction : IDisposable
{
    private const int WordBits = 64;

    private readonly FabricHost _host;
    private readonly IVectorTable _table;
    private readonly string _label;
    private readonly Virq[] _virqs;

    /// <summary>Registers a virq for each vector. A completing call.</summary>
    /// <param name="host">The machine.</param>
    /// <param name="table">Its capability: <see cref="MsixTable"/> or <see cref="MsiCapability"/>. After each write to
    /// it, call <see cref="Changed(int)"/> or <see cref="AllChanged"/>.</param>
    /// <param name="label">The name of the function.</param>
    /// <param name="requester">Bus, device and function.</param>
    /// <param name="trigger">The eventfd of each vector, if the device has them; null for none.</param>
    /// <param name="prefault">Whether vectors are translated when they are programmed.</param>
    public MessageFunction(FabricHost host, IVectorTable table, string label, ushort requester,
        Func<int, EventFd>? trigger = null, bool prefault = false)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(table);
        ArgumentException.ThrowIfNullOrEmpty(label);
        _host = host;
        _table = table;
        _label = label;
        _virqs = new Virq[table.Count];
        try
        {
            for (int vector = 0; vector < _virqs.Length; vector++)
            {
                _virqs[vector] = host.Register($"{label} vector {vector}", requester, null, prefault);
                _virqs[vector].Mask();
                if (trigger is not null)
                    _virqs[vector].Attach(trigger(vector));
            }
            AllChanged();
            host.Add(this);
        }
        catch
        {
            // No other code could free their slots.
            Dispose();
            throw;
        }
    }

    private MessageFunction(FabricHost host, IVectorTable table, string label, Virq[] virqs) =>
        (_host, _table, _label, _virqs) = (host, table, label, virqs);

    /// <summary>Gives a function of a restored snapshot its owner again: its virqs, and the state of its table. A completing
    /// call.</summary>
    /// <param name="host">The machine, after <see cref="FabricHost.Restore"/>.</param>
    /// <param name="table">A table of the same kind and size; an <see cref="MsixTable"/> or <see cref="MsiCapability"/> gets
    /// the state that was saved. A table of another type has its owner's state already.</param>
    /// <param name="label">The name that the function had.</param>
    /// <exception cref="ArgumentException">The snapshot has no such function, or its table is another.</exception>
    public static MessageFunction Restored(FabricHost host, IVectorTable table, string label)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(table);
        int[] slots = host.TakeRestored(label, table);
        var function = new MessageFunction(host, table, label, [.. slots.Select(slot => host.VirqAt(slot))]);
        host.Add(function);
        return function;
    }

    /// <summary>What a snapshot holds of it.</summary>
    internal SavedFunction Saved => SavedFunction.Of(_label, _table, _virqs.Select(virq => virq.Handle.Slot));

    /// <summary>The virqs, by vector.</summary>
    public IReadOnlyList<Virq> Virqs => _virqs;

    /// <summary>The guest wrote the entry of a vector. A completing call.</summary>
    /// <param name="vector">The vector; negative for none.</param>
    public void Changed(int vector)
    {
        if (vector >= 0)
            _host.Do(fabric => Follow(fabric.RouteCache!, vector));
    }

    /// <summary>The guest wrote something that affects all vectors: the control word, the mask register. A completing
    /// call.</summary>
    public void AllChanged() => _host.Do(fabric =>
    {
        for (int vector = 0; vector < _virqs.Length; vector++)
            Follow(fabric.RouteCache!, vector);
    });

    /// <summary>Reads pending bits: those of a PBA, or of the pending register of MSI. A vector that a kernel serves is
    /// never pending. For a masked vector, the count of its eventfd decides. It waits for no effect.</summary>
    /// <param name="first">The first vector, bit 0 of the answer.</param>
    public ulong Pending(int first)
    {
        ulong bits = 0;
        for (int i = 0; i < WordBits && (uint)(first + i) < (uint)_virqs.Length; i++)
        {
            if (_virqs[first + i].IsPending)
                bits |= 1ul << i;
        }
        return bits;
    }

    /// <summary>Disposes of all its virqs. A completing call: when it returns, their eventfds may be closed.</summary>
    public void Dispose()
    {
        _host.Remove(this);
        foreach (Virq? virq in _virqs)
            virq?.Dispose();
    }

    /// <summary>When masking, the mask comes first; when unmasking, the message comes first. So no old message is
    /// sent.</summary>
    private void Follow(RouteCache virqs, int vector)
    {
        VirqHandle handle = _virqs[vector].Handle;
        bool masked = _table.IsMasked(vector);
        if (masked)
            virqs.Mask(handle);
        virqs.SetMessage(handle, _table.MessageOf(vector));
        if (!masked)
            virqs.Unmask(handle);
    }
}
