using Wirq.Events;
using Wirq.Routing;
using Wirq.State;

namespace Wirq.Lab.Kernels;

/// <summary>The eventfds of a simulated host, their descriptors, and one poll over them (epoll, level-triggered). The
/// machines of several <see cref="SimulatedKernel"/>s may share them.</summary>
/// <remarks>
/// <para>A write is consumed by the irqfd to which the eventfd is bound, if any. Otherwise its count grows, and the
/// poll is woken. The poll has no callback: <see cref="TryTakeReadable"/> reports a readable eventfd repeatedly until
/// it is read.</para>
/// <para>Not supported: waiting (a call that would wait fails with EAGAIN, as with O_NONBLOCK), edge-triggered polls,
/// several polls, descriptors that are not eventfds.</para>
/// <para>Source: Linux fs/eventfd.c, fs/eventpoll.c. Not thread-safe; see <see cref="LockedKernel"/>.</para>
/// </remarks>
public sealed partial class SimulatedEventFds : IEventPort
{
    /// <summary>The highest number of eventfds, and of descriptors.</summary>
    public const int MaxCapacity = 65536;

    private const ulong Full = ulong.MaxValue - 1;
    private readonly StateArena _arena;
    private readonly (int Start, int Count) _region;
    private readonly Block<DescriptorState> _descriptors;
    private readonly Block<EventFdState> _files;
    private readonly Block<PollState> _poll;
    private readonly List<SimulatedKernel> _machines = [];

    /// <summary>Creates a host without eventfds.</summary>
    /// <param name="capacity">The highest number of eventfds, and of descriptors, 1 to
    /// <see cref="MaxCapacity"/>.</param>
    /// <param name="arena">The arena for their state.</param>
    public SimulatedEventFds(int capacity, StateArena arena)
    {
        ArgumentNullException.ThrowIfNull(arena);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, MaxCapacity);
        _arena = arena;
        int start = arena.Count;
        _files = arena.Reserve<EventFdState>(capacity, MakeCanonical);
        _descriptors = arena.Reserve<DescriptorState>(capacity, MakeCanonical);
        _poll = arena.ReserveDerived<PollState>();
        _region = (start, arena.Count - start);
    }

    // A read takes the whole count. So its value matters only near the maximum, or for a semaphore.
    private static void MakeCanonical(Span<EventFdState> copy, long now)
    {
        foreach (ref EventFdState file in copy)
        {
            if (file.Semaphore == 0 && file.Count is not 0 and <= Full / 2)
                file.Count = 1;
        }
    }

    // A descriptor on the poll's list that has nothing to read is only found empty at the next check.
    private void MakeCanonical(Span<DescriptorState> copy, long now)
    {
        foreach (ref DescriptorState descriptor in copy)
        {
            if (descriptor.Ready != 0 && _files[descriptor.FileAndOne - 1].Count == 0)
                descriptor.Ready = 0;
        }
    }

    /// <summary>The highest number of eventfds.</summary>
    public int Capacity => _files.Count;

    /// <summary>The number of times that the poll reported an eventfd, that is, woke userspace. Not part of the
    /// state.</summary>
    public long Notifications { get; private set; }

    /// <summary>Receives <see cref="EventKind.VirqSignalled"/> for eventfds of a virq; null for none.</summary>
    public EventBuffer? Observer { get; set; }

    /// <summary>Called with each descriptor of an eventfd that was written, unless irqfds served it: another waiter, such as the
    /// unmask eventfd of VFIO, acts where it is written. Null for none.</summary>
    internal Action<int>? Woken { get; set; }

    /// <summary>Real eventfds that share what is done with these; null for none. Descriptors cannot be duplicated then.</summary>
    internal IEventFdTwin? Twin { get; set; }

    /// <summary>Takes over the state of a host that was built in the same way. The state of the machines is copied
    /// separately.</summary>
    /// <exception cref="ArgumentException">The layouts differ.</exception>
    public void CopyFrom(SimulatedEventFds other)
    {
        ArgumentNullException.ThrowIfNull(other);
        _arena.CopyFrom(other._arena, other._region.Start, _region.Start, _region.Count);
    }

    /// <summary>Creates an eventfd (eventfd2, EFD_NONBLOCK).</summary>
    /// <param name="virq">The virq that it belongs to, for events; -1 for none.</param>
    /// <param name="semaphore">EFD_SEMAPHORE: a read takes one, not the whole count.</param>
    /// <param name="count">The initial count.</param>
    /// <exception cref="KernelException">EMFILE: the limit is reached.</exception>
    public EventFd Create(int virq = -1, bool semaphore = false, uint count = 0)
    {
        int file = 0;
        while (file < _files.Count && _files[file].Descriptors != 0)
            file++;
        int number = FreeDescriptor();
        if (file == _files.Count || number < 0)
            throw OutOfDescriptors("eventfd2");
        _files[file] = new EventFdState
        {
            Count = count, Descriptors = 1, Semaphore = semaphore ? 1 : 0, Virq = virq,
        };
        _descriptors[number] = new DescriptorState { FileAndOne = file + 1 };
        Twin?.Created(new EventFd(number));
        return new EventFd(number);
    }

    /// <summary>Creates another descriptor of the same eventfd (dup).</summary>
    /// <exception cref="KernelException">EBADF, EMFILE.</exception>
    public EventFd Duplicate(EventFd fd)
    {
        int file = FileOf(fd, "dup");
        int number = FreeDescriptor();
        if (number < 0)
            throw OutOfDescriptors("dup");
        _files[file].Descriptors++;
        _descriptors[number] = new DescriptorState { FileAndOne = file + 1 };
        return new EventFd(number);
    }

    /// <summary>Closes a descriptor. Closing the last descriptor of an eventfd releases its irqfds
    /// (EPOLLHUP).</summary>
    /// <exception cref="KernelException">EBADF.</exception>
    public void Close(EventFd fd)
    {
        int file = FileOf(fd, "close");
        _files[file].Watchers -= _descriptors[fd.Number].Watched;
        _descriptors[fd.Number] = default;
        if (_files[file].Descriptors > 1)
        {
            _files[file].Descriptors--;
            return;
        }
        Twin?.Closed(fd);
        foreach (SimulatedKernel machine in _machines)
            machine.Forget(file);
        _files[file] = default;
    }

    /// <summary>Sets the virq to which an eventfd belongs, for events.</summary>
    /// <exception cref="KernelException">EBADF.</exception>
    public void SetVirq(EventFd fd, int virq) => _files[FileOf(fd, "fcntl")].Virq = virq;

    /// <summary>A device writes an eventfd: as <see cref="Write(EventFd)"/>, and <see cref="EventKind.VirqSignalled"/>
    /// is reported.</summary>
    /// <param name="fd">The eventfd.</param>
    /// <param name="count">The value to add. It is one write, for any value.</param>
    /// <exception cref="KernelException">EBADF; EAGAIN: it is full; EINVAL: all ones cannot be added.</exception>
    public void WriteByDevice(EventFd fd, ulong count = 1)
    {
        int file = FileOf(fd, "write");
        if (Observer is { Observing: true } observer && _files[file].Virq >= 0)
            observer.Observe(new Event(EventKind.VirqSignalled, (ushort)_files[file].Virq));
        Write(fd, count);
    }

    /// <inheritdoc/>
    public void Write(EventFd fd) => Write(fd, 1);

    /// <summary>Adds to an eventfd.</summary>
    /// <exception cref="KernelException">EBADF; EAGAIN: it is full; EINVAL: all ones cannot be added.</exception>
    public void Write(EventFd fd, ulong count)
    {
        int file = FileOf(fd, "write");
        ref EventFdState state = ref _files[file];
        if (count == ulong.MaxValue)
            throw new KernelException("write", Errno.Invalid, -1, "an eventfd holds at most 2^64 - 2");
        if (count > Full - Math.Min(state.Count, Full))
            throw new KernelException("write", Errno.Again, -1, "the eventfd is full; read it first");
        // A write of 0 is still a write, so a bound irqfd injects (eventfd_write).
        state.Count += count;
        Twin?.Written(fd, count);
        Wake(file);
    }

    /// <summary>The kernel itself signals an eventfd (eventfd_signal): the count saturates.</summary>
    internal void SignalFile(int file)
    {
        ref EventFdState state = ref _files[file];
        if (state.Count != ulong.MaxValue)
            state.Count++;
        Wake(file);
    }

    /// <inheritdoc/>
    public bool Read(EventFd trigger) => TryRead(trigger, out _);

    /// <summary>Reads an eventfd without waiting.</summary>
    /// <param name="fd">The eventfd.</param>
    /// <param name="value">The value that was read: the whole count, or 1 for a semaphore; 0 for none.</param>
    /// <returns>Whether its count was not zero.</returns>
    /// <exception cref="KernelException">EBADF.</exception>
    public bool TryRead(EventFd fd, out ulong value)
    {
        value = Consume(FileOf(fd, "read"));
        Twin?.Read(fd, value);
        return value != 0;
    }

    /// <inheritdoc/>
    public bool IsReadable(EventFd trigger) => _files[FileOf(trigger, "poll")].Count != 0;

    /// <summary>The count of an eventfd, as /proc shows it.</summary>
    /// <exception cref="KernelException">EBADF.</exception>
    public ulong CountOf(EventFd fd) => _files[FileOf(fd, "fdinfo")].Count;

    /// <summary>Whether a descriptor is open.</summary>
    internal bool IsOpen(int number) => (uint)number < (uint)_descriptors.Count && _descriptors[number].FileAndOne != 0;

    /// <summary>The eventfd of a descriptor.</summary>
    internal int FileOf(EventFd fd, string call, int gsi = -1)
    {
        int number = fd.Number;
        int file = (uint)number < (uint)_descriptors.Count ? _descriptors[number].FileAndOne - 1 : -1;
        return file >= 0 ? file
            : throw new KernelException(call, Errno.BadDescriptor, gsi, $"{fd} is not open");
    }

    internal ref EventFdState File(int file) => ref _files[file];

    internal void Join(SimulatedKernel machine) => _machines.Add(machine);

    /// <summary>A machine released an eventfd: the machines that bound it later move up in the order.</summary>
    internal void MoveUp(int file, int order)
    {
        foreach (SimulatedKernel machine in _machines)
            machine.MoveUp(file, order);
    }

    /// <summary>Reads an eventfd (eventfd_ctx_do_read).</summary>
    internal ulong Consume(int file)
    {
        ref EventFdState state = ref _files[file];
        ulong taken = state.Semaphore != 0 && state.Count != 0 ? 1 : state.Count;
        state.Count -= taken;
        return taken;
    }

    private int FreeDescriptor()
    {
        for (int number = 0; number < _descriptors.Count; number++)
        {
            if (_descriptors[number].FileAndOne == 0)
                return number;
        }
        return -1;
    }

    private KernelException OutOfDescriptors(string call) =>
        new(call, Errno.TooManyFiles, -1, $"all {Capacity} eventfds of this host are in use");

    /// <summary>Wakes the waiters of an eventfd, in order: irqfds come first.</summary>
    private void Wake(int file)
    {
        if (_files[file].Bindings != 0 && Serve(file))
            return;
        for (int number = 0; Woken is not null && number < _descriptors.Count; number++)
        {
            if (_descriptors[number].FileAndOne == file + 1)
                Woken(number);
        }
        if (_files[file].Watchers == 0)
            return;
        for (int number = 0; number < _descriptors.Count; number++)
        {
            ref DescriptorState descriptor = ref _descriptors[number];
            if (descriptor.Watched != 0 && descriptor.FileAndOne == file + 1)
                descriptor.Ready = 1;
        }
    }

    /// <summary>Lets the irqfds of an eventfd serve it.</summary>
    /// <returns>True if the waiters after them are not woken.</returns>
    private bool Serve(int file)
    {
        bool stopped = false;
        foreach (SimulatedKernel machine in _machines)
            stopped |= machine.Serve(file);
        return stopped;
    }
}
