using Wirq.Events;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Tests.Scenarios;

public sealed class CheckReadingTests
{
    [Fact]
    public void Vectors_are_taken_in_order()
    {
        var check = Assert.IsType<TakenCheck>(Sample.Check("{taken: {cpu1: [0x31, 50]}}"));
        Assert.Equal(1, check.Cpu);
        Assert.Equal([0x31, 50], check.Vectors);
    }

    [Fact]
    public void Vectors_are_counted()
    {
        Assert.Equal(new Dictionary<byte, int> { [0x31] = 2 }, Assert.IsType<TakenCountCheck>(Sample.Check("{taken: {cpu0: {0x31: 2}}}")).Counts);
        Assert.Equal(new Dictionary<byte, int> { [0x31] = 2, [0xFF] = 1 },
            Assert.IsType<TakenByAnyCheck>(Sample.Check("{taken-by-any: {0x31: 2, 255: 1}}")).Counts);
    }

    [Fact]
    public void Registers_are_read_by_CPU_0_or_another()
    {
        var check = Assert.IsType<RegisterCheck>(Sample.Check("{registers: {cpu1.apic.tpr: 0x20}}"));
        Assert.Equal((1, new RegisterName(RegisterKind.LocalApic, 0, 0x80, 4, "apic.tpr"), new RegisterValue(0x20, 0xFFFF_FFFF)),
            (check.Cpu, check.Register, check.Value));
        check = Assert.IsType<RegisterCheck>(Sample.Check("{registers: {rte.11: {masked: false, vector: 0x31}}}"));
        Assert.Equal((0, new RegisterValue(0x31, 0x100FF, NumberForm.Fields)), (check.Cpu, check.Value));
    }

    [Theory]
    [InlineData("11")]
    [InlineData("disk")]
    public void A_line_is_named_by_its_GSI_or_a_device(string line)
    {
        var check = Assert.IsType<HoldersCheck>(Sample.Check($"{{holders: {{{line}: [disk, nic]}}}}"));
        Assert.Equal(11, check.Gsi);
        Assert.Equal(["disk", "nic"], check.Labels);
    }

    [Fact]
    public void INTR_can_hold_a_line() =>
        Assert.Equal(["8259 INTR"], Assert.IsType<HoldersCheck>(Sample.Check("{holders: {0: [8259 INTR]}}")).Labels);

    [Fact]
    public void Vectors_are_pending_and_in_service()
    {
        Assert.Equal([0x31], Assert.IsType<PendingCheck>(Sample.Check("{pending: {cpu0: [0x31]}}")).Vectors);
        Assert.Empty(Assert.IsType<InServiceCheck>(Sample.Check("{in-service: {cpu1: []}}")).Vectors);
    }

    [Fact]
    public void Devices_hear_acknowledges()
    {
        var check = Assert.IsType<AcksCheck>(Sample.Check("{acks: {nic: 2}}"));
        Assert.Equal((1, 2), (check.Device, check.Count));
    }

    [Fact]
    public void CPUs_receive_signals() =>
        Assert.Equal(["nmi", "init", "sipi 0x9a", "sipi 0x08", "smi"],
            Assert.IsType<SignalsCheck>(Sample.Check("{signals: {cpu1: [nmi, init, \"sipi 0x9A\", sipi 8, smi]}}")).Signals);

    public static TheoryData<EventKind> Kinds => [.. Enum.GetValues<EventKind>()
        .Where(kind => kind.Subsystem is not (Subsystem.None or Subsystem.Log))];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_kind_of_event_can_be_counted(EventKind kind)
    {
        string word = ScenarioWords.Events.Single(word => word.Replace("-", "", StringComparison.Ordinal).Equals(kind.ToString(), StringComparison.OrdinalIgnoreCase));
        var check = Assert.IsType<EventCheck>(Sample.Check($"{{events: {{{word}: 3}}}}"));
        Assert.Equal((kind, 3), (check.Kind, check.Count));
    }

    [Fact]
    public void Messages_write_memory()
    {
        var check = Assert.IsType<MemoryCheck>(Sample.Check("{memory: {0x100000000: 0x4031}}"));
        Assert.Equal((0x1_0000_0000ul, 0x4031u), (check.Address, check.Value));
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("false", false)]
    public void INTR_is_high_or_not(string word, bool high) => Assert.Equal(high, Assert.IsType<IntrCheck>(Sample.Check($"{{intr: {word}}}")).High);

    [Fact]
    public void A_check_says_where_it_stands_and_a_step_what_it_checks()
    {
        var step = Assert.IsType<ExpectStep>(Assert.Single(Sample.Steps("  - expect:\n      intr: true\n      acks: {disk: 1}")));
        Assert.Equal("expect intr, acks", step.Text);
        Assert.Equal([(8, 7), (9, 14)], step.Checks.Select(check => (check.At.Line, check.At.Column)));
    }
}
