using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Board.Mailbox;

/// <summary>The mode of a mailbox guest.</summary>
internal enum MailboxMode : byte
{
    /// <summary>64-bit mode at CPL 0.</summary>
    Long,
    /// <summary>Real mode, with a data segment that reaches 4 GiB.</summary>
    Real,
}

/// <summary>The code of the mailbox guest, assembled once per mode.</summary>
/// <remarks>
/// <para>The guest has one loop: it rings the doorbell (an OUT, which exits) until there is a new order. A routine
/// executes the order and returns to the loop. The stub of an interrupt records the interrupt and enters the same loop,
/// deeper in the stack. So the guest executes orders inside the handler, until one of them is an IRET. Then it
/// continues where it was interrupted, in the loop or after a HLT.</para>
/// <para>RBX (BX) is always the address of the CPU's <see cref="MailboxBlock"/>. RAX is saved across interrupts. Other
/// registers have no meaning while an interrupt is possible.</para>
/// <para>A stub cannot distinguish an exception from an interrupt with the same vector (the 8259s deliver such vectors
/// after reset). The host determines which one it is: it either offers an interrupt or has an order executed, never
/// both.</para>
/// </remarks>
internal sealed partial class MailboxCode
{
    /// <summary>Port of the doorbell; no device of a scenario uses it.</summary>
    internal const byte Bell = 0xBE;

    private const int Vectors = 256, Exceptions = 32, NmiVector = 2, LogEntryShift = 4;
    // Double fault, invalid TSS, segment, stack, protection, page, alignment, control protection, VMM, security (Intel SDM
    // vol. 3, table 6-1; AMD APM vol. 2, 8.2).
    private static readonly int[] s_withErrorCode = [8, 10, 11, 12, 13, 14, 17, 21, 29, 30];
    private static readonly Lazy<MailboxCode> s_long = new(() => new MailboxCode(isLong: true, MailboxLayout.LongCode)),
        s_real = new(() => new MailboxCode(isLong: false, MailboxLayout.RealCode));

    private readonly bool _isLong;
    private readonly Assembler _asm;
    private readonly Label[] _stubs = new Label[Vectors];
    private readonly Dictionary<MailboxOperation, Label> _labels = [];
    private readonly Dictionary<MailboxOperation, ulong> _routines = [];

    private MailboxCode(bool isLong, ulong offset)
    {
        _isLong = isLong;
        _asm = new Assembler(isLong ? 64 : 16);
        Label resume = Write();
        var writer = new ByteWriter();
        AssemblerResult result = _asm.Assemble(writer, offset, BlockEncoderOptions.ReturnNewInstructionOffsets);
        Bytes = writer.ToArray();
        Resume = result.GetLabelRIP(resume);
        Handlers = [.. _stubs.Select(stub => result.GetLabelRIP(stub))];
        foreach ((MailboxOperation operation, Label label) in _labels)
            _routines[operation] = result.GetLabelRIP(label);
    }

    /// <summary>The code; the guest begins at its first byte. It is position-independent, but all addresses here are
    /// offsets from the beginning of the guest's memory.</summary>
    internal byte[] Bytes { get; }
    /// <summary>Address at which the guest continues after an exception.</summary>
    internal ulong Resume { get; }
    /// <summary>Address of the handler of each vector.</summary>
    internal IReadOnlyList<ulong> Handlers { get; }

    /// <summary>The code of a mode.</summary>
    internal static MailboxCode Of(MailboxMode mode) => (mode == MailboxMode.Long ? s_long : s_real).Value;

    /// <summary>Finds the routine of an order.</summary>
    /// <returns>False if the mode does not have it.</returns>
    internal bool TryFind(MailboxOperation operation, out ulong offset) => _routines.TryGetValue(operation, out offset);

    private Label Write()
    {
        Label wait = _asm.CreateLabel(), finish = _asm.CreateLabel(), record = _asm.CreateLabel(),
            exception = _asm.CreateLabel(), exceptionWithCode = _asm.CreateLabel(), resume = _asm.CreateLabel();
        WriteLoop(ref wait, ref finish);
        WriteRoutines(finish);
        WriteStubs(wait, record, exception, exceptionWithCode);
        WriteException(ref exceptionWithCode, record, errorCode: true);
        WriteException(ref exception, record, errorCode: false);
        WriteRecord(ref record, wait);
        _asm.Label(ref resume);
        _asm.xor(eax, eax);
        _asm.jmp(finish);
        return resume;
    }

    private void WriteLoop(ref Label wait, ref Label finish)
    {
        _asm.jmp(wait);
        _asm.Label(ref finish);
        if (_isLong)
            _asm.mov(Field(__, MailboxBlock.ResultOffset), rax);
        else
            _asm.mov(Field(__, MailboxBlock.ResultOffset), eax);
        WriteDone();
        _asm.Label(ref wait);
        _asm.@out(Bell, al);
        _asm.cmp(Field(__dword_ptr, MailboxBlock.PendingOffset), 0);
        _asm.je(wait);
        if (_isLong)
        {
            _asm.mov(rsi, Field(__, MailboxBlock.AddressOffset));
            _asm.mov(rax, Field(__, MailboxBlock.ValueOffset));
            _asm.jmp(Field(__qword_ptr, MailboxBlock.RoutineOffset));
        }
        else
        {
            _asm.mov(esi, Field(__, MailboxBlock.AddressOffset));
            _asm.mov(eax, Field(__, MailboxBlock.ValueOffset));
            _asm.jmp(Field(__word_ptr, MailboxBlock.RoutineOffset));
        }
    }

    private void WriteDone()
    {
        // First: as soon as the order is done, the host may give the next.
        _asm.mov(Field(__dword_ptr, MailboxBlock.PendingOffset), 0);
        _asm.mov(eax, Field(__, MailboxBlock.SequenceOffset));
        _asm.mov(Field(__, MailboxBlock.DoneOffset), eax);
    }

    private void WriteStubs(Label wait, Label record, Label exception, Label exceptionWithCode)
    {
        for (int vector = 0; vector < Vectors; vector++)
        {
            _stubs[vector] = _asm.CreateLabel();
            _asm.Label(ref _stubs[vector]);
            if (vector == NmiVector)
            {
                WriteNmi(record);
                continue;
            }
            PushA();
            _asm.mov(al, (byte)vector);
            _asm.jmp(s_withErrorCode.Contains(vector) ? exceptionWithCode : vector < Exceptions ? exception : record);
        }
    }

    /// <summary>Counts an NMI and returns from it, unless it is an interrupt with that vector.</summary>
    private void WriteNmi(Label record)
    {
        PushA();
        _asm.mov(al, (byte)NmiVector);
        _asm.cmp(Field(__dword_ptr, MailboxBlock.OfferedOffset), 0);
        _asm.jne(record);
        _asm.inc(Field(__dword_ptr, MailboxBlock.NmisOffset));
        PopA();
        WriteInterruptReturn();
    }

    /// <summary>Records an exception and abandons the order.</summary>
    private void WriteException(ref Label exception, Label record, bool errorCode)
    {
        _asm.Label(ref exception);
        _asm.cmp(Field(__dword_ptr, MailboxBlock.OfferedOffset), 0);
        _asm.jne(record);
        _asm.movzx(eax, al);
        _asm.inc(eax);
        _asm.mov(Field(__, MailboxBlock.FaultOffset), eax);
        if (_isLong)
        {
            // Removes RAX and the error code.
            _asm.add(rsp, errorCode ? 16 : 8);
            _asm.mov(rax, Field(__, MailboxBlock.ResumeOffset));
            _asm.mov(__[rsp], rax);
        }
        else
        {
            // Real mode pushes no error code (Intel SDM vol. 3, 21.1.4).
            _asm.add(sp, 4);
            _asm.mov(ax, Field(__, MailboxBlock.ResumeOffset));
            _asm.mov(bp, sp);
            _asm.mov(__[bp], ax);
        }
        WriteInterruptReturn();
    }

    private void WriteRecord(ref Label record, Label wait)
    {
        _asm.Label(ref record);
        _asm.movzx(eax, al);
        _asm.mov(ecx, Field(__, MailboxBlock.TakenOffset));
        _asm.and(ecx, MailboxBlock.LogEntries - 1);
        _asm.shl(ecx, LogEntryShift);
        _asm.mov(Entry(TakenInterrupt.VectorOffset), eax);
        _asm.mov(eax, Field(__, MailboxBlock.SequenceOffset));
        _asm.mov(Entry(TakenInterrupt.OrderOffset), eax);
        _asm.mov(eax, Field(__, MailboxBlock.DepthOffset));
        _asm.inc(eax);
        _asm.mov(Field(__, MailboxBlock.DepthOffset), eax);
        _asm.mov(Entry(TakenInterrupt.DepthOffset), eax);
        _asm.inc(Field(__dword_ptr, MailboxBlock.TakenOffset));
        _asm.jmp(wait);
    }

    private void PushA()
    {
        if (_isLong)
            _asm.push(rax);
        else
            _asm.push(eax);
    }

    private void PopA()
    {
        if (_isLong)
            _asm.pop(rax);
        else
            _asm.pop(eax);
    }

    private void WriteInterruptReturn()
    {
        if (_isLong)
            _asm.iretq();
        else
            _asm.iret();
    }

    private AssemblerMemoryOperand Field(AssemblerMemoryOperandFactory width, int offset) =>
        _isLong ? width[rbx + offset] : width[bx + offset];

    // With 16-bit addressing, only SI or DI can be an index beside BX.
    private AssemblerMemoryOperand Entry(int offset) => _isLong
        ? __[rbx + rcx + (MailboxBlock.LogOffset + offset)] : __[ebx + ecx + (MailboxBlock.LogOffset + offset)];

    private sealed class ByteWriter : CodeWriter
    {
        private readonly List<byte> _bytes = [];

        public override void WriteByte(byte value) => _bytes.Add(value);

        internal byte[] ToArray() => [.. _bytes];
    }
}
