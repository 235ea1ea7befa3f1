using Wirq.Remapping.VtD;

namespace Wirq.Lab.Scenarios;

/// <summary>Something that an actor does.</summary>
/// <param name="At">Where it stands.</param>
/// <param name="Text">It in a few words, for a timeline.</param>
internal abstract record Step(FilePosition At, string Text);

/// <summary>What a device can do.</summary>
internal enum DeviceAction
{
    /// <summary>Assert (a line that it keeps asserting until it is served).</summary>
    Raise,
    /// <summary>Cease to assert on its own.</summary>
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

/// <summary>A device does something, or its driver does something to it.</summary>
/// <param name="At">Where it stands.</param>
/// <param name="Text">It in a few words.</param>
/// <param name="Device">Which.</param>
/// <param name="Action">What.</param>
/// <param name="Vector">Of its vectors, which one; -1 for all.</param>
/// <param name="Message">The message that is programmed.</param>
internal sealed record DeviceStep(FilePosition At, string Text, int Device, DeviceAction Action, int Vector = 0, Msi Message = default)
    : Step(At, Text);

/// <summary>Virtual time passes; what falls due in between happens on the way.</summary>
/// <param name="At">Where it stands.</param>
/// <param name="Text">It in a few words.</param>
/// <param name="Nanoseconds">How much.</param>
internal sealed record TimeStep(FilePosition At, string Text, long Nanoseconds) : Step(At, Text);

/// <summary>Steps are repeated.</summary>
internal sealed record RepeatStep(FilePosition At, string Text, int Times, IReadOnlyList<Step> Steps) : Step(At, Text);

/// <summary>The machine must be in a certain state.</summary>
internal sealed record ExpectStep(FilePosition At, string Text, IReadOnlyList<Check> Checks) : Step(At, Text);

/// <summary>A CPU does something.</summary>
/// <param name="At">Where it stands.</param>
/// <param name="Text">It in a few words.</param>
/// <param name="Cpu">Which; -1 in a handler of all CPUs, for the one that runs it.</param>
/// <param name="Command">What.</param>
internal sealed record CpuStep(FilePosition At, string Text, int Cpu, CpuCommand Command) : Step(At, Text);

/// <summary>What a CPU can do.</summary>
internal abstract record CpuCommand;

/// <summary>Write a register.</summary>
/// <param name="Register">Which.</param>
/// <param name="Value">What; unnamed fields are written as zero.</param>
/// <param name="Faults">Whether <c>#GP</c> must follow.</param>
internal sealed record WriteCommand(RegisterName Register, RegisterValue Value, bool Faults = false) : CpuCommand;

/// <summary>Read a register, change some fields, write it back.</summary>
internal sealed record ChangeCommand(RegisterName Register, RegisterValue Value) : CpuCommand;

/// <summary>Read a register.</summary>
/// <param name="Register">Which.</param>
/// <param name="Is">What it must be, as far as named; null to read for the effect alone.</param>
/// <param name="Faults">Whether <c>#GP</c> must follow.</param>
internal sealed record ReadCommand(RegisterName Register, RegisterValue? Is, bool Faults = false) : CpuCommand;

/// <summary>Signal end of interrupt to the local APIC.</summary>
internal sealed record EoiCommand : CpuCommand;

/// <summary>Signal end of interrupt to the 8259s: specific for an IRQ (to both chips where it is the slave's), or
/// non-specific to the master (and, with <paramref name="Slave"/>, to the slave first).</summary>
/// <param name="Irq">0 to 15, or -1 for non-specific.</param>
/// <param name="Slave">Whether a non-specific EOI goes to the slave too.</param>
internal sealed record PicEoiCommand(int Irq, bool Slave) : CpuCommand;

/// <summary>Serves a device, as a driver does that reads its status: it stops asserting, unless it is stuck.</summary>
internal sealed record ServeCommand(int Device) : CpuCommand;

/// <summary>Mask or unmask a pin of an I/OAPIC, by reading and writing the low half of its entry.</summary>
internal sealed record MaskCommand(int IoApic, int Pin, bool Masked) : CpuCommand;

/// <summary>Mask or unmask a pin of the 8259 pair.</summary>
internal sealed record MaskIrqCommand(int Irq, bool Masked) : CpuCommand;

/// <summary>Point a pin at another CPU, by writing the high half of its entry; with a vector, the low half
/// too.</summary>
internal sealed record MigrateCommand(int IoApic, int Pin, uint To, int Vector = -1) : CpuCommand;

/// <summary>Send an inter-processor interrupt through the ICR.</summary>
/// <param name="InterruptCommand">The ICR as it is in x2APIC mode, the destination in bits 63:32; in xAPIC mode the low
/// eight bits of that go to bits 31:24 of the high register, which is written first.</param>
internal sealed record IpiCommand(ulong InterruptCommand) : CpuCommand;

/// <summary>Take an interrupt now, whatever the interrupt flag, and run no handler.</summary>
/// <param name="Vector">Which it must be; -1 for any, -2 for none at all.</param>
internal sealed record TakeCommand(int Vector) : CpuCommand;

/// <summary>Run an INTA cycle to the 8259s now, even if INTR is low.</summary>
/// <param name="Vector">What it must return; -1 for any.</param>
internal sealed record IntaCommand(int Vector) : CpuCommand;

/// <summary>Set or clear the interrupt flag.</summary>
internal sealed record InterruptsCommand(bool On) : CpuCommand;

/// <summary>Write entries of the interrupt remapping table, all alike.</summary>
/// <param name="First">The first.</param>
/// <param name="Last">The last.</param>
/// <param name="Message">What they make.</param>
/// <param name="Present">Whether they are present.</param>
/// <param name="FaultsSuppressed">Whether their faults are not to be recorded (FPD).</param>
/// <param name="Validation">How the requester is verified (SVT).</param>
/// <param name="Source">Who the requester must be.</param>
/// <param name="Qualifier">Which function bits do not count (SQ).</param>
internal sealed record IrteCommand(int First, int Last, InterruptMessage Message, bool Present, bool FaultsSuppressed,
    SourceValidation Validation, ushort Source, int Qualifier) : CpuCommand;

/// <summary>Put descriptors into the invalidation queue.</summary>
/// <param name="Does">Whether entries are invalidated at all.</param>
/// <param name="Index">The entry; -1 for all.</param>
/// <param name="Mask">The aligned run of 2^mask entries around it.</param>
/// <param name="Wait">The wait descriptor behind it, if any.</param>
internal sealed record InvalidateCommand(bool Does, int Index, int Mask, WaitSpec? Wait) : CpuCommand;

/// <summary>A wait descriptor.</summary>
/// <param name="Address">Where its status goes; -1 for no status.</param>
/// <param name="Data">The status.</param>
/// <param name="Interrupt">Whether the invalidation event is signalled.</param>
internal sealed record WaitSpec(long Address, uint Data, bool Interrupt);

/// <summary>Give the remapping unit one command on top of what is on.</summary>
/// <param name="Command">Its bit in GCMD_REG.</param>
/// <param name="On">Whether it is set.</param>
internal sealed record RemappingCommand(ulong Command, bool On) : CpuCommand;
