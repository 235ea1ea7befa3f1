using Wirq.Tests.Shared.Images;
using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Board.Tests.Xen;

/// <summary>How a guest asks to hear of events.</summary>
public enum Callback
{
    /// <summary>It does not ask.</summary>
    None,
    /// <summary>By a vector of the vCPU.</summary>
    Vector,
    /// <summary>By the global vector.</summary>
    Global,
    /// <summary>By a GSI.</summary>
    Line,
}

/// <summary>What guests of Xen do, in a guest of the test's: it makes the page of hypercalls and calls through it.</summary>
/// <remarks><code>
/// 0x10B000  page of hypercalls     0x10C000  shared info     0x10D000  arguments
/// </code></remarks>
internal static class XenGuest
{
    internal const uint Page = 0x10B000, SharedInfo = 0x10C000, Arguments = 0x10D000, Msr = 0x40000000;
    internal const uint MemoryOp = 12, SchedOp = 29, EventChannelOp = 32, HvmOp = 34;
    internal const uint BindIpi = 7, Send = 4, Poll = 3, SetUpcallVector = 23;
    internal const byte Own = 0x51, Global = 0x52, OfLine = 0x53;
    internal const int Gsi = 20;

    private const uint Self = 0x7FF0, AddToPhysmap = 7, StubBytes = 32;
    private const uint Selector = 8, Pending = 0x800, Eoi = 0xB0;

    /// <summary>Writes the MSR of the page of hypercalls.</summary>
    internal static void MakePage(this GuestImage guest, uint msr = Msr, uint page = Page)
    {
        guest.Asm.mov(ecx, msr);
        guest.Asm.mov(eax, page);
        guest.Asm.mov(edx, 0);
        guest.Asm.wrmsr();
    }

    /// <summary>Makes a hypercall through the page. Its answer is in RAX.</summary>
    internal static void Call(this GuestImage guest, uint number, uint operation, uint argument = Arguments)
    {
        guest.Asm.mov(edi, operation);
        guest.Asm.mov(esi, argument);
        guest.Asm.mov(ebx, Page + number * StubBytes);
        guest.Asm.call(rbx);
    }

    /// <summary>Makes a hypercall, and ends the machine with a code if it fails.</summary>
    internal static void MustCall(this GuestImage guest, byte code, uint number, uint operation, uint argument = Arguments)
    {
        guest.Call(number, operation, argument);
        Iced.Intel.Label good = guest.Asm.CreateLabel();
        guest.Asm.test(rax, rax);
        guest.Asm.jz(good);
        guest.Exit(code);
        guest.Asm.Label(ref good);
    }

    /// <summary>Writes the arguments of a hypercall.</summary>
    internal static void Pass(this GuestImage guest, params ReadOnlySpan<uint> words)
    {
        for (int word = 0; word < words.Length; word++)
            guest.Store(Arguments + (uint)(word * sizeof(uint)), words[word]);
    }

    /// <summary>Enables the local APIC, makes the page of hypercalls, maps the shared info, and opens port 2 for
    /// vCPU 0.</summary>
    /// <remarks>Port 1 is that of xenstore.</remarks>
    internal static void Begin(this GuestImage guest)
    {
        guest.EnableLocalApic();
        guest.MakePage();
        guest.Pass(Self, 0, 0, 0, SharedInfo >> 12, 0);
        guest.MustCall(101, MemoryOp, AddToPhysmap);
        guest.Pass(0, 0);
        guest.MustCall(102, EventChannelOp, BindIpi);
    }

    /// <summary>Asks for upcalls.</summary>
    internal static void Ask(this GuestImage guest, Callback callback)
    {
        switch (callback)
        {
            case Callback.Vector:
                guest.Pass(0, Own);
                guest.MustCall(103, HvmOp, SetUpcallVector);
                // Xen injects the vector at once. That one is not counted.
                guest.Listen();
                guest.Store(GuestImage.Counter, 0);
                break;
            case Callback.Global:
                guest.Pass(Self, 0, Global, 2u << 24);
                guest.MustCall(104, HvmOp, 0);
                break;
            case Callback.Line:
                guest.StoreIoApic(0x10 + Gsi * 2, 0x8000 + OfLine);
                guest.Pass(Self, 0, Gsi, 0);
                guest.MustCall(105, HvmOp, 0);
                break;
        }
    }

    /// <summary>Sends an event to itself.</summary>
    internal static void SendEvent(this GuestImage guest)
    {
        guest.Pass(2);
        guest.MustCall(106, EventChannelOp, Send);
    }

    /// <summary>Lets interrupts come for a while, with exits between.</summary>
    internal static void Listen(this GuestImage guest)
    {
        guest.Asm.sti();
        for (int read = 0; read < 20; read++)
            guest.Asm.@in(al, 0x80);
        guest.Asm.cli();
    }

    /// <summary>Ends the machine with the count.</summary>
    internal static void ExitWithCount(this GuestImage guest)
    {
        guest.Asm.mov(ebx, GuestImage.Counter);
        guest.Asm.mov(al, __byte_ptr[rbx]);
        guest.Asm.@out((byte)GuestImage.ExitPort, al);
        guest.Halt();
    }

    /// <summary>The handlers of all kinds of upcalls: each counts, takes its events, and ends its interrupt where there is one
    /// to end.</summary>
    /// <param name="leaves">Whether it leaves the guest after it has taken its events, so that somebody can see that.</param>
    internal static void Handlers(this GuestImage guest, bool leaves = true)
    {
        foreach ((byte vector, bool ends) in ((byte, bool)[])[(Own, true), (Global, false), (OfLine, true)])
        {
            guest.Handler(vector);
            guest.Asm.push(rbx);
            guest.Count();
            guest.Asm.mov(ebx, SharedInfo);
            guest.Asm.mov(__byte_ptr[rbx], 0);
            guest.Asm.mov(__dword_ptr[rbx + Selector], 0);
            guest.Asm.mov(__dword_ptr[rbx + Pending], 0);
            if (leaves)
            {
                guest.Asm.push(rax);
                guest.Asm.@in(al, 0x80);
                guest.Asm.pop(rax);
            }
            if (ends)
                guest.Store(GuestImage.LocalApic + Eoi, 0);
            guest.Asm.pop(rbx);
            guest.Asm.iretq();
        }
    }
}
