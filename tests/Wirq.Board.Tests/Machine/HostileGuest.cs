using Iced.Intel;
using Wirq.Tests.Shared.Images;
using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Board.Tests.Machine;

/// <summary>A guest that writes configuration space, BARs, MSI-X tables and rings at random, with interrupts on at times. In the end
/// it resets the devices, and ends with 0 if no interrupt is left in them.</summary>
/// <remarks><code>
/// R12 the random number   R13 rounds left   R15 BAR0 of the device that it drives
/// 0x400000 descriptors   0x401000 available   0x402000 used   0x410000 data
/// </code>Messages have fixed delivery: one with INIT would end the machine, which is the guest's right.</remarks>
internal static class HostileGuest
{
    private const uint Bar = 0xC0000000, BarBytes = 0x8000, Ram = 0x400000, Data = 0x410000;
    private const int DiskSlot = 2, EntropySlot = 3, FirstPin = 17, Pins = 3, FirstVector = 0x51;

    internal static byte[] Bytes(uint seed, int rounds) => GuestImage.Bytes(guest => Write(guest, seed, rounds));

    private static void Write(GuestImage guest, uint seed, int rounds)
    {
        Assembler asm = guest.Asm;
        Label next = asm.CreateLabel(), round = asm.CreateLabel(), over = asm.CreateLabel();
        Label[] things = [.. Enumerable.Range(0, 8).Select(_ => asm.CreateLabel())];
        guest.EnableLocalApic();
        asm.mov(r12d, seed);
        asm.mov(r13d, rounds);
        asm.mov(r15d, Bar + DiskSlot * BarBytes);
        Place(guest);
        Unmask(guest);
        asm.Label(ref round);
        asm.sub(r13d, 1);
        asm.jc(over);
        asm.call(next);
        asm.and(eax, 7);
        for (int thing = 1; thing < things.Length; thing++)
        {
            asm.cmp(eax, thing);
            asm.je(things[thing]);
        }
        void Thing(int number, Action write)
        {
            asm.Label(ref things[number]);
            write();
            asm.jmp(round);
        }

        Thing(0, () => Configuration(asm, next));
        Thing(1, () => Memory(asm, next, 0x1FFFF));
        // The common configuration alone, where a driver's order matters.
        Thing(2, () => Memory(asm, next, 0x1803F));
        Thing(3, () => Place(guest));
        Thing(4, () => Start(guest, next));
        Thing(5, () => Ring(asm, next));
        Thing(6, () => Vectors(guest, next));
        Thing(7, () =>
        {
            asm.sti();
            asm.nop();
            asm.cli();
            Unmask(guest);
        });

        asm.Label(ref over);
        Place(guest);
        asm.xor(ecx, ecx);
        foreach (int slot in (ReadOnlySpan<int>)[DiskSlot, EntropySlot])
        {
            asm.mov(ebx, Bar + (uint)slot * BarBytes);
            asm.mov(__byte_ptr[rbx + 0x14], 0);
            asm.or(cl, __byte_ptr[rbx + 0x14]);
            asm.or(cl, __byte_ptr[rbx + 0x1000]);
        }
        asm.mov(eax, ecx);
        asm.@out((byte)GuestImage.ExitPort, al);
        guest.Halt();

        asm.Label(ref next);
        asm.mov(eax, r12d);
        asm.shl(eax, 13);
        asm.xor(r12d, eax);
        asm.mov(eax, r12d);
        asm.shr(eax, 17);
        asm.xor(r12d, eax);
        asm.mov(eax, r12d);
        asm.shl(eax, 5);
        asm.xor(r12d, eax);
        asm.mov(eax, r12d);
        asm.ret();
        Handlers(guest);
    }

    /// <summary>Any register of any function, in any size and place.</summary>
    private static void Configuration(Assembler asm, Label next)
    {
        asm.call(next);
        asm.mov(ecx, eax);
        asm.and(eax, 0x18FC);
        asm.or(eax, 0x80000000);
        asm.mov(dx, 0xCF8);
        asm.@out(dx, eax);
        asm.shr(ecx, 16);
        asm.and(ecx, 3);
        asm.lea(edx, __[rcx + 0xCFC]);
        asm.call(next);
        Sized(asm, () => asm.@out(dx, al), () => asm.@out(dx, ax), () => asm.@out(dx, eax), () => asm.@in(eax, dx));
    }

    /// <summary>A place in one of the BARs, or near them.</summary>
    private static void Memory(Assembler asm, Label next, int mask)
    {
        Label large = asm.CreateLabel();
        asm.call(next);
        asm.mov(ebx, eax);
        asm.and(ebx, mask);
        asm.add(ebx, (int)BarBytes);
        asm.or(ebx, unchecked((int)Bar));
        asm.call(next);
        asm.mov(ecx, eax);
        asm.test(eax, 0x100);
        asm.je(large);
        asm.and(ecx, 0xF);
        asm.Label(ref large);
        Sized(asm, () => asm.mov(__byte_ptr[rbx], cl), () => asm.mov(__word_ptr[rbx], cx), () => asm.mov(__dword_ptr[rbx], ecx), () => asm.mov(__qword_ptr[rbx], rcx));
    }

    /// <summary>One of four, by bits 20 and 21 of the random number.</summary>
    private static void Sized(Assembler asm, params ReadOnlySpan<Action> writes)
    {
        Label end = asm.CreateLabel();
        for (int i = 0; i < writes.Length; i++)
        {
            Label other = asm.CreateLabel();
            asm.mov(r14d, r12d);
            asm.and(r14d, 3 << 20);
            asm.cmp(r14d, i << 20);
            asm.jne(other);
            writes[i]();
            asm.jmp(end);
            asm.Label(ref other);
            asm.nop();
        }
        asm.Label(ref end);
        asm.nop();
    }

    /// <summary>Puts each function where it was, with memory and bus master on.</summary>
    private static void Place(GuestImage guest)
    {
        for (int slot = 1; slot <= EntropySlot; slot++)
        {
            foreach ((uint register, uint value) in ((uint, uint)[])[(0x10, Bar + (uint)slot * BarBytes), (0x04, 6)])
            {
                guest.OutWord(0xCF8, 0x80000000 | (uint)slot << 11 | register);
                guest.OutWord(0xCFC, value);
            }
        }
    }

    /// <summary>A driver's beginning, of one of the two devices, by INTA# or MSI-X.</summary>
    private static void Start(GuestImage guest, Label next)
    {
        Assembler asm = guest.Asm;
        Label disk = asm.CreateLabel();
        asm.mov(r15d, Bar + DiskSlot * BarBytes);
        asm.mov(ecx, 0x80000000 | DiskSlot << 11 | 0x40);
        asm.call(next);
        asm.test(eax, 0x400);
        asm.je(disk);
        asm.mov(r15d, Bar + EntropySlot * BarBytes);
        asm.mov(ecx, 0x80000000 | EntropySlot << 11 | 0x40);
        asm.Label(ref disk);
        asm.mov(eax, ecx);
        asm.mov(dx, 0xCF8);
        asm.@out(dx, eax);
        asm.call(next);
        asm.and(eax, 0xC0000000);
        asm.mov(dx, 0xCFC);
        asm.@out(dx, eax);
        foreach ((int offset, int size, uint value) in ((int, int, uint)[])[(0x14, 1, 0), (0x14, 1, 3), (0x08, 4, 1), (0x0C, 4, 1), (0x08, 4, 0),
            (0x0C, 4, 1 << 28), (0x14, 1, 0xB), (0x10, 2, 1), (0x16, 2, 0), (0x18, 2, 16), (0x1A, 2, 0), (0x20, 4, Ram), (0x24, 4, 0), (0x28, 4, Ram + 0x1000),
            (0x2C, 4, 0), (0x30, 4, Ram + 0x2000), (0x34, 4, 0), (0x1C, 2, 1), (0x14, 1, 0xF)])
        {
            asm.mov(eax, value);
            switch (size)
            {
                case 1: asm.mov(__byte_ptr[r15 + offset], al); break;
                case 2: asm.mov(__word_ptr[r15 + offset], ax); break;
                default: asm.mov(__dword_ptr[r15 + offset], eax); break;
            }
        }
        asm.mov(ebx, Ram + 0x1000);
        asm.mov(__dword_ptr[rbx], 0);
    }

    /// <summary>Four descriptors, a head, an index, and the doorbell.</summary>
    private static void Ring(Assembler asm, Label next)
    {
        for (int i = 0; i < 4; i++)
        {
            asm.call(next);
            asm.mov(ebx, eax);
            asm.and(ebx, 0xF0);
            asm.add(ebx, (int)Ram);
            // An address in the data, or behind all memory.
            asm.call(next);
            asm.mov(ecx, eax);
            asm.and(ecx, 0x1FFFFF);
            asm.add(ecx, (int)Data);
            asm.mov(__dword_ptr[rbx], ecx);
            asm.shr(eax, 29);
            asm.shr(eax, 2);
            asm.mov(__dword_ptr[rbx + 4], eax);
            asm.call(next);
            asm.and(eax, 0x1BFF);
            asm.mov(__dword_ptr[rbx + 8], eax);
            asm.call(next);
            asm.and(eax, 0x000F0007);
            asm.mov(__dword_ptr[rbx + 12], eax);
        }
        asm.mov(ebx, Ram + 0x1000);
        asm.call(next);
        asm.and(eax, 0x1E);
        asm.lea(ecx, __[rbx + rax]);
        asm.call(next);
        asm.and(eax, 0x000F000F);
        asm.mov(__dword_ptr[rcx + 4], eax);
        asm.add(__word_ptr[rbx + 2], 1);
        asm.mov(__word_ptr[r15 + 0x3000], 0);
    }

    /// <summary>The two entries of an MSI-X table, masked or not.</summary>
    private static void Vectors(GuestImage guest, Label next)
    {
        Assembler asm = guest.Asm;
        for (int entry = 0; entry < 2; entry++)
        {
            int at = 0x4000 + 16 * entry;
            asm.mov(__dword_ptr[r15 + at], unchecked((int)GuestImage.LocalApic));
            asm.mov(__dword_ptr[r15 + at + 4], 0);
            asm.call(next);
            asm.and(eax, 0x7F);
            asm.add(eax, 0x60);
            asm.mov(__dword_ptr[r15 + at + 8], eax);
            asm.call(next);
            asm.and(eax, 1);
            asm.mov(__dword_ptr[r15 + at + 12], eax);
        }
    }

    private static void Unmask(GuestImage guest)
    {
        for (int pin = 0; pin < Pins; pin++)
            guest.StoreIoApic((uint)(0x10 + 2 * (FirstPin + pin)), (uint)(FirstVector + pin) | 0x8000);
    }

    /// <summary>A pin's handler masks the pin: its device may be anywhere. Other vectors are messages.</summary>
    private static void Handlers(GuestImage guest)
    {
        guest.Handler(2);
        guest.Asm.iretq();
        for (int vector = 0x20; vector < 0x100; vector++)
        {
            guest.Handler((byte)vector);
            guest.Asm.push(rbx);
            int pin = vector - FirstVector;
            if (pin is >= 0 and < Pins)
                guest.StoreIoApic((uint)(0x10 + 2 * (FirstPin + pin)), (uint)vector | 0x18000);
            guest.Store(GuestImage.LocalApic + 0xB0, 0);
            guest.Asm.pop(rbx);
            guest.Asm.iretq();
        }
    }
}
