using Wirq.Traces.Qemu;

namespace Wirq.Traces.Tests.Qemu;

public class PrefixTests
{
    private const long Morning = 1795168800_000000;

    [Theory]
    [InlineData("8913@1795168800.000000:", 8913, Morning)]
    [InlineData("8913@1795168800.000001: ", 8913, Morning + 1)]
    [InlineData("8913@1795168800.5:", 8913, Morning + 500_000)]
    [InlineData("8913@1795168800.123456789:", 8913, Morning + 123_456)]
    [InlineData("2026-11-20T10:00:00.000000Z ", 0, Morning)]
    [InlineData("2026-11-20T10:00:00.123456Z ", 0, Morning + 123_456)]
    [InlineData("2026-11-20T10:00:00Z ", 0, Morning)]
    [InlineData("2026-11-20T11:00:00.000001+01:00 ", 0, Morning + 1)]
    [InlineData("2026-11-20T06:30:00-0330 ", 0, Morning)]
    [InlineData("", 0, -1)]
    public void A_prefix_tells_the_thread_and_the_time(string prefix, long thread, long microseconds)
    {
        TraceLine line = Assert.Single(LineTests.ReadAll(prefix + "ioapic_set_irq vector: 21 level: 1\n").Lines);
        Assert.Equal(LineTests.Expected(TraceEvent.IoApicSetIrq, 1, thread, microseconds, [21, 1]), line);
    }

    [Theory]
    [InlineData("2026-11-20T10:00:00.000000Z Servicing hardware INT=0x21", TraceEvent.ServicingInterrupt)]
    [InlineData("2026-11-20T10:00:00.000000Z    134: v=ec e=0000 i=0 cpl=0 IP=0010:0", TraceEvent.InterruptDump)]
    public void The_date_stands_before_dumps_as_well(string text, TraceEvent happened)
    {
        TraceLine line = Assert.Single(LineTests.ReadAll(text).Lines);
        Assert.Equal((happened, Morning), (line.Event, line.Microseconds));
    }

    [Theory]
    [InlineData("8913@1795168800:pic_set_irq master 1 irq 4 level 0")]
    [InlineData("8913@99999999999999999999.000000:pic_set_irq master 1 irq 4 level 0")]
    [InlineData("8913@9999999999999999.000000:pic_set_irq master 1 irq 4 level 0")]
    [InlineData("99999999999999999999@1.000000:pic_set_irq master 1 irq 4 level 0")]
    [InlineData("8913@1795168800.:pic_set_irq master 1 irq 4 level 0")]
    [InlineData("2026-13-20T10:00:00Z pic_set_irq master 1 irq 4 level 0")]
    [InlineData("2026-02-29T10:00:00Z pic_set_irq master 1 irq 4 level 0")]
    [InlineData("0000-01-01T10:00:00Z pic_set_irq master 1 irq 4 level 0")]
    [InlineData("2026-11-20T24:00:00Z pic_set_irq master 1 irq 4 level 0")]
    [InlineData("2026-11-20T10:00:00 pic_set_irq master 1 irq 4 level 0")]
    [InlineData("2026-11-20T10:00:00")]
    [InlineData("8913@")]
    [InlineData("8")]
    public void What_is_no_prefix_is_no_event(string text) => Assert.Empty(LineTests.ReadAll(text).Lines);
}
