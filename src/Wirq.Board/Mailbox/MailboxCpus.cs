using System.Globalization;
using Wirq.Board.Bus;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

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
    private readonly Fabric _fabric;
    private readonly MailboxBus _bus;
    private readonly MailboxGuest _guest;
    private readonly MailboxWindow _window;

    internal MailboxCpus(MailboxHost host, Fabric fabric, MachineSpec machine, MailboxMode mode)
    {
        _fabric = fabric;
        _bus = new MailboxBus(fabric);
        var devices = new DeviceBus();
        if (machine.MemoryBytes > 0)
            devices.MapMemory(0, (ulong)machine.MemoryBytes, new ScenarioMemory(fabric.Memory));
        _guest = new MailboxGuest(host, mode, MailboxPlace.For(machine, mode), machine.Cpus, _bus, devices);
        _window = new MailboxWindow(mode, machine.Cpus, host.PhysicalAddressBits);
    }

    internal MailboxGuest Guest => _guest;

    /// <inheritdoc/>
    public bool TryRead(int cpu, ulong address, int size, out ulong value)
    {
        value = Do(cpu, new(MailboxOrder.ReadOf(size), _window.Reach(_guest, cpu, address, size))).Value;
        return true;
    }

    /// <inheritdoc/>
    public bool TryWrite(int cpu, ulong address, int size, ulong value)
    {
        Do(cpu, new(MailboxOrder.WriteOf(size), _window.Reach(_guest, cpu, address, size), value));
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

    private MailboxAnswer Do(int cpu, MailboxOrder order, bool mayFault = false) => _guest.DoWhole(cpu, order, mayFault);
}
