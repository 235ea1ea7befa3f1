using Wirq.Board.Machine;
using Wirq.Board.Memory;
using Wirq.Board.Workarounds;
using Wirq.Board.Xen;
using Wirq.Linux;
using Wirq.Linux.Tests;
using Wirq.Xen;

namespace Wirq.Board.Tests.Xen;

/// <summary>Hypercalls of a vCPU that does not run: what they answer, whatever is passed.</summary>
public sealed class HypercallsTests : IDisposable
{
    private const ulong RamBytes = 4 << 20, Argument = 0x10000;

    private readonly KvmSystem _system;
    private readonly BoardMemory _memory;
    private readonly Board.Machine.Board _board;
    private readonly GuestView _view;
    private readonly Hypercalls _calls;
    private readonly List<byte> _console = [];
    private GuestEnd? _end;

    public HypercallsTests()
    {
        _system = KvmHost.Require();
        _memory = new BoardMemory(RamBytes);
        _board = new Board.Machine.Board(_system, new BoardOptions { Cpus = 2, Xen = new XenGuestOptions { Console = _console.Add } }, _memory);
        _view = new GuestView(_board.Vm.Vcpus[0], _memory);
        _calls = new Hypercalls(_board.Xen!, 0, end => _end = end);
    }

    public void Dispose()
    {
        _board.Dispose();
        _memory.Dispose();
        _system.Dispose();
    }

    [Fact]
    public void Domain_and_parameters_are_those_of_the_guest()
    {
        // HVM_PARAM_STORE_PFN and HVM_PARAM_STORE_EVTCHN.
        Assert.Equal((0, 0xFEFFCul), GetParameter(1));
        Assert.Equal((0, 1ul), GetParameter(2));
        // HVM_PARAM_IOREQ_PFN is the toolstack's; 39 is none.
        Assert.Equal(-1, GetParameter(5).Answer);
        Assert.Equal(-22, GetParameter(39).Answer);
        Assert.Equal(-3, GetParameter(1, domain: 7).Answer);
        Assert.Equal(-1, SetParameter(1, 5));
        Assert.Equal(0, SetParameter(0, CallbackVia.OfVector(0x40).Bits));
        Assert.Equal((0, CallbackVia.OfVector(0x40).Bits), GetParameter(0));
    }

    [Theory]
    // Shared info, index 0; the grant table, up to 64 frames; other spaces, and frames that are not RAM.
    [InlineData(0u, 0ul, 0x20ul, 0)]
    [InlineData(0u, 1ul, 0x20ul, -22)]
    [InlineData(1u, 63ul, 0x20ul, 0)]
    [InlineData(1u, 64ul, 0x20ul, -22)]
    [InlineData(2u, 0ul, 0x20ul, -22)]
    [InlineData(0u, 0ul, 0x400ul, -22)]
    [InlineData(0u, 0ul, 0x000F_FFFF_FFFF_FFFFul, -22)]
    [InlineData(0u, 0ul, ulong.MaxValue, -22)]
    public void Pages_are_added_where_there_is_RAM(uint space, ulong index, ulong frame, long answer)
    {
        Put(Argument, (uint)XenDomainOptions.SelfId);
        Put(Argument + 4, space);
        Put(Argument + 8, index);
        Put(Argument + 16, frame);
        Assert.Equal(answer, Call(HypercallNumber.MemoryOp, 7, Argument));
    }

    [Fact]
    public void The_shared_info_goes_with_what_is_in_it()
    {
        _board.Xen!.Pages.SharedInfo(XenHypervisor.Domain)[5] = 77;
        Put(Argument, (uint)XenDomainOptions.SelfId);
        Put(Argument + 4, 0u);
        Put(Argument + 8, 0ul);
        Put(Argument + 16, 0x20ul);
        Assert.Equal(0, Call(HypercallNumber.MemoryOp, 7, Argument));
        Assert.Equal(77, _memory.AsSpan(0x20005, 1)[0]);
        _memory.AsSpan(0x20005, 1)[0] = 78;
        Assert.Equal(78, _board.Xen.Pages.SharedInfo(XenHypervisor.Domain)[5]);
    }

    [Theory]
    [InlineData(RamBytes - 4)]
    [InlineData(RamBytes)]
    [InlineData(0xFEFFC000ul)]
    [InlineData(0x8000_0000_0000_0000ul)]
    [InlineData(ulong.MaxValue - 3)]
    public void An_argument_that_is_not_in_RAM_is_a_fault(ulong address)
    {
        foreach ((HypercallNumber number, ulong operation) in ((HypercallNumber, ulong)[])
            [(HypercallNumber.MemoryOp, 7), (HypercallNumber.EventChannelOp, 7), (HypercallNumber.HvmOp, 1), (HypercallNumber.SchedOp, 3), (HypercallNumber.XenVersion, 3)])
            Assert.Equal(-14, Call(number, operation, address));
        Assert.Equal(-14, Call(HypercallNumber.ConsoleIo, 0, 16, address));
        Assert.Equal(-14, Call(HypercallNumber.VcpuOp, 10, 0, address));
    }

    [Fact]
    public void What_the_board_does_not_offer_is_not_implemented()
    {
        Assert.Equal(-38, Call((HypercallNumber)20, 0));
        Assert.Equal(-38, Call((HypercallNumber)uint.MaxValue, 0));
        Assert.Equal(-38, Call(HypercallNumber.MemoryOp, 1, Argument));
        Assert.Equal(-38, Call(HypercallNumber.EventChannelOp, 99, Argument));
        Assert.Equal(-38, Call(HypercallNumber.HvmOp, 99, Argument));
        Assert.Equal(-38, Call(HypercallNumber.SchedOp, 99, Argument));
        Assert.Equal(-38, Call(HypercallNumber.VcpuOp, 0, 0, Argument));
    }

    [Fact]
    public void The_console_is_written_and_not_read()
    {
        _memory.TryWrite(Argument, "wirq"u8);
        Assert.Equal(0, Call(HypercallNumber.ConsoleIo, 0, 4, Argument));
        Assert.Equal("wirq"u8.ToArray(), _console);
        Assert.Equal(-1, Call(HypercallNumber.ConsoleIo, 1, 4, Argument));
        Assert.Equal(-22, Call(HypercallNumber.ConsoleIo, 0, 1 << 20, Argument));
    }

    [Fact]
    public void A_poll_of_too_many_ports_is_refused_and_one_of_none_waits()
    {
        Put(Argument, Argument + 0x100);
        Put(Argument + 8, 129ul);
        Put(Argument + 16, 0ul);
        Assert.Equal(-22, Call(HypercallNumber.SchedOp, 3, Argument));
        Put(Argument + 8, 0ul);
        Assert.Equal(new HypercallAnswer(0, HypercallThen.Waits), Make(HypercallNumber.SchedOp, 3, Argument));
        // A port beyond those that were ever opened (XSA-221).
        Put(Argument + 0x100, 4000u);
        Put(Argument + 8, 1ul);
        Assert.Equal(-22, Call(HypercallNumber.SchedOp, 3, Argument));
    }

    [Theory]
    [InlineData(2u)]
    [InlineData(6u)]
    [InlineData(uint.MaxValue)]
    public void A_shutdown_for_a_reason_that_a_board_does_not_know_is_refused(uint reason)
    {
        Put(Argument, reason);
        Assert.Equal(-22, Call(HypercallNumber.SchedOp, 2, Argument));
        Assert.Null(_end);
    }

    /// <summary>Nothing throws, and the memory that no call may touch stays as it is.</summary>
    [Fact]
    public void Random_hypercalls_get_an_answer()
    {
        var random = new Random(14);
        HypercallNumber[] numbers = Enum.GetValues<HypercallNumber>();
        ulong[] places = [0, Argument, Argument + 0xFF8, RamBytes - 8, RamBytes, 0xFEE00000, uint.MaxValue, 1ul << 47, ulong.MaxValue];
        for (int call = 0; call < 50_000; call++)
        {
            // Frames of the low 64 KiB are no page tables of anybody: the vCPU does not page.
            random.NextBytes(_memory.AsSpan(Argument, 64));
            Put(Argument + 4 * (ulong)random.Next(16), (uint)random.Next(40));
            ulong Any() => random.Next(3) switch { 0 => (ulong)random.Next(40), 1 => places[random.Next(places.Length)], _ => (ulong)random.NextInt64() };
            HypercallAnswer answer = Make(random.Next(8) == 0 ? (HypercallNumber)random.Next(64) : numbers[random.Next(numbers.Length)],
                Any(), random.Next(2) == 0 ? Argument : Any(), Any(), is64Bit: random.Next(2) == 0);
            Assert.InRange(answer.Value, -255, XenCpuid.Version);
            if (answer.Then == HypercallThen.Waits)
                _board.Xen!.EndWait(0);
        }
        Assert.False(_board.Xen!.Channels.Events.TryTake(out _));
    }

    private (int Answer, ulong Value) GetParameter(uint index, ushort domain = XenDomainOptions.SelfId)
    {
        Put(Argument, (uint)domain);
        Put(Argument + 4, index);
        Put(Argument + 8, 0ul);
        int answer = (int)Call(HypercallNumber.HvmOp, 1, Argument);
        return (answer, BitConverter.ToUInt64(_memory.AsSpan(Argument + 8, 8)));
    }

    private long SetParameter(uint index, ulong value)
    {
        Put(Argument, (uint)XenDomainOptions.SelfId);
        Put(Argument + 4, index);
        Put(Argument + 8, value);
        return Call(HypercallNumber.HvmOp, 0, Argument);
    }

    private long Call(HypercallNumber number, ulong first, ulong second = 0, ulong third = 0) => Make(number, first, second, third).Value;

    private HypercallAnswer Make(HypercallNumber number, ulong first, ulong second = 0, ulong third = 0, bool is64Bit = true) =>
        _calls.Make(new Hypercall(number, first, second, third), new CallerMemory(_view, _board.Vm.Vcpus[0].SystemRegisters, is64Bit), interruptsEnabled: false);

    private void Put(ulong address, uint value) => _memory.TryWrite(address, BitConverter.GetBytes(value));
    private void Put(ulong address, ulong value) => _memory.TryWrite(address, BitConverter.GetBytes(value));
}
