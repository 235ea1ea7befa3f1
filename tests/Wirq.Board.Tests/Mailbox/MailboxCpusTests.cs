using Wirq.Board.Mailbox;
using Wirq.Lab.Scenarios;
using Wirq.Linux.Probes;

namespace Wirq.Board.Tests.Mailbox;

/// <summary>The CPUs of a world on this host's KVM.</summary>
public class MailboxCpusTests
{
    private static readonly MachineSpec s_two = new() { Cpus = 2, Fabric = FabricOptions.Pc(2) };

    [Fact]
    public void An_address_above_4_GiB_is_reached_through_the_window_from_each_CPU() => Bench.RunCpus(s_two, (fabric, cpus) =>
    {
        // The local APICs move to two places above 4 GiB, in 2 MiB apart, and back and forth goes the window.
        ulong[] places = [0x12_3456_7000, 0x38_0020_0000];
        for (int cpu = 0; cpu < 2; cpu++)
        {
            Assert.Equal(MsrResult.Done, cpus.WriteMsr(cpu, 0x1B, places[cpu] | 0x800));
            Assert.Equal(places[cpu], fabric.ReadBase(cpu).Bits & ~0xFFFul);
        }
        for (int round = 0; round < 3; round++)
        {
            for (int cpu = 0; cpu < 2; cpu++)
            {
                Assert.True(cpus.TryWrite(cpu, places[cpu] + 0x80, 4, (ulong)(0x10 * (round + cpu))));
                Assert.True(cpus.TryRead(cpu, places[cpu] + 0x80, 4, out ulong priority));
                Assert.Equal((ulong)(0x10 * (round + cpu)), priority);
                // Of the other's place there is nothing here.
                cpus.TryRead(cpu, places[1 - cpu] + 0x80, 4, out ulong nothing);
                Assert.Equal(uint.MaxValue, nothing);
            }
        }
    });

    [Fact]
    public void An_address_that_the_host_does_not_have_is_lacking() => Bench.RunCpus(s_two, (_, cpus) =>
        Assert.Throws<HostLacksException>(() => cpus.TryRead(0, 1ul << 60, 4, out ulong _)));

    [Theory]
    [InlineData(MailboxMode.Long)]
    [InlineData(MailboxMode.Real)]
    internal void An_interrupt_that_is_pending_comes_when_it_is_taken_and_not_before(MailboxMode mode) => Bench.RunCpus(s_two, (fabric, cpus) =>
    {
        cpus.TryWrite(1, 0xFEE000F0, 4, 0x1FF);
        cpus.SetInterrupts(1, true);
        Assert.Equal(-1, cpus.Take(1));
        cpus.TryWrite(0, 0xFEE00310, 4, 1 << 24);
        cpus.TryWrite(0, 0xFEE00300, 4, 0x4041);
        fabric.Drain();
        cpus.TryRead(1, 0xFEE00220, 4, out ulong request);
        Assert.Equal(2ul, request);
        Assert.Equal(0u, cpus.Guest.Block(1).Taken);
        Assert.True(cpus.HasInterrupt(1));
        Assert.Equal(0x41, cpus.Take(1));
        cpus.TryWrite(1, 0xFEE000B0, 4, 0);
        cpus.Return(1);
        Assert.Equal((1u, 0u), (cpus.Guest.Block(1).Taken, cpus.Guest.Block(1).Depth));
    }, mode);

    [Fact]
    public void An_INTA_cycle_without_INTR_gives_the_spurious_vector() => Bench.RunCpus(s_two, (_, cpus) =>
    {
        foreach ((ushort port, byte value) in new (ushort, byte)[] { (0x20, 0x11), (0x21, 0x20), (0x21, 4), (0x21, 1) })
            cpus.TryWritePort(0, port, 1, value);
        cpus.SetInterrupts(0, true);
        Assert.Equal(0x27, cpus.Inta(0));
        Assert.Equal(0x27u, cpus.Guest.LastTaken(0).Vector);
        cpus.Return(0);
    });

    [Fact]
    public void Scenario_memory_is_not_the_guests_own() => Bench.RunCpus(s_two with { MemoryBytes = 0x200000 }, (fabric, cpus) =>
    {
        // Where the guest's own memory would lie, were it low.
        cpus.TryRead(0, 0x1000, 8, out ulong nothing);
        Assert.Equal(ulong.MaxValue, nothing);
        Assert.False(fabric.Memory.TryRead(0x1000, new byte[8]));
    });

    [Fact]
    public void The_guests_memory_makes_room_for_chips()
    {
        MachineSpec machine = s_two with
        {
            Fabric = s_two.Fabric with { IoApics = [new IoApicOptions { Address = 0xD0000000 }] },
        };
        Bench.RunCpus(machine, (_, cpus) =>
        {
            Assert.Equal(MailboxLayout.LongBases[1], cpus.Guest.Memory.Address);
            cpus.TryWrite(0, 0xD0000000, 4, 1);
            cpus.TryRead(0, 0xD0000010, 4, out ulong version);
            Assert.Equal(0x170020ul, version);
        });
    }

    [Fact]
    public void A_vector_that_the_fabric_did_not_give_is_a_failure() => Bench.RunCpus(s_two, (fabric, cpus) =>
    {
        cpus.TryWrite(0, 0xFEE000F0, 4, 0x1FF);
        cpus.SetInterrupts(0, true);
        fabric.Send(new Msi(MsiAddress.For(0), MsiData.For(0x41)));
        fabric.Drain();
        // The stub of 0x41 is put where that of 0x42 is: the handler sees another vector.
        ReadOnlySpan<byte> gate = cpus.Guest.Memory.Mapping.AsSpan(MailboxLayout.Idt + 0x42 * Mode64.GateBytes, Mode64.GateBytes);
        cpus.Guest.Memory.TryWrite(cpus.Guest.Memory.Address + (ulong)(MailboxLayout.Idt + 0x41 * Mode64.GateBytes), gate);
        string told = Assert.Throws<MailboxException>(() => cpus.Take(0)).Message;
        Assert.Contains("cpu0", told, StringComparison.Ordinal);
        Assert.Contains("saw 0x42 in handler 1, and was given 0x41", told, StringComparison.Ordinal);
    });
}
