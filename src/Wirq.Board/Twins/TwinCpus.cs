using System.Globalization;
using Wirq.Board.Mailbox;
using Wirq.Lab.Kernels;
using Wirq.Lab.Worlds;

namespace Wirq.Board.Twins;

/// <summary>The CPUs of a world whose local APICs are in KVM. Each access is an instruction of a real guest: KVM serves those of
/// its local APICs, the others exit and reach the fabric.</summary>
/// <remarks>
/// <para>A guest has its interrupts off, but for the moments at which the world makes it take one: KVM gives an interrupt to a
/// guest whenever it can, and a scenario says when.</para>
/// <para>Not supported: the timer of a local APIC, which runs in the host's time; INIT and start-up IPIs.</para>
/// </remarks>
/// <param name="machine">The machine.</param>
/// <param name="fabric">The interrupt system.</param>
/// <param name="kernel">The simulated kernel.</param>
/// <param name="window">Reaches addresses above 4 GiB.</param>
internal sealed class TwinCpus(TwinMachine machine, Fabric fabric, SimulatedKernel kernel, MailboxWindow window) : IGuestCpus
{
    // The delivery status of the ICR: KVM sends at once, and so does the simulation.
    private const uint DeliveryStatus = 1 << 12;

    private readonly KernelCpus _simulated = new(fabric, kernel);

    public bool TryRead(int cpu, ulong address, int size, out ulong value)
    {
        bool isApic = kernel.Maps(cpu, address, out uint offset), isChip = kernel.MapsIoApic(address, out _);
        value = Do(cpu, new(MailboxOrder.ReadOf(size), window.Reach(machine.Guest, cpu, address, size))).Value;
        ulong said = value;
        if (isApic || isChip)
            _simulated.TryRead(cpu, address, size, out said);
        if (isChip)
            Agree(cpu, "the I/OAPIC", said, value, ulong.MaxValue);
        else
            Agree(cpu, (ApicRegister)offset, said, value);
        return true;
    }

    public bool TryWrite(int cpu, ulong address, int size, ulong value)
    {
        bool isApic = kernel.Maps(cpu, address, out uint offset);
        if (isApic)
            RefuseTimer((ApicRegister)offset, value);
        Do(cpu, new(MailboxOrder.WriteOf(size), window.Reach(machine.Guest, cpu, address, size), value));
        if (isApic || kernel.MapsIoApic(address, out _))
            _simulated.TryWrite(cpu, address, size, value);
        return true;
    }

    public bool TryReadPort(int cpu, ushort port, int size, out uint value)
    {
        value = (uint)Do(cpu, new(MailboxOrder.InOf(size), port)).Value;
        if (kernel.MapsPort(port) && _simulated.TryReadPort(cpu, port, size, out uint said))
            Agree(cpu, string.Create(CultureInfo.InvariantCulture, $"port 0x{port:x}"), said, value, ulong.MaxValue);
        return true;
    }

    public bool TryWritePort(int cpu, ushort port, int size, uint value)
    {
        Do(cpu, new(MailboxOrder.OutOf(size), port, value));
        if (kernel.MapsPort(port))
            _simulated.TryWritePort(cpu, port, size, value);
        return true;
    }

    public MsrResult ReadMsr(int cpu, uint msr, out ulong value)
    {
        value = 0;
        if (!LocalApics.ClaimsMsr(msr))
            return MsrResult.NotOurs;
        MailboxAnswer answer = Do(cpu, new(MailboxOperation.ReadMsr, msr), mayFault: true);
        value = answer.Value;
        MsrResult said = _simulated.ReadMsr(cpu, msr, out ulong expected);
        AgreeFault(cpu, $"the read of MSR 0x{msr:x}", said, answer);
        if (!answer.Faulted && ApicMsr.IsX2Apic(msr))
            Agree(cpu, ApicMsr.RegisterOf(msr), expected, value);
        return said;
    }

    public MsrResult WriteMsr(int cpu, uint msr, ulong value)
    {
        if (!LocalApics.ClaimsMsr(msr))
            return MsrResult.NotOurs;
        if (ApicMsr.IsX2Apic(msr))
            RefuseTimer(ApicMsr.RegisterOf(msr), value);
        else if (msr == ApicMsr.TscDeadline && value != 0)
            throw NoTimer();
        MailboxAnswer answer = Do(cpu, new(MailboxOperation.WriteMsr, msr, value), mayFault: true);
        MsrResult said = _simulated.WriteMsr(cpu, msr, value);
        AgreeFault(cpu, $"the write of MSR 0x{msr:x}", said, answer);
        return said;
    }

    public byte ReadCr8(int cpu)
    {
        var found = (byte)Do(cpu, new(MailboxOperation.ReadCr8)).Value;
        if (found != _simulated.ReadCr8(cpu))
            throw new TwinException($"cpu{cpu} read 0x{found:x} from CR8");
        return found;
    }

    public bool TryWriteCr8(int cpu, ulong value)
    {
        bool found = !Do(cpu, new(MailboxOperation.WriteCr8, 0, value), mayFault: true).Faulted;
        if (found != _simulated.TryWriteCr8(cpu, value))
            throw new TwinException($"cpu{cpu} wrote CR8 {(found ? "without" : "and took")} #GP");
        return found;
    }

    public ApicBase ReadBase(int cpu) => kernel.BaseOf(cpu);

    public bool HasInterrupt(int cpu)
    {
        machine.CompareChanged();
        return _simulated.HasInterrupt(cpu);
    }

    /// <summary>KVM decides what the guest takes: an ExtINT in the window that it opens, or the local APIC's.</summary>
    public int Take(int cpu)
    {
        // KVM has injected it, or will before the guest runs.
        kernel.Settle();
        machine.CompareChanged();
        bool waits = fabric.Pic is { Intr: true } && kernel.AcceptsExtInt(cpu);
        int found = Open(cpu, inta: false, out int given);
        if (waits != given >= 0)
            throw new TwinException($"cpu{cpu} had {(waits ? "no" : "an")} interrupt window for the 8259s");
        if (given >= 0)
            kernel.RaiseExtInt(cpu, (byte)given);
        int said = kernel.Take(cpu);
        if (found != said)
            throw new TwinException($"cpu{cpu} took {Name(found)} instead of {Name(said)}");
        return found;
    }

    public int Inta(int cpu)
    {
        int found = Open(cpu, inta: true, out int given);
        return given >= 0 && found == given ? found
            : throw new TwinException($"cpu{cpu} took {Name(found)}, and the INTA cycle returned {Name(given)}");
    }

    // The world itself keeps this state.
    public void SetInterrupts(int cpu, bool on) { }

    public void Return(int cpu) => Do(cpu, new(MailboxOperation.IretOff));

    /// <summary>Only a local APIC in the fabric sends it here.</summary>
    public void Nmi(int cpu) { }

    // The machine disposes of its guest.
    public void Dispose() { }

    /// <summary>Opens the guest's interrupt window.</summary>
    /// <returns>The vector that its handler saw; -1 for none.</returns>
    private int Open(int cpu, bool inta, out int given)
    {
        TwinVcpu handler = machine.Handler(cpu);
        uint depth = machine.Guest.Block(cpu).Depth;
        handler.Offer(inta);
        TakenInterrupt? taken;
        try
        {
            taken = machine.Guest.OpenWindow(cpu);
        }
        finally
        {
            handler.Withdraw();
            machine.Changed();
        }
        given = handler.Given;
        if (taken is { } it && it.Depth != depth + 1)
            throw new MailboxException(cpu, "take an interrupt", string.Create(CultureInfo.InvariantCulture, $"is in handler {it.Depth}, and was in handler {depth}"));
        return (int?)taken?.Vector ?? -1;
    }

    private MailboxAnswer Do(int cpu, MailboxOrder order, bool mayFault = false)
    {
        machine.Changed();
        return machine.Guest.DoWhole(cpu, order, mayFault);
    }

    private static void Agree(int cpu, ApicRegister register, ulong said, ulong found) =>
        Agree(cpu, register.ToString(), said, found, register == ApicRegister.CommandLow ? ~(ulong)DeliveryStatus : ulong.MaxValue);

    private static void Agree(int cpu, string what, ulong said, ulong found, ulong mask)
    {
        if (((said ^ found) & mask) != 0)
            throw new TwinException(string.Create(CultureInfo.InvariantCulture, $"cpu{cpu} read 0x{found:x} from {what} instead of 0x{said:x}"));
    }

    private static void AgreeFault(int cpu, string what, MsrResult said, MailboxAnswer found)
    {
        if (found.Faulted != (said == MsrResult.GeneralProtection))
            throw new TwinException($"cpu{cpu}: {what} took {(found.Faulted ? "" : "no ")}#GP");
    }

    private static void RefuseTimer(ApicRegister register, ulong value)
    {
        if (register == ApicRegister.InitialCount && value != 0)
            throw NoTimer();
    }

    private static HostLacksException NoTimer() => new("virtual time for the timer of a local APIC in the kernel");

    private static string Name(int vector) => vector < 0 ? "nothing" : string.Create(CultureInfo.InvariantCulture, $"0x{vector:x2}");
}
