namespace Wirq.Board.Mailbox;

/// <summary>The interrupt system as a mailbox guest's CPUs access it. An interrupt is delivered only when the
/// laboratory makes a CPU take one, even if it was pending before.</summary>
/// <param name="fabric">The interrupt system.</param>
internal sealed class MailboxBus(Fabric fabric) : ICpuAccesses, ICpuInterrupts
{
    private const int Nobody = -1;

    private int _offeredTo = Nobody;
    private bool _runsInta;

    /// <summary>The vector that the CPU got since one was offered; -1 for none.</summary>
    internal int Given { get; private set; } = Nobody;

    /// <summary>Offers one interrupt to a CPU.</summary>
    /// <param name="cpu">The CPU.</param>
    /// <param name="inta">Whether an INTA cycle is run, even if INTR is low.</param>
    internal void Offer(int cpu, bool inta) => (_offeredTo, _runsInta, Given) = (cpu, inta, Nobody);

    /// <summary>Withdraws the offer.</summary>
    internal void Withdraw() => _offeredTo = Nobody;

    public bool HasInterrupt(int cpu) => cpu == _offeredTo && (_runsInta || fabric.HasInterrupt(cpu));

    public int Take(int cpu)
    {
        if (cpu != _offeredTo)
            return Nobody;
        _offeredTo = Nobody;
        return Given = _runsInta ? fabric.Inta(cpu) : fabric.Take(cpu);
    }

    public bool TryRead(int cpu, ulong address, int size, out ulong value) => fabric.TryRead(cpu, address, size, out value);
    public bool TryWrite(int cpu, ulong address, int size, ulong value) => fabric.TryWrite(cpu, address, size, value);
    public bool TryReadPort(int cpu, ushort port, int size, out uint value) => fabric.TryReadPort(cpu, port, size, out value);
    public bool TryWritePort(int cpu, ushort port, int size, uint value) => fabric.TryWritePort(cpu, port, size, value);
    public MsrResult ReadMsr(int cpu, uint msr, out ulong value) => fabric.ReadMsr(cpu, msr, out value);
    public MsrResult WriteMsr(int cpu, uint msr, ulong value) => fabric.WriteMsr(cpu, msr, value);
    public byte ReadCr8(int cpu) => fabric.ReadCr8(cpu);
    public bool TryWriteCr8(int cpu, ulong value) => fabric.TryWriteCr8(cpu, value);
    public ApicBase ReadBase(int cpu) => fabric.ReadBase(cpu);
}
