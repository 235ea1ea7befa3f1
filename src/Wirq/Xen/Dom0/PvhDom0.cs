using System.Runtime.InteropServices;
using Wirq.State;

namespace Wirq.Xen;

/// <summary>A device of the machine that dom0 can pass on.</summary>
/// <param name="Device">Its number on dom0's root bus, 0 to 31.</param>
/// <param name="Pin">Its interrupt pin; null if it has none.</param>
/// <param name="GuestDevice">Its number on the guest's root bus, 0 to 31.</param>
public sealed record PassedDevice(int Device, PciInterruptPin? Pin, byte GuestDevice)
{
    /// <summary>Its address in the machine.</summary>
    public XenPciDevice Address => new((uint)Device << 3);
}

/// <summary>A PVH dom0 with pciback, a toolstack and a device model: what they call to pass a device on, in the order that was
/// merged or by another design.</summary>
/// <remarks>A model: the calls go to <see cref="Xen.Pirqs"/> and <see cref="Xen.Passthrough"/> as bytes, as those of a guest do.
/// What a design adds to the hypervisor stands here and not there.</remarks>
public sealed class PvhDom0
{
    private const byte AnyVector = 0x30;

    private readonly ushort _id;
    private readonly AcpiRouting _acpi;
    private readonly PassthroughDesign _design;
    private readonly Block<Dom0Pin> _pins;

    /// <summary>Makes a dom0 whose pins are masked.</summary>
    /// <param name="pirqs">The hypervisor's PIRQs. Their hardware domain is this one.</param>
    /// <param name="passthrough">The hypervisor's way of passing interrupts.</param>
    /// <param name="acpi">What it reads from ACPI.</param>
    /// <param name="design">How devices are passed on.</param>
    /// <param name="arena">Where its I/OAPIC's entries are kept.</param>
    /// <exception cref="ArgumentException">There is no hardware domain.</exception>
    public PvhDom0(Pirqs pirqs, Passthrough passthrough, AcpiRouting acpi, PassthroughDesign design, StateArena arena)
    {
        ArgumentNullException.ThrowIfNull(pirqs);
        ArgumentNullException.ThrowIfNull(passthrough);
        ArgumentNullException.ThrowIfNull(acpi);
        ArgumentNullException.ThrowIfNull(arena);
        _id = pirqs.Options.Hardware?.Id
            ?? throw new ArgumentException("there is no hardware domain", nameof(pirqs));
        (Pirqs, Passthrough, _acpi, _design) = (pirqs, passthrough, acpi, design);
        _pins = arena.Reserve<Dom0Pin>(pirqs.Options.Gsis);
        foreach (ref Dom0Pin pin in _pins.Span)
            pin.Entry = RedirectionEntry.Reset.Bits;
    }

    /// <summary>The hypervisor's PIRQs.</summary>
    public Pirqs Pirqs { get; }
    /// <summary>The hypervisor's way of passing interrupts.</summary>
    public Passthrough Passthrough { get; }

    /// <summary>Whether an EOI at a masked pin of a guest ends nothing in the machine, and neither does the unmask later: as in
    /// Xen before commit eb298f32fa (2021).</summary>
    public bool MaskedEoiEndsNothing { get; init; }

    /// <summary>A guest ended the interrupt of a pin of its I/OAPIC.</summary>
    /// <param name="domain">The domain's id.</param>
    /// <param name="gsi">The GSI of the pin.</param>
    /// <param name="masked">Whether the pin is masked.</param>
    public void GuestEoi(ushort domain, int gsi, bool masked) => Passthrough.GuestEoi(domain, gsi, ends: !(masked && MaskedEoiEndsNothing));

    private XenVersion Version => Pirqs.Options.Version;

    /// <summary>dom0 writes an entry of its I/OAPIC.</summary>
    /// <param name="gsi">The GSI of the pin.</param>
    /// <param name="entry">The entry.</param>
    /// <returns>Why it did not get the interrupt, if it unmasked the pin.</returns>
    public XenError WriteEntry(int gsi, RedirectionEntry entry)
    {
        ref Dom0Pin pin = ref _pins[gsi];
        var former = new RedirectionEntry(pin.Entry);
        pin.Entry = entry.Bits;
        if (_design == PassthroughDesign.MapOnAnyWrite)
            Map(_id, gsi, gsi, out _);
        ref MachineIrq irq = ref Pirqs.Machine(gsi);
        if (_design == PassthroughDesign.SetUpWhileMasked && irq.Guests == 0)
        {
            irq.Configured = 0;
            Pirqs.SetUp(Pirqs.The(_id), gsi, entry.Level, entry.ActiveLow);
        }
        return Passthrough.EntryWritten(_id, gsi, entry, former);
    }

    /// <summary>A driver of dom0 enables a device: it writes the entry as ACPI says, and unmasks it.</summary>
    /// <param name="device">The device.</param>
    public XenError Enable(PassedDevice device) =>
        Look(device) is { } its ? Unmask(its.Gsi, its.Level, its.ActiveLow) : XenError.NoSuchEntry;

    /// <summary>dom0 writes an entry of its I/OAPIC while the pin is masked, and unmasks it.</summary>
    internal XenError Unmask(int gsi, bool level, bool activeLow)
    {
        WriteEntry(gsi, RedirectionEntry.Create(AnyVector, 0, level: level, activeLow: activeLow, masked: true));
        return WriteEntry(gsi, RedirectionEntry.Create(AnyVector, 0, level: level, activeLow: activeLow));
    }

    /// <summary>The way of a device to a guest.</summary>
    /// <param name="device">The device.</param>
    /// <param name="guest">The id of the guest's domain.</param>
    /// <param name="without">Steps that are left out.</param>
    /// <returns>What each step got, in order. The first one that fails ends the way, but for a device without a pin, whose
    /// way goes on without an interrupt.</returns>
    public IReadOnlyList<(PassthroughStep Step, XenError Answer)> Pass(PassedDevice device, ushort guest, params ReadOnlySpan<PassthroughStep> without)
    {
        ArgumentNullException.ThrowIfNull(device);
        var answers = new List<(PassthroughStep, XenError)>();
        int pirq = -1;
        foreach (PassthroughStep step in Enum.GetValues<PassthroughStep>())
        {
            bool needsPin = step is not (PassthroughStep.Take or PassthroughStep.AskGsi or PassthroughStep.Assign);
            if (without.Contains(step) || needsPin && Look(device) is null)
                continue;
            XenError answer = Do(step, device, guest, ref pirq);
            answers.Add((step, answer));
            bool goesOn = answer == XenError.None || answer == XenError.NoSuchEntry && device.Pin is null;
            if (!goesOn)
                break;
        }
        return answers;
    }

    private XenError Do(PassthroughStep step, PassedDevice device, ushort guest, ref int pirq)
    {
        int gsi = Look(device)?.Gsi ?? -1;
        switch (step)
        {
            case PassthroughStep.Take:
                return Take(device);
            case PassthroughStep.AskGsi:
                return gsi < 0 ? XenError.NoSuchEntry : XenError.None;
            // In these two designs the call that binds maps.
            case PassthroughStep.Map when _design is PassthroughDesign.MapAtBind or PassthroughDesign.DeviceModelOperation:
                return XenError.None;
            case PassthroughStep.Map:
                return Map(guest, gsi, -1, out pirq);
            case PassthroughStep.Bind:
                return Bind(guest, gsi, ref pirq, device);
            case PassthroughStep.MapAgain:
                return Map(guest, gsi, -1, out pirq);
            case PassthroughStep.Permit:
                return Passthrough.Domctl(_id, _design == PassthroughDesign.SetUpInPciback
                    ? Domctl.GsiPermission(Version, guest, (uint)gsi) : Domctl.IrqPermission(Version, guest, (uint)gsi));
            default:
                return Passthrough.Domctl(_id, Domctl.Assign(Version, guest, device.Address));
        }
    }

    private XenError Take(PassedDevice device)
    {
        if (Look(device) is not { } its)
            return XenError.NoSuchEntry;
        switch (_design)
        {
            case PassthroughDesign.SetUpInPciback:
                XenError answer = SetUp(its);
                // Another device on that GSI was taken before.
                return answer == XenError.Exists ? XenError.None : answer;
            case PassthroughDesign.UnmaskInPciback:
                return WriteEntry(its.Gsi, new RedirectionEntry(_pins[its.Gsi].Entry & ~RedirectionEntry.Reset.Bits));
            case PassthroughDesign.EnableDeviceInPciback:
                return Enable(device);
            case PassthroughDesign.MapWithoutSetup:
                return Map(_id, its.Gsi, its.Gsi, out _);
            default:
                return XenError.None;
        }
    }

    private XenError Bind(ushort guest, int gsi, ref int pirq, PassedDevice device)
    {
        if (_design == PassthroughDesign.DefaultLevelLow && gsi >= GsiMap.IsaIrqs)
            Pirqs.SetUp(Pirqs.The(_id), gsi, level: true, activeLow: true);
        int number = pirq;
        if (_design == PassthroughDesign.MapAtBind)
        {
            // Whatever PIRQ has that number is taken for it.
            number = gsi;
            if (Pirqs.The(guest).IrqOf(number) == 0)
            {
                XenError mapped = Map(guest, gsi, gsi, out number);
                if (mapped != XenError.None)
                    return mapped;
            }
        }
        if (_design == PassthroughDesign.DeviceModelOperation)
        {
            XenError mapped = Map(guest, gsi, -1, out number);
            if (mapped != XenError.None)
                return mapped;
        }
        pirq = number;
        return Passthrough.Domctl(_id, Domctl.BindPin(Version, guest, (uint)number, device.GuestDevice, device.Pin!.Value));
    }

    /// <summary>The way back: the device model ends the binding and unmaps.</summary>
    /// <param name="device">The device.</param>
    /// <param name="guest">The id of the guest's domain.</param>
    /// <returns>What each of the two calls got.</returns>
    public (XenError Unbound, XenError Unmapped) Return(PassedDevice device, ushort guest)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (Look(device) is not { } its)
            return (XenError.NoSuchEntry, XenError.NoSuchEntry);
        int pirq = Pirqs.PirqOf(guest, its.Gsi);
        XenError unbound = Passthrough.Domctl(_id, Domctl.BindPin(Version, guest, (uint)pirq, device.GuestDevice, device.Pin!.Value, bind: false));
        return (unbound, Unmap(guest, pirq));
    }

    // --- calls

    /// <summary>pciback sets up a GSI.</summary>
    /// <param name="its">What ACPI says.</param>
    public XenError SetUp(PinRouting its) => Call(PhysdevOperation.SetupGsi,
        new SetupGsiArgument { Gsi = its.Gsi, Triggering = its.Level ? (byte)1 : (byte)0, Polarity = its.ActiveLow ? (byte)1 : (byte)0 }, out _);

    /// <summary>Maps a GSI for a domain.</summary>
    /// <param name="domain">The domain's id.</param>
    /// <param name="gsi">The GSI.</param>
    /// <param name="pirq">The PIRQ that it is to have; -1 for a free one.</param>
    /// <param name="mapped">The PIRQ that it has.</param>
    public XenError Map(ushort domain, int gsi, int pirq, out int mapped)
    {
        XenError answer = Call(PhysdevOperation.MapPirq,
            new MapPirqArgument64 { DomainId = domain, MapType = (int)MapPirqType.Gsi, Gsi = gsi, PirqNumber = pirq }, out MapPirqArgument64 result);
        mapped = result.PirqNumber;
        return answer;
    }

    /// <summary>Maps messages of a device for a domain.</summary>
    /// <param name="domain">The domain's id.</param>
    /// <param name="device">The device.</param>
    /// <param name="pirq">The PIRQ that it is to have; -1 for a free one.</param>
    /// <param name="mapped">The PIRQ that it has.</param>
    public XenError MapMessage(ushort domain, PassedDevice device, int pirq, out int mapped)
    {
        ArgumentNullException.ThrowIfNull(device);
        uint address = device.Address.Address;
        XenError answer = Call(PhysdevOperation.MapPirq, new MapPirqArgument64
        {
            DomainId = domain, MapType = (int)MapPirqType.MsiSegment, Gsi = -1, PirqNumber = pirq,
            BusAndSegment = (int)(address & 0xFFFF_0000 | address >> 8 & 0xFF), DeviceFunction = (byte)address, Entry = 1,
        }, out MapPirqArgument64 result);
        mapped = result.PirqNumber;
        return answer;
    }

    /// <summary>Unmaps a PIRQ of a domain.</summary>
    /// <param name="domain">The domain's id.</param>
    /// <param name="pirq">The PIRQ.</param>
    public XenError Unmap(ushort domain, int pirq) =>
        Call(PhysdevOperation.UnmapPirq, new UnmapPirqArgument { Domain = domain, Pirq = pirq }, out _);

    private XenError Call<T>(PhysdevOperation operation, T argument, out T result) where T : unmanaged
    {
        Span<T> one = [argument];
        XenError answer = Pirqs.Hypercall(_id, operation, MemoryMarshal.AsBytes(one));
        result = one[0];
        return answer;
    }

    private PinRouting? Look(PassedDevice device) => device.Pin is { } pin ? _acpi.Look(device.Device, pin) : null;
}

/// <summary>An entry of dom0's I/OAPIC.</summary>
internal struct Dom0Pin : IState
{
    public ulong Entry;
}
