using Wirq.Linux;

namespace Wirq.Board.Devices;

/// <summary>The thread of a device. It works when it is kicked, until it is stopped.</summary>
internal sealed class DeviceThread : IDisposable
{
    private readonly AutoResetEvent _kick = new(initialState: false);
    private readonly Func<int> _work;
    private readonly Thread _thread;
    private volatile bool _stops;

    /// <summary>Makes it. It does nothing before <see cref="Start"/>.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="work">Does what is due, and returns after how many milliseconds it is called again without a kick; <see
    /// cref="Timeout.Infinite"/> for never. It returns early once <see cref="Stops"/>.</param>
    internal DeviceThread(string name, Func<int> work)
    {
        _work = work;
        _thread = new Thread(Run) { IsBackground = true, Name = name };
    }

    /// <summary>Whether it is to end.</summary>
    internal bool Stops => _stops;

    /// <summary>Starts it.</summary>
    internal void Start() => HostThread.Start(_thread.Start, _thread.Name!);

    /// <summary>There may be work.</summary>
    internal void Kick() => _kick.Set();

    /// <summary>Ends it, and waits for that.</summary>
    internal void Stop()
    {
        _stops = true;
        _kick.Set();
        _thread.Join();
    }

    /// <summary>Call it after <see cref="Stop"/>, when nobody kicks any more.</summary>
    public void Dispose() => _kick.Dispose();

    private void Run()
    {
        while (!_stops)
            _kick.WaitOne(_work());
    }
}
