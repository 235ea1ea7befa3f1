using Wirq.Routing;

namespace Wirq.Host;

/// <summary>A PCI function with MSI or MSI-X. It has a virq for each vector, and updates it when the guest programs the
/// vector.</summary>
/// <remarks>Writes are completing calls; see <see cref="FabricHost"/>.</remarks>
public sealed class MessageFunction : IDisposable
{
    private const int WordBits = 64;

    private readonly FabricHost _host;
    private readonly IVectorTable _table;
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
        _host = host;
        _table = table;
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
        }
        catch
        {
            // No other code could free their slots.
            Dispose();
            throw;
        }
    }

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
