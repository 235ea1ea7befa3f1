using Wirq.Remapping.VtD;

namespace Wirq.Lab.Scenarios;

/// <summary>An action of an actor.</summary>
/// <param name="At">Its position in the file.</param>
/// <param name="Text">Its text, for a timeline.</param>
internal abstract record Step(FilePosition At, string Text);

/// <summary>An action of a device.</summary>
internal enum DeviceAction
{
    /// <summary>Assert its line, until it is served.</summary>
    Raise,
    /// <summary>Stop asserting by itself.</summary>
    Lower,
    /// <summary>Assert for an instant.</summary>
    Pulse,
    /// <summary>Write its message.</summary>
    Send,
    /// <summary>Be unplugged: its source leaves the line.</summary>
    Remove,
    /// <summary>Its driver masks a vector.</summary>
    Mask,
    /// <summary>Its driver unmasks a vector.</summary>
    Unmask,
    /// <summary>Its driver programs another message.</summary>
    Message,
}

/// <summary>An action of a device, or of its driver.</summary>
/// <param name="At">Its position in the file.</param>
/// <param name="Text">Its text.</param>
/// <param name="Device">The device.</param>
/// <param name="Action">The action.</param>
/// <param name="Vector">The number of its vector; -1 for all.</param>
/// <param name="Message">The message that is programmed.</param>
internal sealed record DeviceStep(FilePosition At, string Text, int Device, DeviceAction Action, int Vector = 0, Msi Message = default)
    : Step(At, Text);

/// <summary>Virtual time passes; events that become due happen on the way.</summary>
/// <param name="At">Its position in the file.</param>
/// <param name="Text">Its text.</param>
/// <param name="Nanoseconds">The time.</param>
internal sealed record TimeStep(FilePosition At, string Text, long Nanoseconds) : Step(At, Text);

/// <summary>Steps are repeated.</summary>
internal sealed record RepeatStep(FilePosition At, string Text, int Times, IReadOnlyList<Step> Steps) : Step(At, Text);

/// <summary>The machine must have a certain state.</summary>
internal sealed record ExpectStep(FilePosition At, string Text, IReadOnlyList<Check> Checks) : Step(At, Text);

/// <summary>The machine is saved.</summary>
/// <param name="At">Its position in the file.</param>
/// <param name="Text">Its text.</param>
/// <param name="Snapshot">The number of the snapshot's name.</param>
internal sealed record SaveStep(FilePosition At, string Text, int Snapshot) : Step(At, Text);

/// <summary>The machine goes on from a snapshot.</summary>
/// <param name="At">Its position in the file.</param>
/// <param name="Text">Its text.</param>
/// <param name="Snapshot">The number of the snapshot's name.</param>
/// <param name="Without">What the restore leaves out.</param>
internal sealed record RestoreStep(FilePosition At, string Text, int Snapshot, Omissions Without) : Step(At, Text);

/// <summary>A part of a live update. The CPUs stand still from the first to the last.</summary>
/// <param name="At">Its position in the file.</param>
/// <param name="Text">Its text.</param>
/// <param name="Part">The part.</param>
/// <param name="Fails">Whether the new side fails, and the old one goes on.</param>
internal sealed record UpdateStep(FilePosition At, string Text, UpdatePart Part, bool Fails) : Step(At, Text);

/// <summary>The parts of a live update, in their order.</summary>
internal enum UpdatePart : byte
{
    /// <summary>The CPUs stop.</summary>
    Stop,
    /// <summary>The kernel unbinds every eventfd, and userspace stops polling.</summary>
    Suspend,
    /// <summary>CPUs and machine are saved.</summary>
    Save,
    /// <summary>A new kernel gets the CPUs, and the machine its snapshot.</summary>
    Restore,
    /// <summary>The new kernel gets routes and bindings.</summary>
    Resume,
    /// <summary>The CPUs go on.</summary>
    Start,
}

/// <summary>The parts that one step of a scenario does.</summary>
/// <param name="First">The first part.</param>
/// <param name="Last">The last part.</param>
/// <param name="Fails">Whether the new side fails.</param>
internal readonly record struct UpdateParts(UpdatePart First, UpdatePart Last, bool Fails = false);

/// <summary>What a restore leaves out, as implementations have.</summary>
[Flags]
internal enum Omissions
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>The levels of sources, lines and pins.</summary>
    Levels = 1,
    /// <summary>Requests: IRR of local APICs and 8259s, latched edges, what a masked virq has pending.</summary>
    Pending = 2,
    /// <summary>What is in service: ISR, and Remote IRR.</summary>
    InService = 4,
    /// <summary>Acknowledges that wait for an unmask.</summary>
    Acks = 8,
    /// <summary>Deadlines: timers of local APICs, and of the storm brake.</summary>
    Timers = 16,
    /// <summary>Messages of virqs, and their routes.</summary>
    Virqs = 32,
}

/// <summary>An action of a CPU.</summary>
/// <param name="At">Its position in the file.</param>
/// <param name="Text">Its text.</param>
/// <param name="Cpu">The CPU; -1 in a handler of all CPUs, for the CPU that runs it.</param>
/// <param name="Command">The command.</param>
internal sealed record CpuStep(FilePosition At, string Text, int Cpu, CpuCommand Command) : Step(At, Text)
{
    /// <summary>How it uses the lock under which a guest's CPUs change what they share.</summary>
    public LockUse Lock { get; init; }
}

/// <summary>How a step uses the guest's lock.</summary>
[Flags]
internal enum LockUse
{
    /// <summary>Not at all.</summary>
    None = 0,
    /// <summary>It waits for the lock, and takes it.</summary>
    Take = 1,
    /// <summary>It releases the lock.</summary>
    Release = 2,
}

/// <summary>A command of a CPU.</summary>
internal abstract record CpuCommand;

/// <summary>Write a register.</summary>
/// <param name="Register">The register.</param>
/// <param name="Value">The value; unnamed fields are written as zero.</param>
/// <param name="Faults">Whether it must raise <c>#GP</c>.</param>
internal sealed record WriteCommand(RegisterName Register, RegisterValue Value, bool Faults = false) : CpuCommand;

/// <summary>Read a register, change some fields, write it back.</summary>
internal sealed record ChangeCommand(RegisterName Register, RegisterValue Value) : CpuCommand;

/// <summary>Read a shared register under the lock, and keep the value.</summary>
/// <param name="Register">The register, at most 32 bits wide.</param>
internal sealed record LoadCommand(RegisterName Register) : CpuCommand;

/// <summary>Write back what was kept, with some fields replaced.</summary>
/// <param name="Register">The register.</param>
/// <param name="Value">The fields.</param>
internal sealed record StoreCommand(RegisterName Register, RegisterValue Value) : CpuCommand;

/// <summary>Read a register.</summary>
/// <param name="Register">The register.</param>
/// <param name="Is">The expected value of the named fields; null to read only for the side effect.</param>
/// <param name="Faults">Whether it must raise <c>#GP</c>.</param>
internal sealed record ReadCommand(RegisterName Register, RegisterValue? Is, bool Faults = false) : CpuCommand;

/// <summary>Signal end of interrupt to the local APIC.</summary>
internal sealed record EoiCommand : CpuCommand;

/// <summary>Signal end of interrupt to the 8259s: specific for an IRQ (to both chips if it is an IRQ of the slave), or
/// non-specific to the master (and, with <paramref name="Slave"/>, to the slave first).</summary>
/// <param name="Irq">0 to 15, or -1 for non-specific.</param>
/// <param name="Slave">Whether a non-specific EOI is also sent to the slave.</param>
internal sealed record PicEoiCommand(int Irq, bool Slave) : CpuCommand;

/// <summary>Serve a device, like a driver that reads its status: it stops asserting, unless it is stuck.</summary>
internal sealed record ServeCommand(int Device) : CpuCommand;

/// <summary>Mask or unmask a pin of an I/OAPIC, by reading and writing the low half of its entry.</summary>
internal sealed record MaskCommand(int IoApic, int Pin, bool Masked) : CpuCommand;

/// <summary>Mask or unmask a pin of the 8259 pair.</summary>
internal sealed record MaskIrqCommand(int Irq, bool Masked) : CpuCommand;

/// <summary>Route a pin to another CPU, by a write to the high half of its entry; with a vector, also to the low
/// half.</summary>
internal sealed record MigrateCommand(int IoApic, int Pin, uint To, int Vector = -1) : CpuCommand;

/// <summary>Send an inter-processor interrupt through the ICR.</summary>
/// <param name="InterruptCommand">The ICR in the layout of x2APIC mode, with the destination in bits 63:32. In xAPIC
/// mode the low eight bits of the destination are written to bits 31:24 of the high register, before the low
/// register.</param>
internal sealed record IpiCommand(ulong InterruptCommand) : CpuCommand;

/// <summary>Take an interrupt now, with any interrupt flag, and run no handler.</summary>
/// <param name="Vector">The expected vector; -1 for any, -2 for none.</param>
internal sealed record TakeCommand(int Vector) : CpuCommand;

/// <summary>Run an INTA cycle to the 8259s now, even if INTR is low.</summary>
/// <param name="Vector">The expected vector; -1 for any.</param>
internal sealed record IntaCommand(int Vector) : CpuCommand;

/// <summary>Set or clear the interrupt flag.</summary>
internal sealed record InterruptsCommand(bool On) : CpuCommand;

/// <summary>Write entries of the interrupt remapping table, with equal contents.</summary>
/// <param name="First">The first.</param>
/// <param name="Last">The last.</param>
/// <param name="Message">The message that they produce.</param>
/// <param name="Present">Whether they are present.</param>
/// <param name="FaultsSuppressed">Whether recording of their faults is suppressed (FPD).</param>
/// <param name="Validation">How the requester is verified (SVT).</param>
/// <param name="Source">The expected requester.</param>
/// <param name="Qualifier">The function bits that are ignored (SQ).</param>
internal sealed record IrteCommand(int First, int Last, InterruptMessage Message, bool Present, bool FaultsSuppressed,
    SourceValidation Validation, ushort Source, int Qualifier) : CpuCommand;

/// <summary>Put descriptors into the invalidation queue.</summary>
/// <param name="Does">Whether entries are invalidated.</param>
/// <param name="Index">The entry; -1 for all.</param>
/// <param name="Mask">The aligned range of 2^mask entries around it.</param>
/// <param name="Wait">The wait descriptor after it, if any.</param>
internal sealed record InvalidateCommand(bool Does, int Index, int Mask, WaitSpec? Wait) : CpuCommand;

/// <summary>A wait descriptor.</summary>
/// <param name="Address">The address of its status; -1 for no status.</param>
/// <param name="Data">The status.</param>
/// <param name="Interrupt">Whether the invalidation event is signalled.</param>
internal sealed record WaitSpec(long Address, uint Data, bool Interrupt);

/// <summary>Give the remapping unit one command; the other enabled features stay enabled.</summary>
/// <param name="Command">Its bit in GCMD_REG.</param>
/// <param name="On">Whether it is set.</param>
internal sealed record RemappingCommand(ulong Command, bool On) : CpuCommand;
