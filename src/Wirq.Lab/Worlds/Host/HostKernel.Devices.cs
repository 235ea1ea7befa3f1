using Wirq.Lab.Scenarios;
using Wirq.Routing;
using Wirq.Vfio;

namespace Wirq.Lab.Worlds;

/// <content>The devices, the way back of those that are passed on, and eventfds.</content>
internal sealed partial class HostKernel
{
    /// <summary>The interrupt of a device rises or falls.</summary>
    internal void SetLevel(int device, bool high)
    {
        if (_passedOf[device] is >= 0 and var passed)
        {
            Vfio!.SetLevel(passed, high);
            return;
        }
        int line = _world.Spec.Devices[device].HostLine;
        for (int other = 0; other < _world.Spec.Devices.Count && !high; other++)
            high = other != device && _world.Spec.Devices[other].HostLine == line && _world.Wants(other);
        if (Vfio is null)
            Irqs.SetLevel(line, high);
        else
            Vfio.SetOthersLevel(line, high);
    }

    /// <summary>The machine has acknowledged the line of a passed device.</summary>
    internal void Acknowledged(int device)
    {
        if (_passedOf[device] is not (>= 0 and var passed) || _world.DesignKeeps(device))
            return;
        if (_world.Spec.Devices[device].Vfio!.Back == UnmaskWay.Ack)
            Unmask(device);
        // Such a VMM holds the line up from the event to the access.
        else if (_passed[passed].IsPending != 0)
            _world.HoldUp(device);
    }

    /// <summary>The guest accesses a device.</summary>
    internal void Accessed(int device)
    {
        if (_passedOf[device] is not (>= 0 and var passed) || _passed[passed].IsPending == 0)
            return;
        _passed[passed].IsPending = 0;
        Unmask(device);
    }

    /// <summary>The VMM unmasks a device by a call.</summary>
    internal void Unmask(int device)
    {
        CountUnmask(device);
        Vfio!.Acknowledged(_passedOf[device]);
    }

    private void CountUnmask(int device)
    {
        int passed = _passedOf[device];
        Counts.Note(HostWord.Unmasks, device);
        if (!Vfio!.IsMasked(passed) && !Vfio.IsWaiting(passed))
            Counts.Note(HostWord.Idle, device);
        else if (_world.Wants(device))
            Counts.Note(HostWord.Early, device);
    }

    /// <summary>A device is taken out: it asserts nothing any more, and the process closes it.</summary>
    internal void Remove(int device)
    {
        SetLevel(device, false);
        if (_passedOf[device] is >= 0 and var passed)
            Vfio!.Close(passed);
    }

    /// <summary>The process is about to be replaced.</summary>
    internal void LiveUpdate()
    {
        for (int passed = 0; passed < _deviceOf.Length; passed++)
            Vfio!.LiveUpdate(passed);
    }

    // --- eventfds

    private void Written(int descriptor)
    {
        foreach (int device in _deviceOf)
        {
            if (_world.Spec.Devices[device].Vfio!.Back == UnmaskWay.EventFd && _world.VirqsOf(device) is [var virq, ..] && virq.Resample.Number == descriptor
                && _eventFds!.IsReadable(virq.Resample))
                CountUnmask(device);
        }
        Vfio!.EventFdWritten(descriptor);
    }

    /// <summary>An eventfd as a step names it.</summary>
    internal EventFd FdOf(int name, int device) => name switch
    {
        EventFdName.None => EventFd.None,
        EventFdName.Closed => new EventFd(int.MaxValue - 1),
        EventFdName.Resample => _world.VirqsOf(device)[0].Resample,
        <= EventFdName.Resample => _world.VirqsOf(device)[EventFdName.Trigger - name].Trigger,
        _ => _named[name],
    };

    internal ulong CountOf(EventFd fd) => fd.Exists ? _eventFds!.CountOf(fd) : 0;

    internal void Write(EventFd fd) => _eventFds!.Write(fd);

    internal void Read(EventFd fd) => _eventFds!.Read(fd);

    bool IVfioEventFds.Exists(int fd) => _eventFds!.IsOpen(fd);

    bool IVfioEventFds.IsReadable(int fd) => _eventFds!.IsOpen(fd) && _eventFds.IsReadable(new EventFd(fd));

    void IVfioEventFds.Drain(int fd) => Read(new EventFd(fd));
}
