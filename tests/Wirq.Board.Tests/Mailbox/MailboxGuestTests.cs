using Wirq.Board.Mailbox;

namespace Wirq.Board.Tests.Mailbox;

/// <summary>Each order of the mailbox guest, on this host's KVM, in both of its modes.</summary>
public class MailboxGuestTests
{
    [Theory]
    [InlineData(MailboxMode.Long, 1)]
    [InlineData(MailboxMode.Long, 2)]
    [InlineData(MailboxMode.Long, 4)]
    [InlineData(MailboxMode.Long, 8)]
    [InlineData(MailboxMode.Real, 1)]
    [InlineData(MailboxMode.Real, 2)]
    [InlineData(MailboxMode.Real, 4)]
    internal void A_move_is_one_access_of_its_size(MailboxMode mode, int size) => Bench.Run(mode, bench =>
    {
        ulong mask = ulong.MaxValue >> 64 - 8 * size;
        Assert.Equal(NotingDevice.Pattern & mask, bench.Do(MailboxOrder.ReadOf(size), Bench.Device + 0x10).Value);
        Assert.Equal(-1, bench.Do(MailboxOrder.WriteOf(size), Bench.Device + 0x20, 0x0123456789ABCDEF).Fault);
        Assert.Equal([$"read 10 {size}", $"write 20 {size} {0x0123456789ABCDEF & mask:x}"], bench.Noted.Notes);
    });

    [Theory]
    [InlineData(MailboxMode.Long, 1)]
    [InlineData(MailboxMode.Long, 2)]
    [InlineData(MailboxMode.Long, 4)]
    [InlineData(MailboxMode.Real, 1)]
    [InlineData(MailboxMode.Real, 2)]
    [InlineData(MailboxMode.Real, 4)]
    internal void A_port_is_accessed_with_its_size(MailboxMode mode, int size) => Bench.Run(mode, bench =>
    {
        uint mask = uint.MaxValue >> 32 - 8 * size;
        Assert.Equal(NotingDevice.Pattern & mask, bench.Do(MailboxOrder.InOf(size), Bench.Port).Value);
        bench.Do(MailboxOrder.OutOf(size), Bench.Port, 0x89ABCDEF);
        Assert.Equal([$"in 510 {size}", $"out 510 {size} {0x89ABCDEF & mask:x}"], bench.Noted.Notes);
    });

    [Theory]
    [InlineData(MailboxMode.Long)]
    [InlineData(MailboxMode.Real)]
    internal void An_MSR_of_the_local_APIC_is_the_fabrics(MailboxMode mode) => Bench.Run(mode, bench =>
    {
        ulong found = bench.Do(MailboxOperation.ReadMsr, 0x1B).Value;
        Assert.Equal(bench.Fabric.ReadBase(0).Bits, found);
        Assert.Equal(-1, bench.Do(MailboxOperation.WriteMsr, 0x1B, found | 0xC00).Fault);
        Assert.Equal(ApicMode.X2Apic, bench.Fabric.ReadBase(0).Mode);
        bench.Do(MailboxOperation.WriteMsr, 0x80F, 0x1A5);
        Assert.Equal(0x1A5ul, bench.Do(MailboxOperation.ReadMsr, 0x80F).Value);
        Assert.Equal(0x1_0000_0020ul, (bench.Do(MailboxOperation.WriteMsr, 0x830, 0x1_0000_0020), bench.Do(MailboxOperation.ReadMsr, 0x830)).Item2.Value);
    });

    [Theory]
    [InlineData(MailboxMode.Long)]
    [InlineData(MailboxMode.Real)]
    internal void A_fault_is_noted_and_the_instruction_skipped(MailboxMode mode) => Bench.Run(mode, bench =>
    {
        Assert.True(bench.Do(MailboxOperation.ReadMsr, 0x802).Faulted);
        Assert.True(bench.Do(MailboxOperation.WriteMsr, 0x1B, ulong.MaxValue).Faulted);
        Assert.True(bench.Do(MailboxOperation.ReadMsr, 0x8FF).Faulted);
        // It goes on as if nothing had been.
        Assert.Equal(new MailboxAnswer(NotingDevice.Pattern & 0xFFFF), bench.Do(MailboxOperation.Read2, Bench.Device));
        Assert.Equal(0u, bench.Guest.Block(0).Taken);
    });

    [Fact]
    public void CR8_is_the_class_of_TPR() => Bench.Run(MailboxMode.Long, bench =>
    {
        Assert.Equal(-1, bench.Do(MailboxOperation.WriteCr8, value: 9).Fault);
        Assert.Equal(9, bench.Fabric.ReadCr8(0));
        bench.Fabric.TryWrite(0, 0xFEE00080, 4, 0x50);
        Assert.Equal(5ul, bench.Do(MailboxOperation.ReadCr8).Value);
        Assert.True(bench.Do(MailboxOperation.WriteCr8, value: 16).Faulted);
        Assert.Equal(5, bench.Fabric.ReadCr8(0));
    });

    [Theory]
    [InlineData(MailboxMode.Long)]
    [InlineData(MailboxMode.Real)]
    internal void STI_and_CLI_set_the_interrupt_flag(MailboxMode mode) => Bench.Run(mode, bench =>
    {
        bench.Do(MailboxOperation.Sti);
        Assert.True(bench.Guest.InterruptFlag(0));
        bench.Do(MailboxOperation.Cli);
        Assert.False(bench.Guest.InterruptFlag(0));
    });

    [Theory]
    [InlineData(MailboxMode.Long)]
    [InlineData(MailboxMode.Real)]
    internal void Handlers_nest_and_obey_orders_and_return(MailboxMode mode) => Bench.Run(mode, bench =>
    {
        bench.Enable();
        bench.Do(MailboxOperation.Sti);
        byte[] vectors = [0x31, 0x51, 0x71, 0x91, 0xB1, 0xD1, 0xF1];
        foreach ((int depth, byte vector) in vectors.Index())
        {
            TakenInterrupt taken = bench.Interrupt(vector);
            Assert.Equal((vector, (uint)depth + 1, bench.Guest.Block(0).Sequence), ((byte)taken.Vector, taken.Depth, taken.Order));
            Assert.False(bench.Guest.InterruptFlag(0));
            Assert.Equal(NotingDevice.Pattern & 0xFF, bench.Do(MailboxOperation.Read1, Bench.Device).Value);
            bench.Do(MailboxOperation.Sti);
        }
        foreach ((int returned, _) in vectors.Index())
        {
            bench.Do(MailboxOperation.Cli);
            bench.Do(MailboxOperation.Iret);
            Assert.True(bench.Guest.InterruptFlag(0));
            Assert.Equal((uint)(vectors.Length - returned - 1), bench.Guest.Block(0).Depth);
        }
        Assert.Equal((uint)vectors.Length, bench.Guest.Block(0).Taken);
    });

    [Theory]
    [InlineData(MailboxMode.Long)]
    [InlineData(MailboxMode.Real)]
    internal void Every_vector_has_a_handler_exceptions_included(MailboxMode mode) => Bench.Run(mode, bench =>
    {
        bench.Enable();
        bench.Do(MailboxOperation.Sti);
        for (int vector = 0x10; vector < 0x100; vector++)
        {
            Assert.Equal((uint)vector, bench.Interrupt((byte)vector).Vector);
            bench.Do(MailboxOperation.Write4, 0xFEE000B0);
            bench.Do(MailboxOperation.Iret);
        }
        // An 8259 returns any programmed vector, including those of exceptions.
        foreach (byte first in (byte[])[0x00, 0x08, 0x18])
        {
            foreach ((ushort port, byte value) in new (ushort, byte)[] { (0x20, 0x11), (0x21, first), (0x21, 4), (0x21, 1) })
                bench.Do(MailboxOperation.Out1, port, value);
            foreach (int irq in (int[])[1, 3, 4, 5, 6, 7])
            {
                using Source line = bench.Fabric.Connect(irq, "line", SourceKind.Wired);
                line.Raise();
                bench.Fabric.Drain();
                bench.Bus.Offer(0, inta: true);
                Assert.Equal((uint)(first + irq), bench.Guest.Take(0).Vector);
                bench.Do(MailboxOperation.Out1, 0x20, 0x20);
                bench.Do(MailboxOperation.Iret);
            }
        }
        Assert.Equal(0u, bench.Guest.Block(0).Nmis);
    });

    [Theory]
    [InlineData(MailboxMode.Long)]
    [InlineData(MailboxMode.Real)]
    internal void A_halted_guest_wakes_with_an_interrupt(MailboxMode mode) => Bench.Run(mode, bench =>
    {
        bench.Enable();
        bench.Do(MailboxOperation.Sti);
        Assert.True(bench.Do(MailboxOperation.Hlt).Halted);
        Assert.Contains("halted", Assert.Throws<MailboxException>(() => bench.Do(MailboxOperation.Nop)).Message, StringComparison.Ordinal);
        Assert.Equal(0x41u, bench.Interrupt(0x41).Vector);
        bench.Do(MailboxOperation.Iret);
        Assert.Equal(-1, bench.Do(MailboxOperation.Nop).Fault);
    });

    [Theory]
    [InlineData(MailboxMode.Long)]
    [InlineData(MailboxMode.Real)]
    internal void An_NMI_is_taken_and_returned_from_interrupts_off_or_on(MailboxMode mode) => Bench.Run(mode, bench =>
    {
        bench.Guest.Nmi(0);
        bench.Do(MailboxOperation.Sti);
        bench.Guest.Nmi(0);
        Assert.Equal((2u, 0u, 0u), (bench.Guest.Block(0).Nmis, bench.Guest.Block(0).Taken, bench.Guest.Block(0).Depth));
    });

    [Fact]
    public void CPUs_have_mailboxes_of_their_own() => Bench.Run(MailboxMode.Long, bench =>
    {
        bench.Enable(3);
        bench.Guest.Do(3, new(MailboxOperation.Sti));
        Assert.Equal(0x42u, bench.Interrupt(0x42, cpu: 3).Vector);
        Assert.Equal([0u, 0, 0, 1], Enumerable.Range(0, 4).Select(cpu => bench.Guest.Block(cpu).Taken));
        Assert.Equal(3ul << 24, bench.Guest.Do(3, new(MailboxOperation.Read4, 0xFEE00020)).Value);
    }, cpus: 4);

    [Fact]
    public void A_guest_that_goes_astray_is_given_up_in_time_and_named() => Bench.Run(MailboxMode.Long, bench =>
    {
        // A jump to itself, where the code for NOP was.
        Assert.True(MailboxCode.Of(MailboxMode.Long).TryFind(MailboxOperation.Nop, out ulong routine));
        Assert.True(bench.Guest.Memory.TryWrite(bench.Guest.Memory.Address + routine, [0xEB, 0xFE]));
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        var stuck = Assert.Throws<MailboxException>(() => bench.Do(MailboxOperation.Nop));
        Assert.Equal(0, stuck.Cpu);
        Assert.Contains("cpu0, told to Nop, ", stuck.Message, StringComparison.Ordinal);
        Assert.Contains("does not answer within 0.3 s", stuck.Message, StringComparison.Ordinal);
        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds, 0.3, 3);
    }, patience: TimeSpan.FromMilliseconds(300));

    [Fact]
    public void An_interrupt_is_not_taken_while_interrupts_are_off() => Bench.Run(MailboxMode.Long, bench =>
    {
        bench.Enable();
        var stuck = Assert.Throws<MailboxException>(() => bench.Interrupt(0x41));
        Assert.Contains("take an interrupt, does not answer", stuck.Message, StringComparison.Ordinal);
        Assert.Equal(0u, bench.Guest.Block(0).Taken);
        Assert.True(bench.Fabric.HasInterrupt(0));
    }, patience: TimeSpan.FromMilliseconds(300));

    [Fact]
    public void Real_mode_has_no_CR8_and_no_move_of_eight_bytes() => Bench.Run(MailboxMode.Real, bench =>
    {
        foreach (MailboxOperation operation in (MailboxOperation[])[MailboxOperation.ReadCr8, MailboxOperation.WriteCr8, MailboxOperation.Read8,
            MailboxOperation.Write8, MailboxOperation.Invlpg])
            Assert.Contains("no such instruction", Assert.Throws<MailboxException>(() => bench.Do(operation)).Message, StringComparison.Ordinal);
    });
}
