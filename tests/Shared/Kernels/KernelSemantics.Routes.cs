using Wirq.Routing;

namespace Wirq.Tests.Shared.Kernels;

// The route table and messages.
public abstract partial class KernelSemantics
{
    [Fact]
    public void A_table_replaces_the_one_before_it()
    {
        using IKernelBench bench = OpenSplit();
        EventFd first = Bound(bench, 30), second = Bound(bench, 31);
        bench.Commit(BenchRoute.To(30, Edge(0x41)));
        bench.Commit(BenchRoute.To(31, Edge(0x52)));
        bench.Write(first);
        bench.Write(second);
        bench.Settle();
        Assert.False(IsPending(bench, 0x41));
        Assert.True(Came(bench, 0x52));
    }

    [Fact]
    public void A_table_of_4096_rows_is_taken_and_one_of_4097_refused()
    {
        using IKernelBench bench = OpenSplit();
        BenchRoute[] rows = [.. Enumerable.Range(0, bench.Limits.Routes).Select(gsi => BenchRoute.To(gsi, Edge()))];
        bench.Commit(rows);
        AssertErrno(Einval, () => bench.Commit([.. rows, BenchRoute.To(0, Edge())]));
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(int.MaxValue)]
    [InlineData(-1)]
    public void A_row_of_a_GSI_that_does_not_exist_is_refused_and_the_table_stays(int gsi)
    {
        using IKernelBench bench = OpenSplit();
        EventFd fd = Bound(bench);
        bench.Commit(BenchRoute.To(Gsi, Edge()));
        AssertErrno(Einval, () => bench.Commit(BenchRoute.To(gsi, Edge())));
        bench.Write(fd);
        Assert.True(Came(bench));
    }

    [Fact]
    public void A_message_is_the_only_row_of_its_GSI()
    {
        using IKernelBench bench = OpenSplit();
        AssertErrno(Einval, () => bench.Commit(BenchRoute.To(Gsi, Edge(0x41)), BenchRoute.To(Gsi, Edge(0x52))));
    }

    [Fact]
    public void A_row_to_a_chip_is_refused_in_split_mode()
    {
        using IKernelBench bench = OpenSplit();
        AssertErrno(Einval, () => bench.Commit(BenchRoute.To(5, chip: 2, pin: 5)));
    }

    [Fact]
    public void A_GSI_may_lead_to_two_chips_but_not_twice_to_one()
    {
        using IKernelBench bench = OpenFull();
        bench.Commit(BenchRoute.To(5, chip: 0, pin: 5), BenchRoute.To(5, chip: 2, pin: 5));
        AssertErrno(Einval, () => bench.Commit(BenchRoute.To(5, chip: 2, pin: 5), BenchRoute.To(5, chip: 2, pin: 6)));
        AssertErrno(Einval, () => bench.Commit(BenchRoute.To(5, chip: 2, pin: 24)));
        AssertErrno(Einval, () => bench.Commit(BenchRoute.To(5, chip: 0, pin: 8)));
    }

    [Fact]
    public void A_message_signalled_past_the_table_needs_no_route()
    {
        using IKernelBench bench = OpenSplit();
        Assert.True(bench.SignalMsi(Edge()));
        Assert.True(Came(bench));
    }

    [Fact]
    public void A_message_to_nobody_is_answered_with_no()
    {
        using IKernelBench bench = OpenSplit();
        Assert.False(bench.SignalMsi(Edge(cpu: 77)));
    }

    [Fact]
    public void A_message_to_a_software_disabled_local_APIC_is_answered_with_no()
    {
        using IKernelBench bench = OpenSplit();
        bench.WriteApic(0, ApicRegister.SpuriousVector, 0xFF);
        Assert.False(bench.SignalMsi(Edge()));
        Assert.False(IsPending(bench));
    }

    [Fact]
    public void The_address_of_a_message_is_not_checked_for_the_interrupt_window()
    {
        using IKernelBench bench = OpenSplit();
        Assert.True(bench.SignalMsi(new Msi(0, Vector)));
        Assert.True(Came(bench));
    }

    [Fact]
    public void A_vector_below_16_is_accepted()
    {
        using IKernelBench bench = OpenSplit();
        Assert.True(bench.SignalMsi(Edge(vector: 5)));
        Assert.True(Came(bench, 5));
    }

    [Fact]
    public void The_trigger_mode_of_a_message_shows_in_TMR_and_its_level_bit_is_irrelevant()
    {
        using IKernelBench bench = OpenSplit();
        Assert.True(bench.SignalMsi(new Msi(MsiAddress.For(0).Bits, 0x8000u | Vector)));
        Assert.True(IsLevel(bench));
        Assert.True(Came(bench));
        Assert.True(bench.SignalMsi(Edge()));
        Assert.False(IsLevel(bench));
    }

    [Fact]
    public void An_interrupt_waits_for_the_EOI_of_one_of_its_class_or_above()
    {
        using IKernelBench bench = OpenSplit(BenchNeeds.Delivery);
        bench.SignalMsi(Edge(0x41));
        Assert.Equal(0x41, bench.Take(0));
        bench.SignalMsi(Edge(0x4F));
        Assert.Equal(-1, bench.Take(0));
        bench.SignalMsi(Edge(0x52));
        Assert.Equal(0x52, bench.Take(0));
        bench.Eoi(0);
        Assert.Equal(-1, bench.Take(0));
        bench.Eoi(0);
        Assert.Equal(0x4F, bench.Take(0));
        Assert.Equal(-1, bench.Take(0));
    }

    [Fact]
    public void Userspace_may_drive_a_GSI_that_leads_to_a_message()
    {
        using IKernelBench bench = OpenSplit();
        bench.Commit(BenchRoute.To(Gsi, Edge()));
        bench.SetIrqLine(Gsi, true);
        Assert.True(Came(bench));
        bench.SetIrqLine(Gsi, false);
        Assert.False(Came(bench));
        bench.SetIrqLine(Gsi, true);
        Assert.True(Came(bench));
    }

    [Fact]
    public void With_wide_destinations_the_high_address_names_the_CPU()
    {
        using IKernelBench bench = Open(new BenchMachine { Cpus = 2, ApicIds = [0, 300], X2ApicApi = 3 });
        bench.EnterX2Apic(1);
        Assert.True(bench.SignalMsi(new Msi(MsiAddress.For(300, format: MsiFormat.KvmHighAddress), MsiData.For(Vector))));
        Assert.True(Came(bench, cpu: 1));
        Assert.False(Came(bench, cpu: 0));
        AssertErrno(Einval, () => bench.SignalMsi(new Msi(MsiAddress.For(0).Bits | 1ul << 32, Vector)));
    }

    [Fact]
    public void With_wide_destinations_and_no_quirk_0xFF_reaches_nobody_in_x2APIC_mode()
    {
        using IKernelBench bench = Open(new BenchMachine { X2ApicApi = 3 });
        bench.EnterX2Apic(0);
        Assert.False(bench.SignalMsi(Edge(cpu: 0xFF)));
    }

    [Fact]
    public void Without_the_flags_the_high_address_is_ignored_and_0xFF_is_a_broadcast()
    {
        using IKernelBench bench = Open(new BenchMachine { Cpus = 2 });
        bench.EnterX2Apic(0);
        bench.EnterX2Apic(1);
        Assert.True(bench.SignalMsi(Edge(cpu: 0xFF)));
        Assert.True(Came(bench, cpu: 0));
        Assert.True(Came(bench, cpu: 1));
        Assert.True(bench.SignalMsi(new Msi(MsiAddress.For(0).Bits | 1ul << 40, Vector)));
        Assert.True(Came(bench, cpu: 0));
    }

    [Fact]
    public void Without_chips_in_the_kernel_messages_routes_and_irqfds_are_EINVAL_and_lines_ENXIO()
    {
        using IKernelBench bench = Open(new BenchMachine { Chips = BenchChips.None });
        EventFd fd = bench.CreateEventFd();
        AssertErrno(Einval, () => bench.SignalMsi(Edge()));
        AssertErrno(Einval, () => bench.Commit());
        AssertErrno(Einval, () => bench.Bind(Gsi, fd, EventFd.None));
        AssertErrno(Enxio, () => bench.SetIrqLine(Gsi, true));
        AssertErrno(Einval, () => bench.ReadApic(0, ApicRegister.Request));
    }

    [Fact]
    public void Without_chips_in_the_kernel_a_second_vector_overwrites_the_first()
    {
        using IKernelBench bench = Open(new BenchMachine { Chips = BenchChips.None }, BenchNeeds.Guest);
        bench.RaiseExtInt(0, 0x41);
        bench.RaiseExtInt(0, 0x42);
        Assert.Equal(0x42, bench.Take(0));
        Assert.Equal(-1, bench.Take(0));
    }

    [Fact]
    public void In_split_mode_a_second_ExtINT_is_refused_until_the_first_is_taken()
    {
        using IKernelBench bench = OpenSplit(BenchNeeds.Guest);
        bench.RaiseExtInt(0, 0x31);
        AssertErrno(Eexist, () => bench.RaiseExtInt(0, 0x32));
        Assert.True(bench.SignalMsi(Edge()));
        Assert.Equal(0x31, bench.Take(0));
        bench.RaiseExtInt(0, 0x32);
        Assert.Equal(0x32, bench.Take(0));
        Assert.Equal(Vector, bench.Take(0));
    }

    [Fact]
    public void An_ExtINT_waits_while_LINT0_is_masked()
    {
        using IKernelBench bench = OpenSplit(BenchNeeds.Guest);
        bench.GuestWritesApic(0, ApicRegister.Lint0, 0x10700);
        bench.RaiseExtInt(0, 0x31);
        Assert.Equal(-1, bench.Take(0));
        AssertErrno(Eexist, () => bench.RaiseExtInt(0, 0x32));
        bench.GuestWritesApic(0, ApicRegister.Lint0, 0x700);
        Assert.Equal(0x31, bench.Take(0));
        Assert.Equal(-1, bench.Take(0));
    }

    [Fact]
    public void In_full_mode_an_ExtINT_of_userspace_is_ENXIO()
    {
        using IKernelBench bench = OpenFull();
        AssertErrno(Enxio, () => bench.RaiseExtInt(0, 0x31));
    }
}
