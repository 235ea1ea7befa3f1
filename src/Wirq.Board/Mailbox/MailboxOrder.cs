using System.Globalization;

namespace Wirq.Board.Mailbox;

/// <summary>The orders of a mailbox guest; each is one instruction, but for <see cref="Window"/>.</summary>
internal enum MailboxOperation : byte
{
    /// <summary>NOP.</summary>
    Nop,
    /// <summary>MOV from memory, 1, 2, 4 or 8 bytes; 8 in 64-bit mode only.</summary>
    Read1, Read2, Read4, Read8,
    /// <summary>MOV to memory.</summary>
    Write1, Write2, Write4, Write8,
    /// <summary>IN, 1, 2 or 4 bytes.</summary>
    In1, In2, In4,
    /// <summary>OUT.</summary>
    Out1, Out2, Out4,
    /// <summary>RDMSR.</summary>
    ReadMsr,
    /// <summary>WRMSR.</summary>
    WriteMsr,
    /// <summary>MOV from CR8; in 64-bit mode only.</summary>
    ReadCr8,
    /// <summary>MOV to CR8; in 64-bit mode only.</summary>
    WriteCr8,
    /// <summary>STI.</summary>
    Sti,
    /// <summary>CLI.</summary>
    Cli,
    /// <summary>HLT. The guest answers after an interrupt has woken it.</summary>
    Hlt,
    /// <summary>IRET from the current handler.</summary>
    Iret,
    /// <summary>INVLPG; in 64-bit mode only.</summary>
    Invlpg,
    /// <summary>STI, two NOPs and CLI: the guest takes an interrupt if it has one. In 64-bit mode only.</summary>
    Window,
    /// <summary>IRET from the current handler, with interrupts off after it; in 64-bit mode only.</summary>
    IretOff,
}

/// <summary>An order to a mailbox guest.</summary>
/// <param name="Operation">The instruction.</param>
/// <param name="Address">Linear address, port or MSR.</param>
/// <param name="Value">The value to write.</param>
internal readonly record struct MailboxOrder(MailboxOperation Operation, ulong Address = 0, ulong Value = 0)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Operation}{Operands}");

    private string Operands => Operation switch
    {
        >= MailboxOperation.Write1 and <= MailboxOperation.Write8 or >= MailboxOperation.Out1 and <= MailboxOperation.Out4
            or MailboxOperation.WriteMsr => string.Create(CultureInfo.InvariantCulture, $" 0x{Address:x}, 0x{Value:x}"),
        MailboxOperation.WriteCr8 => string.Create(CultureInfo.InvariantCulture, $" 0x{Value:x}"),
        >= MailboxOperation.Read1 and <= MailboxOperation.ReadMsr or MailboxOperation.Invlpg =>
            string.Create(CultureInfo.InvariantCulture, $" 0x{Address:x}"),
        _ => "",
    };

    /// <summary>A read of memory.</summary>
    /// <param name="size">Bytes: 1, 2, 4 or 8.</param>
    internal static MailboxOperation ReadOf(int size) => Sized(MailboxOperation.Read1, size);
    /// <summary>A write of memory.</summary>
    internal static MailboxOperation WriteOf(int size) => Sized(MailboxOperation.Write1, size);
    /// <summary>A read of a port.</summary>
    internal static MailboxOperation InOf(int size) => Sized(MailboxOperation.In1, size);
    /// <summary>A write of a port.</summary>
    internal static MailboxOperation OutOf(int size) => Sized(MailboxOperation.Out1, size);

    private static MailboxOperation Sized(MailboxOperation one, int size) =>
        (MailboxOperation)((int)one + System.Numerics.BitOperations.Log2((uint)size));
}

/// <summary>The result of an order.</summary>
/// <param name="Value">The value that was read.</param>
/// <param name="Fault">The exception of the instruction; -1 for none.</param>
/// <param name="Halted">Whether the guest has halted instead of answering.</param>
internal readonly record struct MailboxAnswer(ulong Value, int Fault = -1, bool Halted = false)
{
    private const int GeneralProtection = 13;

    /// <summary>Whether the instruction raised <c>#GP</c>.</summary>
    internal bool Faulted => Fault == GeneralProtection;
}
