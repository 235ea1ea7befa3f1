using Wirq.Host;
using Wirq.Routing;
using Wirq.Vfio;

namespace Wirq.Linux.VfioUser;

/// <summary>A PCI function of another process, behind virqs of this one: its eventfds trigger them, and the acknowledge of its
/// line unmasks it.</summary>
/// <remarks>Where a kernel serves a virq, neither an interrupt nor an acknowledge passes through this process.</remarks>
public sealed class RemoteDevice : IDisposable
{
    private readonly List<EventFdHandle> _eventFds = [];
    private readonly List<Virq> _virqs = [];
    private Virq? _line;

    /// <summary>Takes a connection, and closes it at the end.</summary>
    public RemoteDevice(VfioUserClient client)
    {
        ArgumentNullException.ThrowIfNull(client);
        Client = client;
    }

    /// <summary>The connection: registers, configuration space, reset.</summary>
    public VfioUserClient Client { get; }

    /// <summary>Lets the function's INTx trigger the virq of a line (<see cref="FabricHost.RegisterOnLine"/>, of the kind
    /// <see cref="VirqKind.Level"/>). The function stays masked from an interrupt to the acknowledge of the line.</summary>
    /// <exception cref="InvalidOperationException">Interrupts are attached already.</exception>
    /// <exception cref="VfioUserException">The server refuses, or is gone.</exception>
    public void AttachIntx(Virq line)
    {
        ArgumentNullException.ThrowIfNull(line);
        Require();
        EventFdHandle trigger = Create(), unmask = Create();
        _line = line;
        _virqs.Add(line);
        line.AttachResample(unmask.EventFd);
        line.Attach(trigger.EventFd);
        Client.SetTriggers(VfioIrqIndex.Intx, 0, trigger.EventFd);
        Client.SetUnmask(unmask.EventFd);
    }

    /// <summary>Lets vectors of MSI or MSI-X, from 0 on, trigger virqs.</summary>
    /// <exception cref="InvalidOperationException">Interrupts are attached already.</exception>
    /// <exception cref="VfioUserException">The server refuses, or is gone.</exception>
    public void AttachMessages(VfioIrqIndex index, IReadOnlyList<Virq> virqs)
    {
        ArgumentNullException.ThrowIfNull(virqs);
        Require();
        if (index is not (VfioIrqIndex.Msi or VfioIrqIndex.Msix))
            throw new ArgumentOutOfRangeException(nameof(index), index, "MSI or MSI-X");
        var triggers = new EventFd[virqs.Count];
        for (int i = 0; i < triggers.Length; i++)
        {
            triggers[i] = Create().EventFd;
            _virqs.Add(virqs[i]);
            virqs[i].Attach(triggers[i]);
        }
        Client.SetTriggers(index, 0, triggers);
    }

    /// <summary>Detaches the virqs, which stay their owner's, and disables the function's interrupts.</summary>
    public void Detach()
    {
        foreach (Virq virq in _virqs)
            virq.Attach(EventFd.None);
        _line?.AttachResample(EventFd.None);
        VfioIrqIndex[] enabled = _virqs.Count == 0 ? [] : _line is not null ? [VfioIrqIndex.Intx] : [VfioIrqIndex.Msi, VfioIrqIndex.Msix];
        foreach (VfioIrqIndex index in enabled)
        {
            try
            {
                Client.Disable(index);
            }
            catch (VfioUserException)
            {
                // It is gone, or had not got as far.
            }
        }
        _eventFds.ForEach(eventFd => eventFd.Dispose());
        _eventFds.Clear();
        _virqs.Clear();
        _line = null;
    }

    /// <summary>Detaches the virqs, and closes the connection.</summary>
    public void Dispose()
    {
        Detach();
        Client.Dispose();
    }

    private EventFdHandle Create()
    {
        var eventFd = EventFdHandle.Create();
        _eventFds.Add(eventFd);
        return eventFd;
    }

    private void Require()
    {
        if (_virqs.Count > 0)
            throw new InvalidOperationException("interrupts are attached already; detach them first");
    }
}
