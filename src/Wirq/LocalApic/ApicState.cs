using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Wirq.State;

namespace Wirq;

/// <summary>All mutable state of one local APIC except the deadline of its timer, which is in a
/// <see cref="DeadlineTree"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ApicState : IState
{
    public Vectors256 Irr;
    public Vectors256 Isr;
    public Vectors256 Tmr;

    public ApicBase Base;
    public InterruptCommand Command;
    /// <summary>IA32_TSC_DEADLINE; 0 where disarmed.</summary>
    public ulong TscDeadline;
    /// <summary>How much the deadline in the tree is later than the exact one, in units of 1 ns / BusHz.</summary>
    public ulong Overshoot;
    /// <summary>When the initial count was written, in ns; kept if a profile calculates from it, else 0.</summary>
    public long LoadTime;

    public SpuriousVector Spurious;
    // The entries are in the order of LocalVector: Entry() depends on it.
    public LocalVectorEntry Cmci, Timer, Thermal, Performance, Lint0, Lint1, Error;

    public uint InitialCount;
    public XApicId Id;
    public LogicalDestination Logical;
    public DestinationFormat Format;

    public DivideConfiguration Divide;
    public byte Tpr;
    /// <summary>Errors since the last write of the ESR.</summary>
    public ErrorStatus Recorded;
    /// <summary>The ESR as it reads.</summary>
    public ErrorStatus Errors;
    /// <summary>Levels of the pins: inputs, so no reset touches them.</summary>
    public LintPins Pins;
    /// <summary>1 from an ExtINT message to the INTA cycle.</summary>
    public byte ExtIntPending;
    /// <summary>The vector that Remote IRR of LINT0 belongs to, even if the entry was written since.</summary>
    public byte RemoteVector;

    /// <summary>PPR, brought up to date by <see cref="UpdatePriority()"/> whenever TPR or ISR changes.</summary>
    public byte Ppr;

    /// <summary>If the classes of TPR and ISRV are equal, the SDM leaves bits 3:0 to the processor model. Here they are
    /// the TPR's (Intel SDM vol. 3, 11.8.3.1).</summary>
    public void UpdatePriority() => UpdatePriority(Isr.Highest);

    /// <summary>The same, the highest vector in service being known.</summary>
    public void UpdatePriority(int service) =>
        Ppr = service < 0 || (Tpr & 0xF0) >= (service & 0xF0) ? Tpr : (byte)(service & 0xF0);

    [UnscopedRef]
    public ref LocalVectorEntry Entry(LocalVector entry) => ref Unsafe.Add(ref Cmci, (int)entry);
}

/// <summary>The levels of LINT0 (bit 0) and LINT1 (bit 1): set is high.</summary>
internal readonly record struct LintPins(byte Bits)
{
    public bool Lint0 => (Bits & 1) != 0;
    public LintPins With(int pin, bool high) => new((byte)(high ? Bits | 1 << pin : Bits & ~(1 << pin)));
}

/// <summary>The state of the bus itself.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ApicBusState : IState
{
    /// <summary>Local APICs in xAPIC mode.</summary>
    public int XApics;
    /// <summary>The ones among them whose 8-bit id is not their initial id: aliases are possible.</summary>
    public int Renumbered;
    /// <summary>The CPU that won the last arbitration: ties go to the next after it.</summary>
    public int LastWinner;
    /// <summary>How logical destinations are looked up, if a profile looks them up.</summary>
    public LogicalTable Table;
}

/// <summary>How a table of logical destinations is read.</summary>
internal enum LogicalTable
{
    /// <summary>There is no table: every local APIC is checked.</summary>
    None,
    /// <summary>There is a table of physical ids only.</summary>
    PhysicalOnly,
    /// <summary>No local APIC is software-enabled: the table is empty.</summary>
    Empty,
    /// <summary>By the flat model of xAPIC mode.</summary>
    Flat,
    /// <summary>By its cluster model.</summary>
    Cluster,
    /// <summary>By the clusters of x2APIC mode.</summary>
    X2Apic,
}
