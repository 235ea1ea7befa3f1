using Wirq.Lab.Scenarios;
using Wirq.Remapping;

namespace Wirq.Board.Mailbox;

/// <summary>Finds a place for a mailbox guest in a scenario's machine.</summary>
internal static class MailboxPlace
{
    /// <summary>The guest-physical address of its memory.</summary>
    /// <exception cref="HostLacksException">There is none.</exception>
    internal static ulong For(MachineSpec machine, MailboxMode mode)
    {
        if (mode == MailboxMode.Real)
        {
            if (machine.Cpus > MailboxLayout.RealCpus)
                throw new HostLacksException($"room for more than {MailboxLayout.RealCpus} CPUs in real mode");
            return (ulong)machine.MemoryBytes <= MailboxLayout.RealBase ? MailboxLayout.RealBase
                : throw new HostLacksException("room in real mode beside the scenario's memory");
        }
        ulong bytes = (ulong)MailboxMemory.SizeOf(mode, machine.Cpus);
        foreach (ulong address in MailboxLayout.LongBases)
        {
            if (!Chips(machine).Any(chip => chip.Address < address + bytes && address < chip.End))
                return address;
        }
        throw new HostLacksException("room for the guest beside the machine's chips");
    }

    private static IEnumerable<RegisterPages> Chips(MachineSpec machine) =>
    [
        .. machine.Fabric.IoApics.Select(chip => new RegisterPages(chip.Address)),
        .. machine.Fabric.AllRemappers.SelectMany(unit => unit.Registers),
    ];
}
