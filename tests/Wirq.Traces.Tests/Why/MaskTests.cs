using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Wirq.Traces.Tests.Replay;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Why;

/// <summary>A mask that a guest means is no fault; one under which something waits is.</summary>
public sealed partial class MaskTests
{
    private const long Tick = 10_000;

    [GeneratedRegex(@"^(\d+)@(\d+)\.(\d+):", RegexOptions.Multiline)]
    private static partial Regex Stamp();

    [GeneratedRegex(@"^\d+@[\d.]+:", RegexOptions.Multiline)]
    private static partial Regex AnyStamp();

    private static WhyEngine Ask(string text) => LogWhy.Read(() => new MemoryStream(Encoding.ASCII.GetBytes(text)), "text", null);

    /// <summary>A log of a guest that masked the timer at the 8259, and in which from its end on the timer ticks and the
    /// guest does nothing.</summary>
    private static string Silent(int ticks)
    {
        var text = new StringBuilder(ReplayLogs.TextOf("ioapic-1cpu-acks").TrimEnd('\n')).Append('\n');
        Match last = Stamp().Matches(text.ToString())[^1];
        string thread = Stamp().Match(text.ToString()).Groups[1].Value;
        long time = long.Parse(last.Groups[2].Value, CultureInfo.InvariantCulture) * 1_000_000
            + long.Parse(last.Groups[3].Value, CultureInfo.InvariantCulture);
        for (int tick = 0; tick < ticks; tick++)
        {
            time += Tick;
            foreach (int level in new[] { 0, 1 })
            {
                foreach (string line in new[] { $"pic_set_irq master 1 irq 0 level {level}", $"ioapic_set_irq vector: 0 level: {level}" })
                    text.Append(CultureInfo.InvariantCulture, $"{thread}@{time / 1_000_000}.{time % 1_000_000:d6}:{line}\n");
            }
        }
        return text.ToString();
    }

    [Theory]
    [InlineData("ioapic-1cpu-acks", "pic:0")]
    [InlineData("ioapic-2cpu", "pic:0")]
    [InlineData("ioapic-3cpu", "pic:0")]
    [InlineData("vtd-msix", "ioapic:2")]
    public void An_idle_timer_that_a_working_guest_masked_is_listed_apart_and_not_owed(string name, string source)
    {
        OwedList list = Ask(ReplayLogs.TextOf(name)).Owed();
        Assert.Empty(list.Owed);
        Assert.Empty(list.Silent);
        Assert.NotEqual(WhyVerdict.Owed, list.Verdict);
        Assert.Equal(source, Assert.Single(list.Masked).Source.ToString());
    }

    [Fact]
    public void What_is_masked_stands_last()
    {
        WhyEngine engine = Ask(ReplayLogs.TextOf("hung-no-eoi"));
        using var text = new StringWriter();
        WhyText.Write(engine.Owed(), engine, text);
        string words = text.ToString();
        int apart = words.IndexOf("Under a mask, as the guest may want it:", StringComparison.Ordinal);
        Assert.True(apart > words.IndexOf("ioapic:4 rose", StringComparison.Ordinal));
        Assert.True(words.IndexOf("pic:0 rose", StringComparison.Ordinal) > apart);
    }

    [Fact]
    public void A_guest_that_fell_silent_while_all_that_came_was_masked_is_told_of_it()
    {
        OwedList list = Ask(Silent(30)).Owed();
        Assert.Equal(WhyVerdict.Owed, list.Verdict);
        OwedAnswer owed = Assert.Single(list.Owed);
        Assert.Equal(("pic:0", Gate.PicMasked), (owed.Source.ToString(), owed.Gate));
        SilentAnswer silent = Assert.Single(list.Silent);
        Assert.Contains("All that came since came under a mask: pic:0.", silent.Sentences[0], StringComparison.Ordinal);
        Assert.Empty(list.Masked);
    }

    [Fact]
    public void A_guest_that_paused_for_a_moment_is_not_silent() =>
        Assert.Equal(WhyVerdict.NothingOwed, Ask(Silent(3)).Owed().Verdict);

    [Fact]
    public void Without_time_stamps_nobody_can_tell_a_silent_guest_from_a_working_one()
    {
        OwedList list = Ask(AnyStamp().Replace(Silent(30), "")).Owed();
        Assert.Equal(WhyVerdict.NotTold, list.Verdict);
        Assert.Contains("pic:0 came under a mask after the last sign of a CPU", Assert.Single(list.Limits).What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_level_that_stands_under_a_mask_is_owed_and_one_that_was_withdrawn_is_not()
    {
        var machine = Watched.Enabled();
        Source disk = machine.Connect(20);
        machine.Entry(20, RedirectionEntry.Create(0x51, 0, level: true).WithMask(true));
        machine.Raise(disk);
        machine.Apic(ApicRegister.TaskPriority, 0);
        Assert.Equal(Gate.PinMasked, Assert.Single(machine.Engine.Owed().Owed).Gate);
        machine.Lower(disk);
        machine.Apic(ApicRegister.TaskPriority, 0);
        Assert.Equal(WhyVerdict.NothingOwed, machine.Engine.Owed().Verdict);
        Assert.Empty(machine.Engine.Owed().Masked);
    }

    [Fact]
    public void An_edge_under_a_mask_is_owed_while_its_line_stands_and_the_guests_choice_once_it_fell()
    {
        var machine = Watched.Enabled();
        Source uart = machine.Connect(20);
        machine.Entry(20, RedirectionEntry.Create(0x51, 0).WithMask(true));
        machine.Raise(uart);
        machine.Apic(ApicRegister.TaskPriority, 0);
        Assert.Equal(Gate.EdgeLost, Assert.Single(machine.Engine.Owed().Owed).Gate);
        machine.Lower(uart);
        machine.Apic(ApicRegister.TaskPriority, 0);
        OwedList list = machine.Engine.Owed();
        Assert.Equal(WhyVerdict.NothingOwed, list.Verdict);
        Assert.Equal("ioapic:20", Assert.Single(list.Masked).Source.ToString());
    }

    [Fact]
    public void An_edge_that_an_unmask_came_too_late_for_is_owed_though_its_line_fell()
    {
        var machine = Watched.Enabled();
        Source uart = machine.Connect(20);
        machine.Entry(20, RedirectionEntry.Create(0x51, 0).WithMask(true));
        machine.Pulse(uart);
        machine.Entry(20, RedirectionEntry.Create(0x51, 0));
        Assert.Equal(Gate.EdgeLost, Assert.Single(machine.Engine.Owed().Owed).Gate);
    }

    [Fact]
    public void A_cpu_that_fell_silent_with_its_own_timer_masked_is_told_of_it_though_another_works_on()
    {
        var machine = Watched.Enabled(cpus: 2);
        machine.Apic(ApicRegister.Timer, LocalVectorEntry.Timer(0x61, masked: true).Bits, cpu: 1);
        machine.Apic(ApicRegister.InitialCount, 1000, cpu: 1);
        machine.Apic(ApicRegister.TaskPriority, 0, cpu: 0);
        OwedList list = machine.Engine.Owed();
        Assert.Equal("lvt:timer@cpu1", Assert.Single(list.Owed).Source.ToString());
        Assert.Equal(1, Assert.Single(list.Silent).Cpu);
    }

    [Fact]
    public void A_mask_of_a_pin_that_names_another_cpu_than_the_last_at_work_is_told_of_too()
    {
        var machine = Watched.Enabled(cpus: 2);
        Source uart = machine.Connect(20);
        machine.Entry(20, RedirectionEntry.Create(0x51, 1).WithMask(true));
        machine.Pulse(uart);
        OwedList list = machine.Engine.Owed();
        Assert.Equal("ioapic:20", Assert.Single(list.Owed).Source.ToString());
        Assert.Equal(0, Assert.Single(list.Silent).Cpu);
    }

    [Fact]
    public void A_local_timer_that_counts_under_its_mask_is_no_fault_of_a_cpu_that_goes_on()
    {
        var machine = Watched.Enabled();
        machine.Apic(ApicRegister.Timer, LocalVectorEntry.Timer(0x61, masked: true).Bits);
        machine.Apic(ApicRegister.InitialCount, 1000);
        machine.Apic(ApicRegister.TaskPriority, 0);
        OwedList list = machine.Engine.Owed();
        Assert.Equal(WhyVerdict.NothingOwed, list.Verdict);
        Assert.Equal("lvt:timer@cpu0", Assert.Single(list.Masked).Source.ToString());
    }
}
