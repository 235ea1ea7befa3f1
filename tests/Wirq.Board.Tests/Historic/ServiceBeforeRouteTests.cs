using Wirq.Board.Historic;
using Wirq.Board.Machine;
using Wirq.Board.Memory;
using Wirq.Host;
using Wirq.Linux;
using Wirq.Linux.Probes;
using Wirq.Linux.Tests;

namespace Wirq.Board.Tests.Historic;

/// <summary>The order of seed 002 on the host's KVM. No vCPU runs: what a local APIC accepted stays in its IRR.</summary>
public sealed class ServiceBeforeRouteTests
{
    private const int Gsi = 16, Other = 17;
    private const byte Vector = 0x41, NewVector = 0x42;

    [Theory]
    [InlineData(BoardDesign.None, Vector)]
    [InlineData(BoardDesign.None, NewVector)]
    [InlineData(BoardDesign.ServiceBeforeRoute, Vector)]
    [InlineData(BoardDesign.ServiceBeforeRoute, NewVector)]
    public void A_level_that_is_pending_while_its_pin_is_moved_goes_where_the_design_says(BoardDesign design, byte vector) => Run(design, (board, watch) =>
    {
        bool late = design == BoardDesign.ServiceBeforeRoute;
        using HostSource line = board.Host.Connect(Gsi, "device");
        Program(board, Gsi, Vector, cpu: 0);
        line.Raise();
        Assert.Equal([[Vector], []], Came(board));
        Assert.Equal(0, board.Misrouted);
        // As Linux: mask, EOI, move, unmask. The device is not served.
        Mask(board, Gsi, Vector);
        board.Host.Eoi(0, Vector);
        Program(board, Gsi, vector, cpu: 1);
        Assert.Equal(late ? [[Vector], []] : [[], [vector]], Came(board));
        Assert.Equal(late ? 1 : 0, board.Misrouted);
        Assert.Equal(late ? ["FreshRoute"] : [], watch.Laws.Where(law => law.Break is not null).Select(law => law.Name));
        // The route follows, so the next one is right.
        board.Host.Eoi(1, vector);
        Assert.Equal([[], [vector]], Came(board));
        Assert.Equal(late ? 1 : 0, board.Misrouted);
    });

    [Fact]
    public void A_move_with_nothing_pending_and_the_injection_of_another_pin_are_right() => Run(BoardDesign.ServiceBeforeRoute, (board, _) =>
    {
        using HostSource line = board.Host.Connect(Gsi, "device"), other = board.Host.Connect(Other, "other");
        Program(board, Gsi, Vector, cpu: 0);
        Program(board, Other, NewVector, cpu: 0);
        Program(board, Gsi, Vector, cpu: 1);
        other.Raise();
        line.Raise();
        Assert.Equal([[NewVector], [Vector]], Came(board));
        Assert.Equal(0, board.Misrouted);
    });

    [Fact]
    public void The_holders_of_a_masked_pin_are_acknowledged_at_the_eoi_by_ack_at_eoi_alone()
    {
        foreach ((BoardDesign design, int expected) in new[] { (BoardDesign.None, 0), (BoardDesign.AckAtEoi, 1) })
        {
            Run(design, (board, _) =>
            {
                int acknowledged = 0;
                using HostSource line = board.Host.Connect(Gsi, "device", SourceKind.Sampled, () => acknowledged++);
                Program(board, Gsi, Vector, cpu: 0);
                line.Raise();
                Mask(board, Gsi, Vector);
                board.Host.Eoi(0, Vector);
                Assert.Equal(expected, acknowledged);
                Program(board, Gsi, Vector, cpu: 0);
                Assert.Equal(1, acknowledged);
            });
        }
    }

    private static void Run(BoardDesign design, Action<Board.Machine.Board, BoardWatch> test) => KvmHost.Run(system =>
    {
        using var memory = new BoardMemory(BoardMemory.MinBytes);
        using var watch = new BoardWatch("test");
        var options = new BoardOptions { Cpus = 2, Configuration = DeliveryConfiguration.Split, Design = design, Observe = watch.Begin };
        using var board = new Board.Machine.Board(system, options, memory);
        foreach (KvmVcpu vcpu in board.Vm.Vcpus)
            vcpu.WriteLapic(ApicRegister.SpuriousVector, 0x1FF);
        test(board, watch);
    });

    private static int[][] Came(Board.Machine.Board board)
    {
        int[][] came = [.. board.Vm.Vcpus.Select(vcpu => vcpu.Irr())];
        foreach (KvmVcpu vcpu in board.Vm.Vcpus)
            vcpu.ClearIrr();
        return came;
    }

    private static void Program(Board.Machine.Board board, int pin, byte vector, uint cpu)
    {
        Write(board, IoApic.EntryIndex(pin) + 1, cpu << 24);
        Write(board, IoApic.EntryIndex(pin), vector | 1u << 15);
    }

    private static void Mask(Board.Machine.Board board, int pin, byte vector) => Write(board, IoApic.EntryIndex(pin), vector | 1u << 15 | 1u << 16);

    private static void Write(Board.Machine.Board board, uint register, uint value)
    {
        Assert.True(board.Host.TryWrite(0, IoApicOptions.DefaultAddress + IoApic.SelectOffset, 4, register));
        Assert.True(board.Host.TryWrite(0, IoApicOptions.DefaultAddress + IoApic.WindowOffset, 4, value));
    }
}
