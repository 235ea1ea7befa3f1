using Wirq.Events;

namespace Wirq.Vfio;

/// <content>The storm brake: a device that no unmask of its guest quietens must not keep the host from doing anything else.
/// Only its own unmask waits; sharers of its line and other guests go on.</content>
public sealed partial class VfioHost
{
    /// <summary>Whether the storm brake holds a device: its guest has unmasked it, and VFIO does so when the time has
    /// come.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    public bool IsBraked(int device) => The(device).StormDeadline != 0;

    /// <summary>Counts an unmask that finds the device still asserting.</summary>
    /// <returns>Whether the unmask has to wait.</returns>
    private bool Brake(int device, ref VfioDeviceState its)
    {
        VfioDeviceOptions options = OptionsOf(device);
        if (options.StormLimit == 0 || its.Asserts == 0)
            return false;
        if (its.StormCount == 0 || Events.Now - its.StormSince > options.StormWindow)
            (its.StormCount, its.StormSince) = (0, Events.Now);
        if (its.StormCount < options.StormLimit)
            its.StormCount++;
        if (its.StormCount < options.StormLimit)
            return false;
        // 0 stands for a brake that does not hold.
        its.StormDeadline = Math.Max(1, Events.Now + options.StormDelay);
        // The count stays, and with it the storm: it is over if no unmask finds the device asserting for a window from here.
        its.StormSince = its.StormDeadline;
        // The guest has finished in time.
        its.Deadline = 0;
        if (Events.Observing)
            Events.Observe(new VfioStormBraked(device, options.Line!.Value, its.StormDeadline).ToEvent());
        return true;
    }

    /// <summary>The brake no longer holds a device. If nobody has masked it meanwhile, the unmask that waited has to be
    /// done.</summary>
    private void Unbrake(int device, ref VfioDeviceState its)
    {
        if (its.StormDeadline == 0)
            return;
        its.StormDeadline = 0;
        if (Events.Observing)
            Events.Observe(new Event(EventKind.VfioStormReleased, (ushort)device, (uint)OptionsOf(device).Line!.Value));
    }

    /// <summary>Does the unmask that waited.</summary>
    private void LetGo(int device, ref VfioDeviceState its)
    {
        Unbrake(device, ref its);
        if (Open(device, ref its))
            Signal(device);
    }

    /// <summary>The device's interrupt fell: whoever served it does not wait, and the count begins anew.</summary>
    private void ForgetStorm(int device, ref VfioDeviceState its)
    {
        (its.StormCount, its.StormSince) = (0, 0);
        if (its.StormDeadline != 0)
            LetGo(device, ref its);
    }
}
