using Wirq.HostIrq;
using Wirq.Snapshots;
using Wirq.State;

namespace Wirq.Vfio;

/// <content>Saving and restoring a host with its devices.</content>
public sealed partial class VfioHost
{
    /// <summary>Writes a snapshot: the interrupt core, and of each device what is enabled, masked, awaited and braked.
    /// docs/snapshots.md describes the format.</summary>
    /// <returns>The snapshot. The same state gives the same bytes.</returns>
    /// <remarks>Not in it: counts of eventfds, and the devices themselves besides the level of their interrupts. A guest that has an
    /// interrupt goes on to have it: a ONESHOT line stays masked, and its unmask stays owed.</remarks>
    /// <exception cref="InvalidOperationException">Effects wait: carry them out first.</exception>
    public byte[] Save() => HostSnapshot.Write(Events, Move);

    /// <summary>Takes over the state of a snapshot of a host that was built from equal options. Nothing is signalled or
    /// run.</summary>
    /// <param name="snapshot">The snapshot. It may be anything: everything is checked before anything changes.</param>
    /// <param name="eventFds">Gives each eventfd of the saved host, 0 or above, its number in this process; null if they have the
    /// same numbers. Each must exist here. A negative number is none: what was to be signalled by it is lost.</param>
    /// <remarks>Deadlines are as far away as they were. A count of an unmask eventfd that is pending is heard of by
    /// <see cref="EventFdWritten"/>, as any other.</remarks>
    /// <exception cref="SnapshotException">The snapshot cannot be restored. The host is as before.</exception>
    /// <exception cref="InvalidOperationException">Effects wait: carry them out first.</exception>
    public void Restore(ReadOnlySpan<byte> snapshot, Func<int, int>? eventFds = null)
    {
        HostSnapshot.DemandRest(Events);
        var read = new VfioHost(Options, _eventFds);
        HostSnapshot.Read(snapshot, Events.Now, read.Move);
        read.MapEventFds(eventFds ?? (fd => fd), snapshot.Length);
        Arena.CopyFrom(read.Arena, read._firstBlock, _firstBlock, _blocks);
        Events.Now = read.Events.Now;
    }

    /// <summary>A snapshot may name anything; only eventfds are ever signalled or read.</summary>
    private void MapEventFds(Func<int, int> map, int length)
    {
        for (int device = 0; device < _devices.Count; device++)
        {
            EachEventFd(device, (ref int place) =>
            {
                int fd = map(place - 1);
                if (fd >= 0 && !_eventFds.Exists(fd))
                    throw new SnapshotException(length, $"devices[{device}]: eventfd {place - 1}", $"{fd} in this process", "an eventfd, or a negative number for none");
                place = Math.Max(-1, fd) + 1;
            });
        }
    }

    private void Move(SnapshotFields f)
    {
        f.Section(SectionId.HostShape, "hostShape", () =>
        {
            HostShape.Move(f, Options.Irqs);
            MoveShape(f);
        });
        f.Section(SectionId.HostIrqs, "hostIrqs", () => Irqs.MoveState(f));
        f.Section(SectionId.Vfio, "vfio", () =>
        {
            f.Row("otherLevels", _lines.Count, line => _lines[line].Others = f.Flag("high", _lines[line].Others != 0) ? (ushort)1 : (ushort)0);
            f.Row("devices", _devices.Count, device => MoveDevice(f, device));
            CheckActions(f);
            CheckLevels(f);
        });
    }

    private void MoveShape(Fields f)
    {
        HostShape.Is(f, "devices", Options.Devices.Count);
        f.Row("device", Options.Devices.Count, device =>
        {
            VfioDeviceOptions its = OptionsOf(device);
            HostShape.Is(f, "bus", (int)its.Bus);
            HostShape.Is(f, "line", its.Line ?? -1);
            HostShape.Is(f, "mode", (int)its.EffectiveMode);
            HostShape.Is(f, "can", HostShape.Bits(its.HasIntxDisable, its.IsExpress, its.HasDynamicMsix, its.DisablesUnlazily));
            HostShape.Is(f, "msiVectors", its.MsiVectors);
            HostShape.Is(f, "msixVectors", its.MsixVectors);
            HostShape.Is(f, "grantedVectors", its.GrantedVectors);
            HostShape.Is(f, "oneshotTimeout", its.OneshotTimeout);
            HostShape.Is(f, "stormLimit", its.StormLimit);
            HostShape.Is(f, "stormWindow", its.StormWindow);
            HostShape.Is(f, "stormDelay", its.StormDelay);
        });
    }

    private void MoveDevice(Fields f, int device)
    {
        VfioDeviceOptions options = OptionsOf(device);
        VfioDeviceState its = _devices[device];
        its.Type = f.Choice("type", its.Type);
        its.Action = (byte)f.Number("action", its.Action, 0, Options.Irqs.Actions);
        its.Masked = f.Flag("masked", its.Masked);
        its.Waits = f.Flag("waits", its.Waits);
        its.VirtualDisable = f.Flag("virtualDisable", its.VirtualDisable);
        its.IntxDisable = f.Flag("intxDisable", its.IntxDisable);
        its.Asserts = f.Flag("asserts", its.Asserts);
        its.Deadline = f.Time("deadline", its.Deadline, never: 0);
        its.StormCount = f.Number("stormCount", its.StormCount, 0, options.StormLimit);
        its.StormSince = f.Time("stormSince", its.StormCount == 0 ? long.MinValue : its.StormSince, never: long.MinValue);
        if (its.StormCount == 0)
            its.StormSince = 0;
        its.StormDeadline = f.Time("stormDeadline", its.StormDeadline, never: 0);
        its.Trigger = MoveFd(f, "trigger", its.Trigger);
        its.UnmaskFd = MoveFd(f, "unmaskEventFd", its.UnmaskFd);
        its.MaskFd = MoveFd(f, "maskEventFd", its.MaskFd);
        its.Err = MoveFd(f, "errEventFd", its.Err);
        its.Req = MoveFd(f, "reqEventFd", its.Req);
        its.Allocated = (ushort)f.Number("vectors", its.Allocated, 0, options.GrantedVectors);
        f.Demand(its.Work == 0, "work", "yes", "none: it is an effect that waits");
        if (f.IsReading)
            _devices[device] = its;
        CheckDevice(f, device, its);
        CheckStorm(f, device, its);
        MoveVectors(f, device, its);
    }

    private static int MoveFd(Fields f, string name, int descriptor) => f.Number(name, descriptor - 1, -1, int.MaxValue - 1) + 1;

    /// <summary>Moves the vectors of the messages that are enabled.</summary>
    private void MoveVectors(Fields f, int device, VfioDeviceState its)
    {
        int count = its.SendsMessages ? CountOf(OptionsOf(device), (uint)IndexOf(its.Type)) : 0, granted = 0;
        f.Row("vector", count, vector =>
        {
            ref VfioVectorState one = ref Vector(device, vector);
            one.Granted = f.Flag("granted", one.Granted);
            f.Demand(one.Granted == 0 || granted == vector || IsDynamic(device), "granted", "yes", "no: vectors are granted from the first on");
            granted += one.Granted;
            one.Trigger = MoveFd(f, "eventFd", one.Trigger);
            f.Demand(one.Trigger == 0 || one.Granted != 0, "eventFd", $"{one.Trigger - 1}", "none: the vector is not granted");
        });
        f.Demand(granted == its.Allocated && (granted != 0 || count == 0), "vectors", $"{its.Allocated}", "as many as are granted");
    }
}
