using System.Text.Json;

namespace Wirq.Board.Tests.LinuxGuest;

public sealed class ProcInterruptsTests
{
    private const string Console = """
        [    1.0] booting
        WIRQ-COUNTS
                   CPU0       CPU1
          0:         30          0   IO-APIC    2-edge      timer
          4:          7          2   IO-APIC    4-edge      ttyS0
         25:          6          1   PCI-MSI 32768-edge      virtio0-config
         26:          0          4   PCI-MSI 32769-edge      virtio0-req.0
        NMI:          0          0   Non-maskable interrupts
        LOC:        100         90   Local timer interrupts
        RES:          0          3   Rescheduling interrupts
        CAL:          0          5   Function call interrupts
        TLB:          0          4   TLB shootdowns
        ERR:          2
        WIRQ-EQUAL
        """;

    private const string Taken = """
        [{"cpu":0,"vector":48,"of":"8259 IRQ 0","count":10}, {"cpu":0,"vector":48,"of":"I/OAPIC 0 pin 2","count":20},
         {"cpu":0,"vector":33,"of":"I/OAPIC 0 pin 4","count":7}, {"cpu":1,"vector":34,"of":"I/OAPIC 0 pin 4","count":2},
         {"cpu":0,"vector":39,"of":"device 00:02.0","count":6}, {"cpu":1,"vector":40,"of":"device 00:02.0","count":5},
         {"cpu":0,"vector":236,"of":"Timer of cpu0","count":100}, {"cpu":1,"vector":236,"of":"Timer of cpu1","count":90},
         {"cpu":1,"vector":253,"of":"IPI of cpu0","count":3}, {"cpu":1,"vector":251,"of":"IPI of cpu0","count":4},
         {"cpu":1,"vector":252,"of":"IPI of cpu0","count":1}, {"cpu":0,"vector":32,"of":"IPI of cpu0","count":1}]
        """;

    [Fact]
    public void Equal_counts_do_not_differ() => Assert.Empty(Differences(Console, Taken));

    [Theory]
    [InlineData("\"count\":7", "\"count\":8", "pin 4 on cpu0: the guest counts 7, the board 8")]
    [InlineData("\"cpu\":1,\"vector\":34", "\"cpu\":0,\"vector\":34", "pin 4 on cpu0: the guest counts 7, the board 9")]
    [InlineData("\"count\":90", "\"count\":89", "LOC on cpu1: the guest counts 90, the board 89")]
    [InlineData("\"vector\":251", "\"vector\":243", "CAL on cpu1: the guest counts 5, the board 1")]
    [InlineData("device 00:02.0\",\"count\":5", "device 00:03.0\",\"count\":5", "requester 0x0010 on cpu1: the guest counts 5, the board 0")]
    [InlineData("I/OAPIC 0 pin 2", "I/OAPIC 0 pin 3", "pin 2 on cpu0: the guest counts 30, the board 10")]
    public void Each_difference_is_named(string from, string to, string expected) =>
        Assert.Contains(expected, Differences(Console, Taken.Replace(from, to, StringComparison.Ordinal)));

    [Fact]
    public void Counts_that_moved_are_no_comparison() =>
        Assert.ThrowsAny<Exception>(() => Differences(Console.Replace("EQUAL", "MOVING", StringComparison.Ordinal), Taken));

    private const string Counts = """
        {"lines": [{"of":"pit","gsi":2,"count":30}, {"of":"serial","gsi":4,"count":9}],
         "messages": [{"of":"device 00:02.0","vector":0,"count":7}, {"of":"device 00:02.0","vector":1,"count":4}]}
        """;

    [Fact]
    public void As_many_as_were_triggered_may_be_handled() => Assert.Empty(MoreThanTriggered(Counts));

    [Theory]
    [InlineData("\"count\":9", "\"count\":8", "pin 4: the guest handled 9, its device triggered 8")]
    [InlineData("\"count\":4", "\"count\":3", "requester 0x0010: the guest handled 11, its device triggered 10")]
    [InlineData("\"gsi\":2", "\"gsi\":0", "pin 2: the guest handled 30, its device triggered 0")]
    public void One_more_than_was_triggered_is_named(string from, string to, string expected) =>
        Assert.Equal([expected], MoreThanTriggered(Counts.Replace(from, to, StringComparison.Ordinal)));

    private static IReadOnlyList<string> MoreThanTriggered(string counts)
    {
        using var json = JsonDocument.Parse(counts);
        return ProcInterrupts.MoreThanTriggered(Console, json.RootElement);
    }

    private static IReadOnlyList<string> Differences(string console, string taken)
    {
        using var json = JsonDocument.Parse(taken);
        return ProcInterrupts.Differences(console, json.RootElement);
    }
}
