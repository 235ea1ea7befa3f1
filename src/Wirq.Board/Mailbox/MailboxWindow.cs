using System.Globalization;
using Wirq.Linux.Probes;

namespace Wirq.Board.Mailbox;

/// <summary>Reaches physical addresses from a mailbox guest, which maps 4 GiB and a window of 2 MiB.</summary>
/// <param name="mode">The mode of the guest.</param>
/// <param name="cpus">How many CPUs it has.</param>
/// <param name="addressBits">The number of physical address bits.</param>
internal sealed class MailboxWindow(MailboxMode mode, int cpus, int addressBits)
{
    private const ulong FourGiB = 1ul << 32;
    private const ulong Nowhere = ulong.MaxValue;

    // Where each CPU's window points, and where the table points.
    private readonly ulong[] _windows = [.. Enumerable.Repeat(Nowhere, cpus)];
    private ulong _window = Nowhere;

    /// <summary>The linear address at which a CPU can access a physical address.</summary>
    /// <exception cref="HostLacksException">The host has no such address.</exception>
    internal ulong Reach(MailboxGuest guest, int cpu, ulong address, int size)
    {
        if (address + (ulong)size is var end && end <= FourGiB && end > address)
            return address;
        if (mode == MailboxMode.Real)
            throw new MailboxException(cpu, string.Create(CultureInfo.InvariantCulture, $"reach 0x{address:x}"), "has 4 GiB in real mode");
        if (address >> addressBits != 0)
            throw new HostLacksException($"physical addresses of more than {addressBits} bits");
        ulong page = address & ~(Mode64.LargePageBytes - 1);
        if (_window != page)
        {
            guest.MoveWindow(page);
            _window = page;
        }
        if (_windows[cpu] != page)
        {
            guest.DoWhole(cpu, new(MailboxOperation.Invlpg, MailboxLayout.Window));
            _windows[cpu] = page;
        }
        return MailboxLayout.Window + (address - page);
    }
}
