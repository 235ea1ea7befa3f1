using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Board.Mailbox;

/// <content>The routines for orders. A routine gets the address in RSI (ESI) and the value in RAX (EAX), and returns
/// the value that it read in RAX (EAX).</content>
internal sealed partial class MailboxCode
{
    private const int HalfBits = 32;
    // RFLAGS in the frame of an interrupt in 64-bit mode (Intel SDM vol. 3, 6.14.2), and RFLAGS.IF.
    private const int FlagsOffset = 16, InterruptFlag = 0x200;

    private void WriteRoutines(Label finish)
    {
        Routine(MailboxOperation.Nop, finish, () => _asm.nop());
        Routine(MailboxOperation.Read1, finish, () => _asm.movzx(eax, Target(__byte_ptr)));
        Routine(MailboxOperation.Read2, finish, () => _asm.movzx(eax, Target(__word_ptr)));
        Routine(MailboxOperation.Read4, finish, () => _asm.mov(eax, Target(__)));
        Routine(MailboxOperation.Write1, finish, () => _asm.mov(Target(__), al));
        Routine(MailboxOperation.Write2, finish, () => _asm.mov(Target(__), ax));
        Routine(MailboxOperation.Write4, finish, () => _asm.mov(Target(__), eax));
        WritePortRoutines(finish);
        WriteMsrRoutines(finish);
        Routine(MailboxOperation.Sti, finish, () => _asm.sti());
        Routine(MailboxOperation.Cli, finish, () => _asm.cli());
        Routine(MailboxOperation.Hlt, finish, () => _asm.hlt());
        Routine(MailboxOperation.Iret, finish, () =>
        {
            // The order is marked as done before it is executed: it returns to the loop, which asks for the next order.
            WriteDone();
            _asm.dec(Field(__dword_ptr, MailboxBlock.DepthOffset));
            PopA();
            WriteInterruptReturn();
        });
        if (!_isLong)
            return;
        Routine(MailboxOperation.Read8, finish, () => _asm.mov(rax, Target(__)));
        Routine(MailboxOperation.Write8, finish, () => _asm.mov(Target(__), rax));
        Routine(MailboxOperation.ReadCr8, finish, () => _asm.mov(rax, cr8));
        Routine(MailboxOperation.WriteCr8, finish, () => _asm.mov(cr8, rax));
        Routine(MailboxOperation.Invlpg, finish, () => _asm.invlpg(Target(__)));
        Routine(MailboxOperation.Window, finish, () =>
        {
            // As with IRET: a handler that begins here asks for the next order. What follows after its IRET marks the order of
            // that IRET as done again.
            WriteDone();
            _asm.sti();
            // An interrupt comes after the first (Intel SDM vol. 2, STI); an interrupt window exits before the second.
            _asm.nop();
            _asm.nop();
            _asm.cli();
        });
        Routine(MailboxOperation.IretOff, finish, () =>
        {
            WriteDone();
            _asm.dec(Field(__dword_ptr, MailboxBlock.DepthOffset));
            PopA();
            _asm.and(__dword_ptr[rsp + FlagsOffset], ~InterruptFlag);
            WriteInterruptReturn();
        });
    }

    private void WritePortRoutines(Label finish)
    {
        foreach (MailboxOperation operation in Enum.GetValues<MailboxOperation>())
        {
            if (operation is < MailboxOperation.In1 or > MailboxOperation.Out4)
                continue;
            Routine(operation, finish, () =>
            {
                _asm.mov(edx, esi);
                switch (operation)
                {
                    case MailboxOperation.In1:
                        _asm.@in(al, dx);
                        _asm.movzx(eax, al);
                        break;
                    case MailboxOperation.In2:
                        _asm.@in(ax, dx);
                        _asm.movzx(eax, ax);
                        break;
                    case MailboxOperation.In4:
                        _asm.@in(eax, dx);
                        break;
                    case MailboxOperation.Out1:
                        _asm.@out(dx, al);
                        break;
                    case MailboxOperation.Out2:
                        _asm.@out(dx, ax);
                        break;
                    default:
                        _asm.@out(dx, eax);
                        break;
                }
            });
        }
    }

    private void WriteMsrRoutines(Label finish)
    {
        Routine(MailboxOperation.ReadMsr, finish, () =>
        {
            _asm.mov(ecx, esi);
            _asm.rdmsr();
            if (_isLong)
            {
                _asm.shl(rdx, HalfBits);
                _asm.or(rax, rdx);
            }
            else
                _asm.mov(Field(__, MailboxBlock.ResultOffset + sizeof(uint)), edx);
        });
        Routine(MailboxOperation.WriteMsr, finish, () =>
        {
            _asm.mov(ecx, esi);
            _asm.mov(edx, Field(__, MailboxBlock.ValueOffset + sizeof(uint)));
            _asm.wrmsr();
        });
    }

    private AssemblerMemoryOperand Target(AssemblerMemoryOperandFactory width) => _isLong ? width[rsi] : width.fs[esi];

    private void Routine(MailboxOperation operation, Label finish, Action write)
    {
        Label label = _asm.CreateLabel();
        _asm.Label(ref label);
        _labels[operation] = label;
        write();
        _asm.jmp(finish);
    }
}
