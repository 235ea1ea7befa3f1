using Wirq.Routing;

namespace Wirq.Tests.Shared.Kernels;

/// <summary>The chips of a bench's machine that are in the kernel.</summary>
public enum BenchChips
{
    None,
    Split,
    Full,
}

/// <summary>What a test needs of a bench besides calls of the kernel.</summary>
[Flags]
public enum BenchNeeds
{
    None = 0,
    /// <summary>A CPU takes interrupts and ends them, and its guest writes registers of chips.</summary>
    Guest = 1,
    /// <summary>A guest whose interrupts the kernel itself puts in service and keeps there until the EOI. Where the bench
    /// does it (KVM_SET_LAPIC), KVM looks for the EOIs that exit once more.</summary>
    Delivery = Guest | 2,
    /// <summary>The work queue is stopped until the test runs it, so that deferred work can be distinguished from other
    /// work.</summary>
    HeldWork = 4,
}

/// <summary>The machine for a test of a semantic.</summary>
public sealed record BenchMachine
{
    public BenchChips Chips { get; init; } = BenchChips.Split;
    public BenchNeeds Needs { get; init; }
    public int ReservedGsis { get; init; } = 24;
    public int Cpus { get; init; } = 1;
    /// <summary>APIC ids by CPU; null for 0, 1, …</summary>
    public IReadOnlyList<uint>? ApicIds { get; init; }
    /// <summary>Flags of KVM_CAP_X2APIC_API.</summary>
    public int X2ApicApi { get; init; }
    /// <summary>The semantic began with this version of Linux; null for all.</summary>
    public (int Major, int Minor)? Since { get; init; }
    /// <summary>The semantic ended with this version of Linux, which has another; null for never.</summary>
    public (int Major, int Minor)? Before { get; init; }
}

/// <summary>A row of a route table: a message, or a pin of a chip (0 the master 8259, 1 the slave, 2 the
/// I/OAPIC).</summary>
public readonly record struct BenchRoute(int Gsi, Msi Message, int Chip, int Pin)
{
    public static BenchRoute To(int gsi, Msi message) => new(gsi, message, -1, 0);
    public static BenchRoute To(int gsi, int chip, int pin) => new(gsi, default, chip, pin);
}

/// <summary>A kernel with one machine, simulated or real. Failures of the kernel throw
/// <see cref="KernelException"/>.</summary>
public interface IKernelBench : IDisposable
{
    /// <summary>The limits that the kernel reports.</summary>
    KernelLimits Limits { get; }

    /// <summary>Another machine of the same host and kernel.</summary>
    IKernelBench OpenAnother(BenchMachine machine);

    EventFd CreateEventFd(bool semaphore = false);
    EventFd Duplicate(EventFd fd);
    void Close(EventFd fd);
    void Write(EventFd fd, ulong count = 1);
    /// <summary>Reads without waiting; 0 for nothing.</summary>
    ulong Read(EventFd fd);
    bool IsReadable(EventFd fd);
    void Watch(EventFd fd, int token);
    void Unwatch(EventFd fd);
    /// <summary>Reads the poll; waits at most as long as a notification takes.</summary>
    /// <returns>The token of a readable eventfd; -1 for none.</returns>
    int TakeReadable();

    void Commit(params ReadOnlySpan<BenchRoute> routes);
    void Bind(int gsi, EventFd trigger, EventFd resample);
    void Unbind(int gsi, EventFd trigger);
    bool SignalMsi(Msi message);
    void SetIrqLine(int gsi, bool high);
    void RaiseExtInt(int cpu, byte vector);

    /// <summary>Runs deferred work: returns when none is left.</summary>
    void Settle();

    /// <summary>A register of a local APIC (KVM_GET_LAPIC).</summary>
    uint ReadApic(int cpu, ApicRegister register);
    /// <summary>Sets a register of a local APIC (KVM_SET_LAPIC, or a guest).</summary>
    void WriteApic(int cpu, ApicRegister register, uint value);
    /// <summary>Clears IRR (KVM_SET_LAPIC).</summary>
    void ClearRequests(int cpu);
    /// <summary>Puts a local APIC into x2APIC mode (KVM_SET_SREGS, or a guest).</summary>
    void EnterX2Apic(int cpu);

    RedirectionEntry IoApicEntry(int pin);
    /// <summary>Sets one entry (KVM_SET_IRQCHIP).</summary>
    void SetIoApicEntry(int pin, RedirectionEntry entry);
    /// <summary>Request registers of the 8259 pair, slave in bits 15:8 (KVM_GET_IRQCHIP).</summary>
    ushort PicRequests { get; }

    /// <summary>The CPU takes its next interrupt; -1 for none. <see cref="BenchNeeds.Guest"/>, as all that follow.</summary>
    int Take(int cpu);
    /// <summary>The CPU enters its guest, and leaves it at once.</summary>
    void Enter(int cpu);
    /// <summary>The guest ends it.</summary>
    void Eoi(int cpu);
    /// <summary>The time since the last EOI, virtual or real.</summary>
    TimeSpan SinceEoi { get; }
    /// <summary>Lets time pass: a little, or to the next deadline of the kernel.</summary>
    /// <returns>False: the kernel has no deadline, or the last EOI was long ago.</returns>
    bool Wait();
    /// <summary>The guest writes an entry of the kernel's I/OAPIC.</summary>
    void GuestWritesEntry(int pin, RedirectionEntry entry);
    /// <summary>The guest writes a register of its local APIC.</summary>
    void GuestWritesApic(int cpu, ApicRegister register, uint value);
    /// <summary>An EOI that is reported to userspace.</summary>
    /// <returns>Its vector; -1 for none.</returns>
    int TakeExit(int cpu);
}
