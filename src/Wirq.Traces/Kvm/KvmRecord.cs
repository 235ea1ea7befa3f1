using System.Globalization;
using System.Text;

namespace Wirq.Traces.Kvm;

/// <summary>One record of KVM's tracepoints. A reader uses one object for all of them: who keeps a fact copies it.</summary>
/// <remarks>A field that the event does not have is at its default, and one that the text does not tell is at -1.</remarks>
internal sealed class KvmRecord
{
    /// <summary>A value that is not told.</summary>
    internal const int Untold = -1;

    private const ulong ResetVector = 0xFFF0;

    private readonly byte[] _task = new byte[64];
    private int _taskLength;

    internal KvmEvent Event;
    /// <summary>The line of the text, or the number of the record in a trace.dat; from 1.</summary>
    internal long Place;
    /// <summary>Nanoseconds of the tracer's clock; -1 where none stands there.</summary>
    internal long Time;
    /// <summary>The CPU of the host, the thread and its process (thread group).</summary>
    internal int Cpu, Thread, Process;

    /// <summary>It happened in an interrupt, so that the thread is whatever ran there.</summary>
    internal bool InInterrupt;

    /// <summary>Whose records are in one order: the number of the thread, or of the CPU in whose interrupts they came, which is below -1.</summary>
    internal int ThreadKey => InInterrupt ? -2 - Math.Max(0, Cpu) : Thread;

    internal int Gsi, Source, Chip, Pin, Vcpu, Vector;

    /// <summary>Whether <see cref="Chip"/> and <see cref="Pin"/> are those of an input of the 8259 pair: a log may have any numbers there.</summary>
    internal bool IsOfPic => IsPicInput(Chip, Pin);

    /// <summary>The input of the 8259 pair, 0 to 15, of a record that <see cref="IsOfPic"/>; no index of another one.</summary>
    internal int Irq => Chip * PicPair.SlaveFirst + Pin;

    /// <summary>The input of the 8259 pair, 0 to 15, whose acknowledge it is; -1 for none. KVM numbers those of the slave from 8 there, and from 0
    /// everywhere else (<c>i8259.c</c>, <c>pic_clear_isr</c>).</summary>
    internal int AcknowledgedIrq => AcknowledgedInput(Chip, Pin);

    /// <inheritdoc cref="AcknowledgedIrq"/>
    internal static int AcknowledgedInput(int chip, int pin)
    {
        int input = chip == 1 && pin >= PicPair.SlaveFirst ? pin - PicPair.SlaveFirst : pin;
        return IsPicInput(chip, input) ? chip * PicPair.SlaveFirst + input : -1;
    }

    /// <summary>Whether the 8259 pair has a chip and that chip's pin.</summary>
    internal static bool IsPicInput(int chip, int pin) => chip is 0 or 1 && pin is >= 0 and < PicPair.SlaveFirst;

    internal uint Destination;
    internal DeliveryMode Mode;
    /// <summary>A bit of the text: of a line its level, of a write that it writes, of a message its parts; of an access to an MSR, Masked says
    /// that it failed.</summary>
    internal bool Level, Write, Logical, LevelTrigger, Masked, Coalesced, Soft, Reinjected, Restart;
    /// <summary>The offset of a local APIC's register (as in xAPIC's page).</summary>
    internal int Register;
    internal ulong Address, Value;
    /// <summary>VM-entry interruption information; 0 where it is not told.</summary>
    internal uint InterruptInfo;
    internal KvmExit Exit;
    /// <summary>KVM_EXIT_… of an exit to the VMM.</summary>
    internal int Reason;
    internal ulong Rip;
    internal bool HasRip;

    /// <summary>It tells that the CPU stands at its first instruction after a reset (Intel SDM 3A, 9.1.4).</summary>
    internal bool IsAtResetVector => HasRip && Rip == ResetVector;
    internal KvmLoss Loss;
    /// <summary>How many records are missing; 0 where that is not told.</summary>
    internal long LostCount;

    /// <summary>The name of the task, without its number.</summary>
    internal ReadOnlySpan<byte> Task
    {
        get => _task.AsSpan(0, _taskLength);
        set
        {
            // The name stands at the end of whatever a mail or grep put before it.
            ReadOnlySpan<byte> last = value.Length > _task.Length ? value[^_task.Length..] : value;
            last.CopyTo(_task);
            _taskLength = last.Length;
        }
    }

    internal void Clear()
    {
        Event = KvmEvent.Other;
        Time = -1;
        Cpu = Thread = Process = Untold;
        _taskLength = 0;
        Gsi = Source = Chip = Pin = Vcpu = Vector = Register = Reason = Untold;
        Destination = InterruptInfo = 0;
        Mode = DeliveryMode.Fixed;
        Level = Write = Logical = LevelTrigger = Masked = Coalesced = Soft = Reinjected = Restart = HasRip = InInterrupt = false;
        Address = Value = Rip = 0;
        Exit = KvmExit.Other;
        Loss = KvmLoss.Dropped;
        LostCount = 0;
    }

    /// <summary>The fields that every form of a log tells, to compare two forms.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{(Time + 500) / 1000} {Cpu} {Thread} {Event}");
        foreach ((string name, long value) in (ReadOnlySpan<(string, long)>)[("gsi", Gsi), ("source", Source), ("chip", Chip), ("pin", Pin), ("vcpu", Vcpu), ("vector", Vector), ("register", Register)])
        {
            if (value != Untold)
                text.Append(CultureInfo.InvariantCulture, $" {name}={value}");
        }
        text.Append(CultureInfo.InvariantCulture, $" dst={Destination:x} mode={(int)Mode} {Bits()} address={Address:x} value={Value:x} {Exit}");
        return text.ToString();
    }

    private string Bits() => string.Concat(((ReadOnlySpan<bool>)[Level, Write, Logical, LevelTrigger, Masked, Coalesced, Soft, Reinjected]).ToArray()
        .Select(bit => bit ? '1' : '0'));
}
