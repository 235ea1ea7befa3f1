using Wirq.HostIrq;
using Wirq.Vfio;

namespace Wirq.Lab.Scenarios;

/// <summary>A kernel's interrupts: of the host below the machine, or of the machine's guest.</summary>
internal sealed record IrqKernelSpec
{
    /// <summary>Its lines and CPUs.</summary>
    public HostIrqOptions Irqs { get; init; } = new();
    /// <summary>Lines that are masked at once when they are disabled, whoever has them.</summary>
    public IReadOnlyList<int> Unlazy { get; init; } = [];
    /// <summary>Lines of the host whose devices need ONESHOT.</summary>
    public IReadOnlyList<int> Oneshot { get; init; } = [];
    /// <summary>Of a guest, the pin of each line.</summary>
    public IReadOnlyList<GuestPin> Pins { get; init; } = [];
    /// <summary>The kernel's own drivers.</summary>
    public IReadOnlyList<DriverSpec> Drivers { get; init; } = [];
    /// <summary>Whether a thread runs only when a step says so.</summary>
    public bool ThreadsTold { get; init; }
    /// <summary>Names of eventfds of the process, besides those of its devices.</summary>
    public IReadOnlyList<string> EventFds { get; init; } = [];
}

/// <summary>The pin to which a guest's line leads.</summary>
/// <param name="IoApic">Its I/OAPIC.</param>
/// <param name="Pin">The pin.</param>
/// <param name="Vector">The vector.</param>
/// <param name="Cpu">The CPU to which it first goes.</param>
internal readonly record struct GuestPin(int IoApic, int Pin, byte Vector, int Cpu);

/// <summary>A driver of a kernel, which has an action of a line.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Line">The line.</param>
/// <param name="Device">Its device.</param>
/// <param name="Request">How it requests the line.</param>
/// <param name="Looks">Whether its handler reads first whether its device asserts.</param>
/// <param name="Handles">Whether it knows its device. If not, it always answers that it was another one.</param>
/// <param name="Requests">Whether it requests the line when the kernel starts. If not, a step does.</param>
internal sealed record DriverSpec(string Name, int Line, int Device, HostRequest Request, bool Looks, bool Handles, bool Requests);

/// <summary>How a VMM tells VFIO that the guest has finished.</summary>
internal enum UnmaskWay
{
    /// <summary>By a call, when the machine acknowledges the line.</summary>
    Ack,
    /// <summary>By the eventfd that the machine writes at the acknowledge.</summary>
    EventFd,
    /// <summary>By a call, at the first access to the device after each event.</summary>
    Access,
    /// <summary>Not at all: steps do it.</summary>
    None,
}

/// <summary>How a device is passed to the guest.</summary>
/// <param name="Options">The device, as VFIO knows it.</param>
/// <param name="Back">The way back.</param>
internal sealed record VfioSpec(VfioDeviceOptions Options, UnmaskWay Back);

/// <summary>What somebody does with a line of a kernel, or with an eventfd.</summary>
internal enum KernelAction
{
    /// <summary>Disables it once more.</summary>
    Disable,
    /// <summary>Enables it once.</summary>
    Enable,
    /// <summary>Sends it to another CPU.</summary>
    Move,
    /// <summary>A driver requests its line.</summary>
    Request,
    /// <summary>A driver frees it.</summary>
    Free,
    /// <summary>The thread of a driver runs.</summary>
    Thread,
    /// <summary>A line that nobody handled is polled.</summary>
    Poll,
    /// <summary>Somebody writes an eventfd.</summary>
    Write,
    /// <summary>Somebody reads an eventfd.</summary>
    Read,
}

/// <summary>Somebody does something with a kernel's interrupts.</summary>
/// <param name="At">Its position in the file.</param>
/// <param name="Text">Its text.</param>
/// <param name="OfGuest">Whether the kernel is the guest's.</param>
/// <param name="Action">What is done.</param>
/// <param name="Which">The line, driver or eventfd.</param>
/// <param name="Cpu">The CPU that does it, of a guest; the destination of a move.</param>
/// <param name="Gives">The expected answer to a request.</param>
internal sealed record KernelStep(FilePosition At, string Text, bool OfGuest, KernelAction Action, int Which, int Cpu = 0, int Gives = 0) : Step(At, Text);

/// <summary>What the process does with a passed device.</summary>
internal enum VfioAction
{
    /// <summary>VFIO_DEVICE_SET_IRQS.</summary>
    SetIrqs,
    /// <summary>The guest's DisINTx is written.</summary>
    DisableIntx,
    /// <summary>The guest is reset.</summary>
    GuestReset,
    /// <summary>The process is about to be replaced.</summary>
    LiveUpdate,
    /// <summary>The device is closed.</summary>
    Close,
    /// <summary>It is opened anew, and its interrupts are set up as at the start.</summary>
    Open,
    /// <summary>The guest reads a register of the device.</summary>
    Access,
}

/// <summary>The process, or the guest, does something with a passed device.</summary>
/// <param name="At">Its position in the file.</param>
/// <param name="Text">Its text.</param>
/// <param name="Device">The device.</param>
/// <param name="Action">What.</param>
internal sealed record VfioStep(FilePosition At, string Text, int Device, VfioAction Action) : Step(At, Text)
{
    /// <summary>The value of DisINTx.</summary>
    public bool On { get; init; }
    /// <summary>The call, without its size.</summary>
    public VfioIrqSet Set { get; init; }
    /// <summary>Its eventfds, each by place; see <see cref="EventFdName"/>.</summary>
    public IReadOnlyList<int> Fds { get; init; } = [];
    /// <summary>Its bytes.</summary>
    public IReadOnlyList<byte> Bools { get; init; } = [];
    /// <summary>The expected answer: an error number without its sign, or how many vectors are granted.</summary>
    public int Gives { get; init; }
    /// <summary>Whether <see cref="Gives"/> is a number of vectors.</summary>
    public bool GivesVectors { get; init; }
}

/// <summary>Eventfds in steps. From 0 on, those of the process by their place.</summary>
internal static class EventFdName
{
    /// <summary>No eventfd.</summary>
    internal const int None = -1;
    /// <summary>A descriptor that is not open.</summary>
    internal const int Closed = -2;
    /// <summary>That by which the device of the step interrupts; of message N, this minus N.</summary>
    internal const int Trigger = -10_000;
    /// <summary>That which the machine writes at the acknowledge.</summary>
    internal const int Resample = -3;
}

/// <summary>Runs the flow handler of a line of the guest's kernel.</summary>
internal sealed record IrqCommand(int Line) : CpuCommand;

/// <summary>Reads a register of a device, which does not serve it.</summary>
internal sealed record AccessCommand(int Device) : CpuCommand;

/// <summary>Values about kernels and passed devices that are registers in a scenario.</summary>
internal enum HostWord
{
    /// <summary>Whether a line is masked at its chip.</summary>
    Masked,
    /// <summary>Whether a line is disabled.</summary>
    Disabled,
    /// <summary>How often it was disabled more than enabled.</summary>
    Depth,
    /// <summary>Whether something that arrived has still to be handled.</summary>
    Pending,
    /// <summary>Whether hard handlers run.</summary>
    InProgress,
    /// <summary>The threads of ONESHOT actions that have not ended, one bit each.</summary>
    Threads,
    /// <summary>The CPU to which a line goes.</summary>
    Cpu,
    /// <summary>Whether it was disabled because nobody handled it.</summary>
    NobodyCared,
    /// <summary>How often it interrupted a CPU.</summary>
    Entries,
    /// <summary>Whether VFIO keeps a device masked.</summary>
    VfioMasked,
    /// <summary>Whether a thread waits for the guest.</summary>
    Waiting,
    /// <summary>The device's own DisINTx.</summary>
    IntxDisabled,
    /// <summary>Whether the device asserts.</summary>
    Asserts,
    /// <summary>How often VFIO signalled an eventfd for it.</summary>
    Signals,
    /// <summary>How often the VMM unmasked it.</summary>
    Unmasks,
    /// <summary>How often it was not masked then.</summary>
    Idle,
    /// <summary>How often it still asserted then.</summary>
    Early,
    /// <summary>The count of an eventfd.</summary>
    EventFd,
}
