using Wirq.Routing;

namespace Wirq.Lab.Kernels;

// The route table and messages (virt/kvm/irqchip.c, arch/x86/kvm/irq_comm.c).
public sealed partial class SimulatedKernel
{
    private const string SetRouting = "KVM_SET_GSI_ROUTING", SignalMessage = "KVM_SIGNAL_MSI";

    /// <inheritdoc/>
    public void Commit(ReadOnlySpan<KernelRoute> routes)
    {
        BeginTable(routes.Length);
        foreach (KernelRoute route in routes)
            AddRow(RowOf(route));
        EndTable(routes.Length);
    }

    /// <summary>A route as a row of the table.</summary>
    internal SimulatedRoute RowOf(in KernelRoute route) => SimulatedRoute.ToMessage(route.Gsi, Encode(route.Message, SetRouting, route.Gsi));

    /// <summary>Replaces the whole route table, with rows of any kind (KVM_SET_GSI_ROUTING).</summary>
    /// <exception cref="KernelException">EINVAL: no chip is in the kernel; there are too many rows; a GSI or a pin does
    /// not exist; two rows of one GSI are routed to the same chip, or one of them to a message; rows are routed to
    /// chips in split mode; or reserved bits are set in a 64-bit address. The table is unchanged then.</exception>
    internal void CommitTable(ReadOnlySpan<SimulatedRoute> routes)
    {
        BeginTable(routes.Length);
        foreach (SimulatedRoute route in routes)
            AddRow(route);
        EndTable(routes.Length);
    }

    /// <inheritdoc/>
    public bool Signal(InterruptMessage message) => SignalMsi(Encode(message, SignalMessage, -1));

    /// <summary>Injects a message at once, without the table (KVM_SIGNAL_MSI). It does not check whether the address is
    /// in the interrupt window.</summary>
    /// <returns>Whether a local APIC accepted it.</returns>
    /// <exception cref="KernelException">EINVAL: the local APICs are not in the kernel, or reserved bits are set in a
    /// 64-bit address.</exception>
    public bool SignalMsi(Msi message)
    {
        Figures.PortCalls++;
        Figures.MessagesSignalled++;
        if (_apics is null)
            throw Refused(SignalMessage, Errno.Invalid, -1, "it needs local APICs in the kernel");
        if (HasReservedBits(message))
            throw Refused(SignalMessage, Errno.Invalid, -1, "address bits 39:32 must be zero");
        Begin();
        return Deliver(message);
    }

    private bool Wide => (Options.X2ApicApi & SimulatedX2ApicApi.Use32BitIds) != 0;

    private bool HasReservedBits(Msi message) => Wide && (message.Address.Bits >> 32 & 0xFF) != 0;

    private void BeginTable(int rows)
    {
        Figures.PortCalls++;
        if (_apics is null)
            throw Refused(SetRouting, Errno.Invalid, -1, "it needs chips in the kernel");
        if (rows > Options.Routes)
            throw Refused(SetRouting, Errno.Invalid, -1, $"the table holds {Options.Routes} rows, not {rows}");
        if (Has(KernelDefects.KeepsOldRoutes))
            _routes.Span.CopyTo(_table);
        else
            Array.Clear(_table);
    }

    private void AddRow(in SimulatedRoute route)
    {
        if ((uint)route.Gsi >= (uint)_table.Length)
            throw Refused(SetRouting, Errno.Invalid, route.Gsi, $"GSIs go up to {_table.Length - 1}");
        ref RouteState row = ref _table[route.Gsi];
        if (route.Target == RouteTarget.Msi)
        {
            if (row.Kind != RouteKind.None && !Has(KernelDefects.KeepsOldRoutes))
                throw Refused(SetRouting, Errno.Invalid, route.Gsi, "a message must be the only row of its GSI");
            if (HasReservedBits(route.Message))
                throw Refused(SetRouting, Errno.Invalid, route.Gsi, "address bits 39:32 must be zero");
            row = new RouteState
            {
                Kind = RouteKind.Message, Address = route.Message.Address.Bits, Data = route.Message.Data.Bits,
            };
            return;
        }
        if (_ioApic is null)
            throw Refused(SetRouting, Errno.Invalid, route.Gsi, "the chip is not the kernel's");
        int pins = route.Target == RouteTarget.IoApic ? IoApicPins : PicPins / 2;
        if ((uint)route.Pin >= (uint)pins || route.Target > RouteTarget.IoApic)
            throw Refused(SetRouting, Errno.Invalid, route.Gsi, $"the chip has no pin {route.Pin}");
        ref byte pin = ref row.IoApic;
        if (route.Target == RouteTarget.PicMaster)
            pin = ref row.Master;
        else if (route.Target == RouteTarget.PicSlave)
            pin = ref row.Slave;
        if (row.Kind == RouteKind.Message || pin != 0)
            throw Refused(SetRouting, Errno.Invalid, route.Gsi, "one row per chip, and none beside a message");
        row.Kind = RouteKind.Chips;
        pin = (byte)(route.Pin + 1);
    }

    private void EndTable(int rows)
    {
        _table.CopyTo(_routes.Span);
        Figures.Commits++;
        Figures.RowsCommitted += rows;
        if (_ioApic is not null)
            MapPins();
        Scan();
    }

    private void MapPins()
    {
        foreach (ref PinState pin in _pins.Span)
            pin.GsiAndOne = 0;
        for (int gsi = 0; gsi < _table.Length; gsi++)
        {
            ref readonly RouteState row = ref _table[gsi];
            if (row.Master != 0)
                _pins[row.Master - 1].GsiAndOne = (short)(gsi + 1);
            if (row.Slave != 0)
                _pins[PicPins / 2 + row.Slave - 1].GsiAndOne = (short)(gsi + 1);
            if (row.IoApic != 0)
                _pins[PicPins + row.IoApic - 1].GsiAndOne = (short)(gsi + 1);
        }
    }

    /// <summary>The initial routes of KVM_CREATE_IRQCHIP: GSIs 0 to 15 are connected to both chips, 16 to 23 to the
    /// I/OAPIC.</summary>
    private void CommitDefaultRoutes()
    {
        for (int gsi = 0; gsi < Math.Min(IoApicPins, _table.Length); gsi++)
        {
            ref RouteState row = ref _table[gsi];
            row.Kind = RouteKind.Chips;
            row.IoApic = (byte)(gsi + 1);
            if (gsi < PicPins / 2)
                row.Master = (byte)(gsi + 1);
            else if (gsi < PicPins)
                row.Slave = (byte)(gsi - PicPins / 2 + 1);
        }
        _table.CopyTo(_routes.Span);
        MapPins();
        Scan();
    }

    /// <summary>The words of a message in the kernel's current format.</summary>
    private Msi Encode(InterruptMessage message, string call, int gsi)
    {
        if (message.Destination > byte.MaxValue && !Wide)
            throw Refused(call, Errno.Invalid, gsi,
                $"destination 0x{message.Destination:x} needs KVM_X2APIC_API_USE_32BIT_IDS");
        return Msi.Encode(message, Wide ? MsiFormat.KvmHighAddress : MsiFormat.Compatibility);
    }

    /// <summary>Decodes a message as KVM does: it checks neither the address window, nor bit 4 of the address, nor the
    /// level bit of the data (kvm_set_msi_irq).</summary>
    private InterruptMessage Decode(Msi message)
    {
        MsiAddress address = message.Address;
        MsiData data = message.Data;
        uint destination = address.Destination(Wide ? MsiFormat.KvmHighAddress : MsiFormat.Compatibility);
        return InterruptMessage.Create(data.Vector, data.Mode, destination, address.Logical, data.Level, assert: true,
            address.Hint);
    }

    private bool Deliver(Msi message)
    {
        RefusalReason reason = _apics!.Deliver(Decode(message), default, _events);
        Drain();
        return reason == RefusalReason.None;
    }

    private static KernelException Refused(string call, int errno, int gsi, string advice) =>
        new(call, errno, gsi, advice);
}
