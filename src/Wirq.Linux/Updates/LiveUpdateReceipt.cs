using System.Globalization;
using Wirq.Linux.Interop;
using Wirq.Routing;

namespace Wirq.Linux;

/// <summary>A machine that came from an old side. It owns its descriptors: keep it for as long as the machine uses them.
/// One thread at a time may use it.</summary>
public sealed class LiveUpdateReceipt : IDisposable
{
    private readonly UpdateChannel _channel;
    private readonly Dictionary<EventFd, EventFdHandle> _eventFds = [];
    private readonly Dictionary<string, FileDescriptor> _descriptors = [];
    private bool _isComplete, _isAnswered, _isConfirmed;

    internal LiveUpdateReceipt(UpdateChannel channel) => _channel = channel;

    /// <summary>The snapshot, for <see cref="Host.FabricHost.Restore"/>, which checks it.</summary>
    public ReadOnlyMemory<byte> Snapshot { get; internal set; }

    /// <summary>The states in the caller's own formats, by name. They may be anything.</summary>
    public IReadOnlyDictionary<string, byte[]> States => OfStates;

    /// <summary>The eventfds, by their names on the old side.</summary>
    public IReadOnlyDictionary<EventFd, EventFdHandle> EventFds => _eventFds;

    /// <summary>The other descriptors, by name. What they are is not known: <see cref="Mapping.Shared"/> checks
    /// memory.</summary>
    public IReadOnlyDictionary<string, FileDescriptor> Descriptors => _descriptors;

    /// <summary>Whether the machine is this side's.</summary>
    public bool IsTaken { get; private set; }

    internal Dictionary<string, byte[]> OfStates { get; } = [];
    internal List<EventFd> SavedEventFds { get; } = [];
    internal List<string> DescriptorNames { get; } = [];

    /// <summary>The eventfd of this process for one of the old side: the argument of
    /// <see cref="Host.FabricHost.Restore"/>.</summary>
    /// <exception cref="LiveUpdateException">It was not handed over.</exception>
    public EventFd EventFdOf(EventFd saved) => _eventFds.TryGetValue(saved, out EventFdHandle? here) ? here.EventFd
        : throw new LiveUpdateException($"the snapshot has eventfd {saved.Number}, which was not handed over");

    /// <summary>Refuses the machine. The old side resumes it.</summary>
    /// <param name="reason">Why, in a sentence. The first 256 characters are told.</param>
    public void Refuse(string reason)
    {
        ArgumentNullException.ThrowIfNull(reason);
        if (_isAnswered)
            return;
        _isAnswered = true;
        new UpdateWord(UpdateWord.Failed, reason).TrySend(_channel);
    }

    /// <summary>Says that this side could resume the machine, and waits until the old side lets go of it. Call it when
    /// everything is restored that may fail.</summary>
    /// <returns>Whether the machine is this side's now: resume it. If not, the old side goes on with it: drop it.</returns>
    /// <exception cref="InvalidOperationException">It is refused, or taken, already.</exception>
    public bool TryTake()
    {
        if (_isAnswered)
            throw new InvalidOperationException("the machine is refused or taken already");
        _isAnswered = true;
        try
        {
            _channel.Restart();
            new UpdateWord(UpdateWord.Ready, "").Send(_channel);
            IsTaken = UpdateWord.Receive(_channel).Letter == UpdateWord.Go;
        }
        catch (LiveUpdateException failure)
        {
            // The old side may have let go in the meantime, and learns by this that nobody has the machine.
            new UpdateWord(UpdateWord.Failed, failure.Message).TrySend(_channel);
        }
        return IsTaken;
    }

    /// <summary>Tells the old side that the machine is resumed. If the old side is gone, nobody hears it.</summary>
    /// <exception cref="InvalidOperationException">The machine is not taken.</exception>
    public void Confirm()
    {
        if (!IsTaken)
            throw new InvalidOperationException("the machine is not taken");
        _isConfirmed = true;
        _channel.Restart();
        new UpdateWord(UpdateWord.Taken, "").TrySend(_channel);
    }

    /// <summary>Closes every descriptor. If that is the end of a machine that was not taken, or not confirmed, the old side is
    /// told.</summary>
    public void Dispose()
    {
        _isAnswered &= !IsTaken || _isConfirmed;
        Refuse("the new side gave no reason");
        foreach (FileDescriptor descriptor in _eventFds.Values.Concat(_descriptors.Values))
            descriptor.Dispose();
    }

    internal void DisposeUnlessComplete()
    {
        if (!_isComplete)
            Dispose();
    }

    internal void Read(LiveUpdateLimits limits)
    {
        Span<byte> headBytes = stackalloc byte[ParcelFormat.HeadBytes];
        _channel.Receive(headBytes);
        ParcelFormat.Head head = ParcelFormat.ReadHead(headBytes, limits);
        byte[] body = new byte[head.Body];
        _channel.Receive(body);
        ParcelFormat.ReadBody(body, head, this);
        ReadDescriptors();
        _isComplete = true;
    }

    private void ReadDescriptors()
    {
        var came = new List<FileDescriptor>();
        try
        {
            _channel.Receive(SavedEventFds.Count + DescriptorNames.Count,
                number => came.Add(came.Count < SavedEventFds.Count ? EventFdHandle.Adopt(number) : new FileDescriptor(number)));
            foreach (FileDescriptor eventFd in came.Take(SavedEventFds.Count))
                Check(eventFd);
            foreach ((EventFd saved, FileDescriptor eventFd) in SavedEventFds.Zip(came))
                _eventFds.Add(saved, (EventFdHandle)eventFd);
            foreach ((string name, FileDescriptor descriptor) in DescriptorNames.Zip(came.Skip(SavedEventFds.Count)))
                _descriptors.Add(name, descriptor);
            came.Clear();
        }
        finally
        {
            foreach (FileDescriptor left in came)
                left.Dispose();
        }
    }

    /// <summary>A descriptor that is read as an eventfd must be one, must not block its reader, and must give its whole count
    /// at once.</summary>
    private static void Check(FileDescriptor descriptor)
    {
        using FileDescriptor.Lease lease = descriptor.Borrow(out int number);
        if (!EventCounter.IsEventFd(number))
            throw new LiveUpdateException("a descriptor that should be an eventfd is none, or /proc is not there to tell");
        if ((Libc.Control(number, ControlCommands.GetFlags, argument: 0) & OpenFlags.NonBlocking) == 0)
            throw new LiveUpdateException("an eventfd is not non-blocking");
        // Linux says so since 6.5; before, it cannot be told.
        if (File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{number}")).Any(line => line.StartsWith("eventfd-semaphore:", StringComparison.Ordinal) && line.TrimEnd().EndsWith('1')))
            throw new LiveUpdateException("an eventfd is a semaphore");
    }
}
