using System.Text.Json;
using Wirq.Routing;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Why;

/// <summary>What is owed at the end, selections, names, and the JSON.</summary>
public class OwedTests
{
    private static readonly RedirectionEntry EdgeToCpu0 = RedirectionEntry.Create(0x51, 0);

    private static Watched Pulsed(int times, string? asked = null)
    {
        var machine = Watched.Enabled(asked);
        machine.Entry(4, EdgeToCpu0);
        Source uart = machine.Connect(4);
        for (int i = 0; i < times; i++)
        {
            machine.Fabric.Advance((i + 1) * 1_000);
            machine.Pulse(uart);
            machine.Take();
            machine.Eoi();
        }
        return machine;
    }

    private static JsonElement Json(Action<Stream> write)
    {
        using var stream = new MemoryStream();
        write(stream);
        return JsonDocument.Parse(stream.ToArray()).RootElement;
    }

    [Fact]
    public void Nothing_is_owed_where_everything_ended()
    {
        OwedList list = Pulsed(3).Engine.Owed();
        Assert.Empty(list.Owed);
        Assert.Empty(list.Silent);
    }

    [Fact]
    public void A_level_interrupt_that_a_kernel_took_is_owed_until_it_tells_of_the_EOI()
    {
        var machine = new Watched(FabricOptions.Pc() with
        {
            Routing = new RoutingOptions { Kernel = new KernelLimits { ReservedGsis = 48 } },
        })
        { Kernel = new AcceptingKernel() };
        machine.Entry(20, RedirectionEntry.Create(0x53, 0, level: true));
        Source disk = machine.Connect(20);
        machine.Raise(disk);
        OwedAnswer owed = Assert.Single(machine.Engine.Owed().Owed);
        Assert.Equal(("ioapic:20", Fate.InService, Gate.NoEoi), (owed.Source.ToString(), owed.Fate, owed.Gate));
        Assert.Contains("the kernel took it at", owed.Sentences[0], StringComparison.Ordinal);
        machine.Lower(disk);
        machine.Fabric.Eoi(0x53);
        machine.Settle();
        Assert.Empty(machine.Engine.Owed().Owed);
    }

    [Fact]
    public void A_pending_vector_is_owed_by_its_cpu_which_is_silent_since_its_last_write()
    {
        Watched machine = Pulsed(1);
        Mark last = machine.Engine.End;
        Source second = machine.Connect(5);
        machine.Entry(5, RedirectionEntry.Create(0x61, 0));
        Mark written = machine.Engine.End;
        machine.Pulse(second);
        machine.Pulse(second);
        OwedList list = machine.Engine.Owed();
        OwedAnswer owed = Assert.Single(list.Owed);
        Assert.Equal(("ioapic:5", Fate.Pending, Gate.CpuUnknown, 0, 0x61),
            (owed.Source.ToString(), owed.Fate, owed.Gate, owed.Cpu, owed.Vector));
        Assert.Contains("1 more came for it and merged into it", string.Join(" ", owed.Sentences), StringComparison.Ordinal);
        SilentAnswer silent = Assert.Single(list.Silent);
        Assert.InRange(silent.Since.Event, last.Event, written.Event);
        Assert.Contains("is unknown", silent.Sentences[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_cpu_that_goes_on_writing_is_not_silent()
    {
        Watched machine = Pulsed(1);
        machine.Pulse(machine.Connect(4));
        machine.Apic(ApicRegister.TaskPriority, 0);
        OwedList list = machine.Engine.Owed();
        Assert.Single(list.Owed);
        Assert.Empty(list.Silent);
    }

    [Fact]
    public void A_vector_in_service_is_owed_its_eoi()
    {
        Watched machine = Pulsed(1);
        machine.Pulse(machine.Connect(4));
        machine.Take();
        OwedAnswer owed = Assert.Single(machine.Engine.Owed().Owed);
        Assert.Equal((Fate.InService, Gate.NoEoi), (owed.Fate, owed.Gate));
    }

    [Fact]
    public void What_one_end_of_a_line_gave_away_the_other_does_not_owe()
    {
        var machine = Watched.Enabled();
        machine.InitialisePic(0, 0);
        machine.Apic(ApicRegister.Lint0, LocalVectorEntry.Create(0, DeliveryMode.ExtInt).Bits);
        machine.Entry(4, EdgeToCpu0.WithMask(true));
        machine.Raise(machine.Connect(4));
        machine.Take();
        machine.Port(0x20, 0x20);
        Assert.Empty(machine.Engine.Owed().Owed);
    }

    [Fact]
    public void A_line_that_no_guest_listens_to_is_named_and_not_owed()
    {
        var machine = Watched.Enabled();
        machine.Raise(machine.Connect(20));
        OwedList list = machine.Engine.Owed();
        Assert.Empty(list.Owed);
        Assert.Equal(["ioapic:20"], list.Unheard.Select(source => source.ToString()));
    }

    [Fact]
    public void An_edge_line_that_stands_after_its_interrupt_is_told_of()
    {
        var machine = Watched.Enabled();
        machine.Entry(4, EdgeToCpu0);
        machine.Raise(machine.Connect(4));
        machine.Take();
        machine.Eoi();
        OwedList list = machine.Engine.Owed();
        Assert.Empty(list.Owed);
        Assert.Equal("ioapic:4", Assert.Single(list.Standing).Source.ToString());
    }

    [Fact]
    public void A_timer_started_under_a_mask_is_owed_though_it_never_expired()
    {
        var machine = Watched.Enabled();
        machine.Apic(ApicRegister.Timer, LocalVectorEntry.Timer(0x61, masked: true).Bits);
        machine.Apic(ApicRegister.InitialCount, 1000);
        OwedAnswer owed = Assert.Single(machine.Engine.Owed().Owed);
        Assert.Equal(("lvt:timer@cpu0", Gate.LvtMasked), (owed.Source.ToString(), owed.Gate));
    }

    [Fact]
    public void An_ipi_to_all_others_of_one_cpu_is_not_owed()
    {
        var machine = Watched.Enabled();
        machine.Apic(ApicRegister.CommandLow, 0xC4500);
        Assert.Empty(machine.Engine.Owed().Owed);
        machine.Apic(ApicRegister.CommandHigh, 0x09000000);
        machine.Apic(ApicRegister.CommandLow, 0x4071);
        Assert.Equal("ipi:0x71@cpu0", Assert.Single(machine.Engine.Owed().Owed).Source.ToString());
    }

    [Fact]
    public void The_last_twenty_are_told_in_full_and_the_rest_counted()
    {
        SourceAnswer answer = Assert.Single(Pulsed(50, "ioapic:4").Engine.Answer()!);
        Assert.Equal((50, 20), ((int)answer.Count, answer.Raises.Count));
        Assert.Equal([(Fate.Ended, 30L)], answer.Earlier);
    }

    [Theory]
    [InlineData("ioapic:4@3us", 3000)]
    [InlineData("ioapic:4@3999ns", 3000)]
    [InlineData("ioapic:4@4us", 4000)]
    public void A_time_chooses_the_raise_at_or_the_last_before_it(string asked, long time)
    {
        SourceAnswer answer = Assert.Single(Pulsed(10, asked).Engine.Answer()!);
        Assert.Equal(time, Assert.Single(answer.Raises).At.Time);
        Assert.Equal(10 - time / 1000, answer.Later);
    }

    [Fact]
    public void A_line_chooses_the_raise_at_or_the_last_before_it()
    {
        Mark third = Pulsed(10, "ioapic:4").Engine.Answer()![0].Raises[2].At;
        RaiseAnswer chosen = Assert.Single(Pulsed(10, $"ioapic:4@event{third.Event + 1}").Engine.Answer()![0].Raises);
        Assert.Equal(third, chosen.At);
        Assert.NotEqual(third, Assert.Single(Pulsed(10, $"ioapic:4@event{third.Event - 1}").Engine.Answer()![0].Raises).At);
    }

    [Fact]
    public void Before_the_first_raise_there_is_none_and_the_first_is_named()
    {
        SourceAnswer answer = Assert.Single(Pulsed(2, "ioapic:4@event1").Engine.Answer()!);
        Assert.Empty(answer.Raises);
        Assert.Contains("its first raise is at event ", answer.Now[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_is_both_of_its_pins()
    {
        IReadOnlyList<SourceAnswer> answers = Pulsed(2, "gsi:4").Engine.Answer()!;
        Assert.Equal(["ioapic:4", "pic:4"], answers.Select(answer => answer.Source.ToString()));
    }

    [Theory]
    [InlineData("ioapic:24")]
    [InlineData("ioapic1:3")]
    [InlineData("gsi:99")]
    [InlineData("msi:0xfee00000:0x41")]
    [InlineData("irte:3")]
    public void A_source_that_is_not_there_has_no_answer(string asked) =>
        Assert.Null(Pulsed(1, asked).Engine.Answer());

    [Theory]
    [InlineData("ioapic:21")]
    [InlineData("ioapic1:3")]
    [InlineData("gsi:7")]
    [InlineData("pic:4")]
    [InlineData("msi:0xfee01000:0x4051")]
    [InlineData("irte:12")]
    [InlineData("lvt:timer@cpu0")]
    [InlineData("lvt:lint0@cpu11")]
    [InlineData("ipi:0xfb@cpu2")]
    [InlineData("ipi:nmi@cpu0")]
    public void A_name_reads_as_it_is_written(string name)
    {
        Assert.True(SourceName.TryParse(name, out SourceName source));
        Assert.Equal(name, source.ToString());
        Assert.Equal(new WhyQuestion(source, new Place(7, 0, false)), WhyQuestion.Parse($"{name}@L7", out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("ioapic")]
    [InlineData("ioapic:-1")]
    [InlineData("ioapicx:1")]
    [InlineData("msi:zz:1")]
    [InlineData("msi:1")]
    [InlineData("lvt:timer")]
    [InlineData("lvt:nothing@cpu0")]
    [InlineData("ipi:100@cpu0")]
    [InlineData("ioapic:4@")]
    [InlineData("ioapic:4@L0")]
    [InlineData("ioapic:4@noon")]
    [InlineData("ioapic:4@1.2.3")]
    [InlineData("ioapic:99999999999")]
    public void What_is_no_name_or_place_is_refused_with_what_was_expected(string asked)
    {
        Assert.Null(WhyQuestion.Parse(asked, out string wrong));
        Assert.Contains("expected", wrong, StringComparison.Ordinal);
    }

    [Fact]
    public void The_json_of_an_answer_has_the_facts()
    {
        WhyEngine engine = Pulsed(2, "ioapic:4").Engine;
        JsonElement source = Json(output => WhyJson.Write(engine.Answer()!, engine, output)).GetProperty("sources")[0];
        Assert.Equal("ioapic:4", source.GetProperty("source").GetString());
        JsonElement raise = source.GetProperty("raises")[1];
        Assert.Equal(("ended", "none", 1), (raise.GetProperty("fate").GetString(), raise.GetProperty("gate").GetString(),
            raise.GetProperty("attempts").GetInt32()));
        Assert.Equal("2us", raise.GetProperty("at").GetProperty("time").GetString());
        JsonElement delivery = raise.GetProperty("deliveries")[0];
        Assert.Equal((0, 0x51), (delivery.GetProperty("cpu").GetInt32(), delivery.GetProperty("vector").GetInt32()));
        Assert.True(delivery.GetProperty("taken").GetProperty("event").GetInt64() > 0);
        Assert.Contains(raise.GetProperty("evidence").EnumerateArray(), one => one.GetProperty("what").GetString() == "sent");
        Assert.Equal(JsonValueKind.Null, raise.GetProperty("since").ValueKind);
    }

    [Fact]
    public void The_json_of_what_is_owed_has_the_facts()
    {
        var machine = Watched.Enabled();
        machine.Entry(4, EdgeToCpu0);
        machine.Apic(ApicRegister.TaskPriority, 0xF0);
        machine.Pulse(machine.Connect(4));
        JsonElement list = Json(output => WhyJson.Write(machine.Engine.Owed(), machine.Engine, output));
        JsonElement owed = Assert.Single(list.GetProperty("owed").EnumerateArray());
        Assert.Equal(("ioapic:4", "pending", "task-priority"), (owed.GetProperty("source").GetString(),
            owed.GetProperty("fate").GetString(), owed.GetProperty("gate").GetString()));
        Assert.True(owed.GetProperty("since").GetProperty("event").GetInt64() > 0);
        JsonElement silent = Assert.Single(list.GetProperty("silent").EnumerateArray());
        Assert.Equal((0, "ioapic:4"), (silent.GetProperty("cpu").GetInt32(), silent.GetProperty("owed")[0].GetString()));
    }

    [Fact]
    public void The_text_keeps_to_eighty_columns()
    {
        var machine = Watched.Enabled(cpus: 4);
        machine.Entry(4, RedirectionEntry.Create(0x51, 9));
        machine.Pulse(machine.Connect(4));
        using var text = new StringWriter();
        WhyText.Write(machine.Engine.Owed(), machine.Engine, text);
        string[] lines = text.ToString().Split('\n');
        Assert.True(lines.Length > 5);
        Assert.All(lines, line => Assert.InRange(line.TrimEnd('\r').Length, 0, 80));
    }

    [Fact]
    public void Memory_stays_bounded_whatever_the_number_of_sources()
    {
        Watched machine = Watched.Enabled();
        for (uint i = 0; i < 20_000; i++)
            machine.Send(0xFEE00000 + ((ulong)(i >> 8) << 5 & 0xFE0), 0x20 + (i & 0x3F) | i << 16);
        Assert.InRange(machine.Engine.Sources.Count, 1000, 8192);
    }
}
