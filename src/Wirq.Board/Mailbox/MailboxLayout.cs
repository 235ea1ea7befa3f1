namespace Wirq.Board.Mailbox;

/// <summary>The layout of a mailbox guest's memory, as offsets from its beginning.</summary>
/// <remarks><code>
/// 64-bit mode                              real mode
/// 0x00000  page tables                     0x0000  vector table
/// 0x06000  directory of the window         0x1000  code
/// 0x07000  descriptor table                0x8000  mailboxes, one for each CPU
/// 0x08000  interrupt gates
/// 0x09000  code
/// 0x10000  mailboxes, one for each CPU
/// </code></remarks>
internal static class MailboxLayout
{
    internal const int Tables = 0, WindowDirectory = 0x6000, Gdt = 0x7000, Idt = 0x8000, LongCode = 0x9000,
        LongBlocks = 0x10000;
    internal const int RealCode = 0x1000, RealBlocks = 0x8000, RealBytes = 0x10000;

    /// <summary>The segment of the guest's memory in real mode. It is below 1 MiB, because handlers must be
    /// there.</summary>
    internal const ushort RealSegment = 0xC000;
    internal const ulong RealBase = RealSegment * 16ul;
    /// <summary>The number of CPUs that fit into that segment.</summary>
    internal const int RealCpus = (RealBytes - RealBlocks) / MailboxBlock.Bytes;

    /// <summary>Linear address of the window, which is 2 MiB, in 64-bit mode.</summary>
    internal const ulong Window = 1ul << 32;

    /// <summary>Possible addresses of the guest's memory in 64-bit mode; the first one without a chip is
    /// used.</summary>
    internal static ReadOnlySpan<ulong> LongBases => [0xD0000000, 0xB0000000, 0x90000000, 0x70000000, 0x50000000];
}
