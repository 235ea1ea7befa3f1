using System.Globalization;
using Wirq.Lab.Kernels;
using Wirq.Linux;
using Wirq.Routing;

namespace Wirq.Board.Twins;

/// <summary>The real eventfds of a scenario.</summary>
/// <param name="simulated">The simulated ones.</param>
internal sealed class TwinEventFds(SimulatedEventFds simulated) : IEventFdTwin, IDisposable
{
    // A descriptor that no process has open.
    private const int Closed = int.MaxValue;

    private readonly Dictionary<int, EventFdHandle> _real = [];

    /// <summary>The real eventfd of a simulated one. One that is not open is not open here either.</summary>
    internal EventFd Of(EventFd fd) => !fd.Exists ? fd : _real.TryGetValue(fd.Number, out EventFdHandle? real) ? real.EventFd : new EventFd(Closed);

    void IEventFdTwin.Created(EventFd fd) => _real.Add(fd.Number, EventFdHandle.Create());

    void IEventFdTwin.Closed(EventFd fd)
    {
        if (_real.Remove(fd.Number, out EventFdHandle? real))
            real.Dispose();
    }

    void IEventFdTwin.Written(EventFd fd, ulong count)
    {
        for (ulong i = 0; i < count; i++)
            _real[fd.Number].Write();
    }

    void IEventFdTwin.Read(EventFd fd, ulong count)
    {
        if (!_real[fd.Number].TryRead(out ulong found))
            found = 0;
        if (found != count)
            throw new TwinException(string.Create(CultureInfo.InvariantCulture, $"{fd} was read, and had {found} instead of {count}"));
    }

    /// <summary>What differs; null for nothing.</summary>
    internal string? Differs()
    {
        foreach ((int number, EventFdHandle real) in _real)
        {
            var fd = new EventFd(number);
            if (real.IsReadable != simulated.IsReadable(fd))
                return string.Create(CultureInfo.InvariantCulture, $"{fd} has {(real.IsReadable ? "something" : "nothing")} to read instead of {simulated.CountOf(fd)}");
        }
        return null;
    }

    public void Dispose()
    {
        foreach (EventFdHandle real in _real.Values)
            real.Dispose();
        _real.Clear();
    }
}
