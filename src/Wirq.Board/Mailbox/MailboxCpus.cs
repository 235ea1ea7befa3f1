using System.Globalization;
using Wirq.Board.Bus;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;
using Wirq.Linux.Probes;
using Wirq.Remapping;

namespace Wirq.Board.Mailbox;

/// <summary>The CPUs of a world as KVM vCPUs, in delivery configuration `user`. Each access is an instruction of a real
/// guest that exits. KVM injects each interrupt, and a handler of the guest sees it.</summary>
/// <remarks>
/// <para>They are driven on the world's thread, one at a time, so virtual time does not advance during an
/// access.</para>
/// <para>Not supported: INIT and SIPI, which leave a scenario's CPU unchanged; an SMI; a local APIC whose page is moved
/// onto the guest's own memory; a MOV to CR8 with the current class, which KVM does not report, so that the sub-class
/// of TPR is not cleared.</para>
/// </remarks>
internal sealed class MailboxCpus : IGuestCpus
{
    private const ulong FourGiB = 1ul << 32;
    private const ulong NoWindow = ulong.MaxValue;

    private readonly Fabric _fabric;
    private readonly MailboxBus _bus;
    private readonly MailboxGuest _guest;
    private readonly MailboxMode _mode;
    private readonly int _addressBits;
    // Where each CPU's window points, and where the table points.
    private readonly ulong[] _windows;
    private ulong _window = NoWindow;

    internal MailboxCpus(MailboxHost host, Fabric fabric, MachineSpec machine, MailboxMode mode)
    {
        _fabric = fabric;
        _mode = mode;
        _addressBits = host.PhysicalAddressBits;
        _bus = new MailboxBus(fabric);
        _windows = new ulong[machine.Cpus];
        Array.Fill(_windows, NoWindow);
        var devices = new DeviceBus();
        if (machine.MemoryBytes > 0)
            devices.MapMemory(0, (ulong)machine.MemoryBytes, new ScenarioMemory(fabric.Memory));
        _guest = new MailboxGuest(host, mode, AddressFor(machine, mode), machine.Cpus, _bus, devices);
    }

    internal MailboxGuest Guest => _guest;

    /// <inheritdoc/>
    public bool TryRead(int cpu, ulong address, int size, out ulong value)
    {
        value = Do(cpu, new(MailboxOrder.ReadOf(size), Reach(cpu, address, size))).Value;
        return true;
    }

    /// <inheritdoc/>
    public bool TryWrite(int cpu, ulong address, int size, ulong value)
    {
        Do(cpu, new(MailboxOrder.WriteOf(size), Reach(cpu, address, size), value));
        return true;
    }

    /// <inheritdoc/>
    public bool TryReadPort(int cpu, ushort port, int size, out uint value)
    {
        value = (uint)Do(cpu, new(MailboxOrder.InOf(size), port)).Value;
        return true;
    }

    /// <inheritdoc/>
    public bool TryWritePort(int cpu, ushort port, int size, uint value)
    {
        Do(cpu, new(MailboxOrder.OutOf(size), port, value));
        return true;
    }

    /// <inheritdoc/>
    public MsrResult ReadMsr(int cpu, uint msr, out ulong value)
    {
        MailboxAnswer answer = Do(cpu, new(MailboxOperation.ReadMsr, msr), mayFault: true);
        value = answer.Value;
        return answer.Faulted ? MsrResult.GeneralProtection : MsrResult.Done;
    }

    /// <inheritdoc/>
    public MsrResult WriteMsr(int cpu, uint msr, ulong value) =>
        Do(cpu, new(MailboxOperation.WriteMsr, msr, value), mayFault: true).Faulted ? MsrResult.GeneralProtection : MsrResult.Done;

    /// <inheritdoc/>
    public byte ReadCr8(int cpu) => (byte)Do(cpu, new(MailboxOperation.ReadCr8)).Value;

    /// <inheritdoc/>
    public bool TryWriteCr8(int cpu, ulong value) => !Do(cpu, new(MailboxOperation.WriteCr8, 0, value), mayFault: true).Faulted;

    /// <inheritdoc/>
    public ApicBase ReadBase(int cpu) => _fabric.ReadBase(cpu);

    /// <inheritdoc/>
    public bool HasInterrupt(int cpu) => _fabric.HasInterrupt(cpu);

    /// <inheritdoc/>
    public int Take(int cpu) => _fabric.HasInterrupt(cpu) ? Take(cpu, inta: false) : -1;

    /// <inheritdoc/>
    public int Inta(int cpu) => Take(cpu, inta: true);

    /// <inheritdoc/>
    public void SetInterrupts(int cpu, bool on)
    {
        var order = new MailboxOrder(on ? MailboxOperation.Sti : MailboxOperation.Cli);
        Do(cpu, order);
        ExpectInterrupts(cpu, on, order.ToString());
    }

    /// <inheritdoc/>
    public void Return(int cpu)
    {
        var order = new MailboxOrder(MailboxOperation.Iret);
        Do(cpu, order);
        ExpectInterrupts(cpu, on: true, order.ToString());
    }

    /// <inheritdoc/>
    public void Nmi(int cpu) => _guest.Nmi(cpu);

    /// <inheritdoc/>
    public void Dispose() => _guest.Dispose();

    private int Take(int cpu, bool inta)
    {
        uint depth = _guest.Block(cpu).Depth;
        _bus.Offer(cpu, inta);
        TakenInterrupt taken;
        try
        {
            taken = _guest.Take(cpu);
        }
        finally
        {
            _bus.Withdraw();
        }
        if (taken.Vector != _bus.Given || taken.Depth != depth + 1)
        {
            throw new MailboxException(cpu, "take an interrupt", string.Create(CultureInfo.InvariantCulture,
                $"saw 0x{taken.Vector:x2} in handler {taken.Depth}, and was given 0x{_bus.Given:x2} in handler {depth}"));
        }
        ExpectInterrupts(cpu, on: false, "take an interrupt");
        return (int)taken.Vector;
    }

    /// <summary>Checks that RFLAGS.IF of the guest is what the world assumes.</summary>
    private void ExpectInterrupts(int cpu, bool on, string what)
    {
        if (_guest.InterruptFlag(cpu) != on)
            throw new MailboxException(cpu, what, $"has interrupts {(on ? "off" : "on")}");
    }

    private MailboxAnswer Do(int cpu, MailboxOrder order, bool mayFault = false)
    {
        MailboxAnswer answer = _guest.Do(cpu, order);
        if (answer.Fault >= 0 && !(mayFault && answer.Faulted))
            throw new MailboxException(cpu, order.ToString(), $"took exception {answer.Fault}");
        return answer;
    }

    /// <summary>The linear address at which a CPU can access a physical address.</summary>
    private ulong Reach(int cpu, ulong address, int size)
    {
        if (address + (ulong)size is var end && end <= FourGiB && end > address)
            return address;
        if (_mode == MailboxMode.Real)
            throw new MailboxException(cpu, string.Create(CultureInfo.InvariantCulture, $"reach 0x{address:x}"), "has 4 GiB in real mode");
        if (address >> _addressBits != 0)
            throw new HostLacksException($"physical addresses of more than {_addressBits} bits");
        ulong page = address & ~(Mode64.LargePageBytes - 1);
        if (_window != page)
        {
            _guest.MoveWindow(page);
            _window = page;
        }
        if (_windows[cpu] != page)
        {
            Do(cpu, new(MailboxOperation.Invlpg, MailboxLayout.Window));
            _windows[cpu] = page;
        }
        return MailboxLayout.Window + (address - page);
    }

    private static ulong AddressFor(MachineSpec machine, MailboxMode mode)
    {
        if (mode == MailboxMode.Real)
        {
            if (machine.Cpus > MailboxLayout.RealCpus)
                throw new HostLacksException($"room for more than {MailboxLayout.RealCpus} CPUs in real mode");
            return (ulong)machine.MemoryBytes <= MailboxLayout.RealBase ? MailboxLayout.RealBase
                : throw new HostLacksException("room in real mode beside the scenario's memory");
        }
        ulong bytes = MailboxLayout.LongBlocks + (ulong)machine.Cpus * MailboxBlock.Bytes;
        foreach (ulong address in MailboxLayout.LongBases)
        {
            if (!Chips(machine).Any(chip => chip.Address < address + bytes && address < chip.End))
                return address;
        }
        throw new HostLacksException("room for the guest beside the machine's chips");
    }

    private static IEnumerable<RegisterPages> Chips(MachineSpec machine) =>
    [
        .. machine.Fabric.IoApics.Select(chip => new RegisterPages(chip.Address)),
        .. machine.Fabric.AllRemappers.SelectMany(unit => unit.Registers),
    ];
}
