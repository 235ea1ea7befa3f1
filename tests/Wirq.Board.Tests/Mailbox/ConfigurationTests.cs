using Wirq.Board.Devices;
using Wirq.Board.Mailbox;
using Wirq.Board.Machine;
using Wirq.Board.Memory;
using Wirq.Board.Tests.Machine;
using Wirq.Host;
using Wirq.Linux;
using Wirq.Linux.Probes;
using Wirq.Linux.Tests;
using Wirq.Routing;

namespace Wirq.Board.Tests.Mailbox;

/// <summary>The mailbox guest on a board, in every delivery configuration.</summary>
public sealed class ConfigurationTests
{
    private const uint LocalApic = 0xFEE00000, IoApic = 0xFEC00000;

    public static TheoryData<DeliveryConfiguration> Configurations =>
        [DeliveryConfiguration.User, DeliveryConfiguration.Split, DeliveryConfiguration.Kernel];

    [Theory]
    [MemberData(nameof(Configurations))]
    public void It_reaches_the_controllers_wherever_they_are(DeliveryConfiguration configuration) => Run(configuration, cpus: 2, (guest, board) =>
    {
        for (int cpu = 0; cpu < 2; cpu++)
        {
            Assert.Equal((ulong)cpu << 24, guest.Do(cpu, new(MailboxOperation.Read4, LocalApic + 0x20)).Value);
            Assert.InRange(guest.Do(cpu, new(MailboxOperation.Read4, LocalApic + 0x30)).Value & 0xFF, 0x10ul, 0x15ul);
        }
        guest.Do(0, new(MailboxOperation.Write4, IoApic, 0x10 + 2 * 5));
        guest.Do(1, new(MailboxOperation.Write4, IoApic + 0x10, 0x1A0B7));
        Assert.Equal(0x1A0B7ul, guest.Do(0, new(MailboxOperation.Read4, IoApic + 0x10)).Value);
        guest.Do(0, new(MailboxOperation.Out1, 0x21, 0xA5));
        Assert.Equal(0xA5ul, guest.Do(1, new(MailboxOperation.In1, 0x21)).Value);
    });

    [Theory]
    [MemberData(nameof(Configurations))]
    public void A_CPU_takes_the_IPI_of_another_and_ends_it(DeliveryConfiguration configuration) => Run(configuration, cpus: 2, (guest, board) =>
    {
        for (uint vector = 0x41; vector < 0x44; vector++)
        {
            guest.Do(0, new(MailboxOperation.Write4, LocalApic + 0x310, 1 << 24));
            guest.Do(0, new(MailboxOperation.Write4, LocalApic + 0x300, 0x4000 | vector));
            Assert.Equal((vector, 1u), (guest.Take(1).Vector, guest.LastTaken(1).Depth));
            End(guest, 1);
        }
    });

    [Theory]
    [MemberData(nameof(Configurations))]
    public void It_takes_the_edge_of_a_device(DeliveryConfiguration configuration) => Run(configuration, cpus: 1, (guest, board) =>
    {
        WriteEntry(guest, 14, 0x52);
        using HostSource disk = board.Host.Connect(14, "disk");
        for (int edge = 0; edge < 3; edge++)
        {
            disk.Pulse();
            Assert.Equal(0x52u, guest.Take(0).Vector);
            End(guest, 0);
        }
    });

    [Theory]
    [MemberData(nameof(Configurations))]
    public void It_takes_the_message_that_an_eventfd_stands_for(DeliveryConfiguration configuration) => Run(configuration, cpus: 2, (guest, board) =>
    {
        using EventFdHandle trigger = EventFdHandle.Create();
        using Virq disk = board.Host.Register("disk", requester: 8, trigger.EventFd);
        disk.SetMessage(new Msi(LocalApic | 1 << 12, 0x61));
        for (int message = 0; message < 4; message++)
        {
            trigger.Write();
            // The first is served here; where the kernel has the local APICs it has the rest too.
            Assert.True(configuration == DeliveryConfiguration.User || message == 0 || disk.State == VirqState.Hot);
            Assert.True(KvmHost.Soon(() => !trigger.IsReadable));
            Assert.Equal(0x61u, guest.Take(1).Vector);
            End(guest, 1);
        }
    });

    [Theory]
    [MemberData(nameof(Configurations))]
    public void It_takes_a_level_interrupt_again_until_its_holders_let_go(DeliveryConfiguration configuration) => Run(configuration, cpus: 1, (guest, board) =>
    {
        Assert.SkipUnless(configuration == DeliveryConfiguration.User || PcRun.IsFaithful("isr-until-eoi"),
            "this KVM ends interrupts as it injects them (wirq host, probe isr-until-eoi)");
        using HostSource disk = board.Host.Connect(20, "disk"), net = board.Host.Connect(20, "net");
        WriteEntry(guest, 20, 0x8053);
        disk.Raise();
        net.Raise();
        Assert.Equal(0x53u, guest.Take(0).Vector);
        disk.Lower();
        guest.Do(0, new(MailboxOperation.Write4, LocalApic + 0xB0));
        guest.Do(0, new(MailboxOperation.Iret), takes: true);
        Assert.Equal((0x53u, 2u), (guest.LastTaken(0).Vector, guest.Block(0).Taken));
        net.Lower();
        End(guest, 0);
        // Nothing is left.
        disk.Raise();
        Assert.Equal((0x53u, 3u), (guest.Take(0).Vector, guest.Block(0).Taken));
    });

    [Theory]
    [MemberData(nameof(Configurations))]
    public void It_takes_an_NMI(DeliveryConfiguration configuration) => Run(configuration, cpus: 1, (guest, board) =>
    {
        guest.Nmi(0);
        guest.Nmi(0);
        Assert.Equal(2u, guest.Block(0).Nmis);
    });

    private static void Run(DeliveryConfiguration configuration, int cpus, Action<MailboxGuest, Board.Machine.Board> test) => KvmHost.Run(system =>
    {
        using var memory = new BoardMemory(4 << 20);
        var board = new Board.Machine.Board(system, new BoardOptions
        {
            Cpus = cpus, Configuration = configuration, Workarounds = PatientProbes.Report.Workarounds,
        }, memory);
        using var guest = new MailboxGuest(board);
        guest.Do(0, new(MailboxOperation.Out1, 0x21, 0xFF));
        guest.Do(0, new(MailboxOperation.Out1, 0xA1, 0xFF));
        for (int cpu = 0; cpu < cpus; cpu++)
        {
            guest.Do(cpu, new(MailboxOperation.Write4, LocalApic + 0xF0, 0x1FF));
            guest.Do(cpu, new(MailboxOperation.Sti));
        }
        test(guest, board);
    });

    private static void WriteEntry(MailboxGuest guest, uint pin, uint low)
    {
        guest.Do(0, new(MailboxOperation.Write4, IoApic, 0x10 + pin * 2));
        guest.Do(0, new(MailboxOperation.Write4, IoApic + 0x10, low));
    }

    /// <summary>EOI, and out of the handler.</summary>
    private static void End(MailboxGuest guest, int cpu)
    {
        guest.Do(cpu, new(MailboxOperation.Write4, LocalApic + 0xB0));
        guest.Do(cpu, new(MailboxOperation.Iret));
    }
}
