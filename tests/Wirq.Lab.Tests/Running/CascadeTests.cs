namespace Wirq.Lab.Tests.Running;

/// <summary>An IRQ of the slave that is unmasked is one that arrives.</summary>
public sealed class CascadeTests
{
    private const string Machine = """
        machine: { devices: { disk: { isa: 14, kind: edge } } }
        handlers: { cpus: { 0x2e: [pic-eoi-both] } }

        """;

    [Fact]
    public void Unmasking_an_IRQ_of_the_slave_opens_the_cascade()
    {
        Runs run = Runs.Of(Machine.Replace("pic-eoi-both", "{ pic-eoi: 14 }", StringComparison.Ordinal)
            + "steps: [{ cpu0: { unmask-irq: 14 } }, { disk: raise }]\nexpect: { taken: { cpu0: [0x2e] }, registers: { pic.master.data: 0xfb, pic.slave.data: 0xbf } }");
        Assert.Empty(run.Failures);
    }

    [Theory]
    [InlineData("{ unmask-irq: 5 }", 0xDF)]
    [InlineData("{ unmask-irq: 14 }, { mask-irq: 14 }", 0xFB)]
    [InlineData("{ unmask-irq: 14 }, { mask-irq: 2 }", 0xFF)]
    public void An_IRQ_of_the_master_and_a_mask_leave_it_as_it_is(string commands, int mask) =>
        Assert.Empty(Runs.Of($"steps: [{{ cpu0: [{commands}] }}]\nexpect: {{ registers: {{ pic.master.data: 0x{mask:x} }} }}").Failures);
}
