using Wirq.Lab.Scenarios;
using Wirq.Routing;

namespace Wirq.Lab.Worlds;

/// <summary>One vector of a device, or its line.</summary>
/// <param name="Handle">Its virq.</param>
/// <param name="Trigger">The eventfd that the device writes; none if it calls.</param>
/// <param name="Resample">The eventfd by which it gets acknowledges.</param>
internal readonly record struct DeviceVirq(VirqHandle Handle, EventFd Trigger, EventFd Resample);

/// <content>Devices that interrupt by virqs, and time, which the kernel also keeps.</content>
public sealed partial class World
{
    private readonly VirqHost? _host;
    private readonly DeviceVirq[]?[] _deviceVirqs;

    internal VirqHost? Host => _host;

    /// <summary>The next virtual time at which a timer expires, in ns.</summary>
    internal long NextDeadline => Math.Min(Math.Min(Fabric.NextDeadline, _host?.Kernel?.NextDeadline ?? long.MaxValue), _below?.NextDeadline ?? long.MaxValue);

    /// <summary>The virqs of a device; none if it has a source, or sends its message directly.</summary>
    internal IReadOnlyList<DeviceVirq> VirqsOf(int device) => _deviceVirqs[device] ?? [];

    /// <summary>Whether an interrupt of a masked virq is pending: the bit of a PBA.</summary>
    internal bool IsPending(DeviceVirq virq) =>
        Fabric.RouteCache!.IsPending(virq.Handle, out EventFd ask) || ask.Exists && _host!.EventFds.IsReadable(ask);

    private void Advance(long now)
    {
        Fabric.Advance(now);
        _host?.Kernel?.Advance(now);
        _below?.Advance(now);
        if (_guest is not null)
            _guest.Events.Now = now;
    }

    private void ConnectVirqs(int device)
    {
        DeviceSpec spec = Spec.Devices[device];
        RouteCache virqs = Fabric.RouteCache!;
        var made = new DeviceVirq[spec.Vectors];
        for (int vector = 0; vector < made.Length; vector++)
        {
            string label = made.Length == 1 ? spec.Name : $"{spec.Name} vector {vector}";
            VirqHandle handle = spec.Gsi >= 0
                ? Fabric.ConnectVirq(spec.Gsi, label, spec.Kind == SourceKind.Edge ? VirqKind.Edge : VirqKind.Level)
                : virqs.Register(label, spec.Requester, spec.Prefault);
            made[vector] = new DeviceVirq(handle, spec.HasEventFd ? _host!.EventFds.Create(handle.Slot) : EventFd.None,
                spec.Resamples ? _host!.EventFds.Create() : EventFd.None);
            // A kernel that owns the line gets both at once.
            if (made[vector].Resample.Exists)
                virqs.AttachResample(handle, made[vector].Resample);
            if (made[vector].Trigger.Exists)
                virqs.Attach(handle, made[vector].Trigger);
        }
        _deviceVirqs[device] = made;
        if (spec.Gsi >= 0)
            Own(device, Fabric.SourceAt(virqs.SourceOf(made[0].Handle)));
    }

    /// <summary>The drivers of devices program their messages, after the set-up by firmware and of remapping.</summary>
    private void ProgramVirqs()
    {
        for (int device = 0; device < _deviceVirqs.Length; device++)
        {
            DeviceSpec spec = Spec.Devices[device];
            for (int vector = 0; spec.Gsi < 0 && vector < VirqsOf(device).Count; vector++)
                Fabric.RouteCache!.SetMessage(VirqsOf(device)[vector].Handle, MessageOf(spec.Message, vector));
        }
    }

    /// <summary>The message of a vector. In remappable format, vectors have consecutive entries of the remapping table.
    /// Otherwise all vectors have one message.</summary>
    private static Msi MessageOf(Msi first, int vector) => first.Address.Remappable
        ? first with { Address = MsiAddress.ForHandle((ushort)(first.Address.Handle + vector), first.Address.SubhandleValid) }
        : first;

    /// <summary>A device interrupts: it writes its eventfd, like a device in another process, or makes a
    /// call.</summary>
    private void Signal(int device, int vector)
    {
        DeviceVirq virq = _deviceVirqs[device]![vector];
        if (virq.Trigger.Exists)
            _host!.EventFds.WriteByDevice(virq.Trigger);
        else
            Fabric.RouteCache!.Trigger(virq.Handle);
    }

    private void Do(DeviceStep step, DeviceVirq[] virqs)
    {
        (int first, int last) = step.Vector < 0 ? (0, virqs.Length - 1) : (step.Vector, step.Vector);
        for (int vector = first; vector <= last; vector++)
        {
            VirqHandle handle = virqs[vector].Handle;
            switch (step.Action)
            {
                case DeviceAction.Send:
                    Signal(step.Device, vector);
                    break;
                case DeviceAction.Mask:
                    Fabric.RouteCache!.Mask(handle);
                    break;
                case DeviceAction.Unmask:
                    Fabric.RouteCache!.Unmask(handle);
                    break;
                case DeviceAction.Message:
                    Fabric.RouteCache!.SetMessage(handle, MessageOf(step.Message, vector - first));
                    break;
                case DeviceAction.Remove:
                    Fabric.DisposeVirq(handle);
                    break;
            }
        }
    }

    /// <summary>The level of INTR of the 8259s, whoever has them; null if there are none.</summary>
    internal bool? IsIntrHigh => Spec.Kernel == KernelModel.Full ? _host!.Kernel!.PicIntr : Fabric.Pic?.Intr;

    /// <summary>Where a kernel owns the I/OAPIC it signals resample eventfds by itself. A device whose eventfd was signalled reads it
    /// at once.</summary>
    private void HearResamples()
    {
        if (Spec.Kernel != KernelModel.Full)
            return;
        for (int device = 0; device < _deviceVirqs.Length; device++)
        {
            if (_deviceVirqs[device] is not [{ Resample.Exists: true } virq] || _devices[device].Removed != 0 || !_host!.EventFds.Read(virq.Resample))
                continue;
            Journal.NoteAck(device);
            if (_devices[device].Wants != 0)
                Assert(device);
        }
    }

    /// <summary>Whether a device gets an acknowledge: by a call, or by its resample eventfd, which it reads.</summary>
    private bool Hears(int device) => IsBelow(device) ||
        _deviceVirqs[device] is not [{ Resample.Exists: true } virq] || _host!.EventFds.Read(virq.Resample);
}
