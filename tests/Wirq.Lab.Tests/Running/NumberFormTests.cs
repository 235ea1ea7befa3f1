namespace Wirq.Lab.Tests.Running;

/// <summary>Messages have numbers in the form of their author, and fields by their names.</summary>
public sealed class NumberFormTests
{
    [Theory]
    [InlineData("{ cpu0: { read: { pic.master.data: 17 } } }", "pic.master.data is 255, and should be 17")]
    [InlineData("{ cpu0: { read: { pic.master.data: 0b10001 } } }", "pic.master.data is 0b11111111, and should be 0b10001")]
    [InlineData("{ cpu0: { read: { pic.master.data: 0x01/0x03 } } }", "pic.master.data is 0xff; of its bits 0x3 are 0x3, and should be 0x1")]
    [InlineData("{ cpu0: { read: { rte.5: { vector: 65, masked: false } } } }", "rte.5 has vector 0x00, masked set, and should have vector 0x41, masked clear (it is 0x10000)")]
    [InlineData("{ cpu0: { read: { apic.lvt.lint0: { mode: nmi } } } }", "apic.lvt.lint0 has extint, and should have nmi (it is 0x700)")]
    [InlineData("{ expect: { taken: { cpu0: [65] } } }", "cpu0 took nothing, and should be 65")]
    [InlineData("{ expect: { taken: { cpu0: [0x41] } } }", "cpu0 took nothing, and should be 0x41")]
    [InlineData("{ expect: { pending: { cpu0: [33, 0x22] } } }", "pending at cpu0: nothing, and should be 33, 34")]
    [InlineData("{ expect: { taken-by-any: { 65: 2 } } }", "the CPUs took nothing, and should be 65 2 times")]
    [InlineData("{ expect: { memory: { 0x1000: 256 } } }", "memory at 0x1000 was not written by any message, and should be 256")]
    public void What_was_found_has_the_form_of_what_should_be(string step, string failure) =>
        Assert.Equal([failure], Runs.Of($"steps: [{step}]").Failures);

    [Theory]
    [InlineData("{ unmask-irq: 0x4 }", "cpu0 unmasks IRQ 0x4")]
    [InlineData("{ pic-eoi: 0x4 }", "cpu0 signals EOI of IRQ 0x4 to the 8259s")]
    [InlineData("{ write: { rte.5: { vector: 65, destination: 0x1 } } }", "cpu0 writes rte.5 vector 65 to 0x1")]
    [InlineData("{ migrate: { pin: 5, to: 0x0, vector: 66 } }", "cpu0 migrates pin 5 to 0x0 vector 66")]
    public void A_step_is_told_with_the_numbers_as_they_were_written(string command, string told) =>
        Assert.Contains(told, Runs.Of($"steps: [{{ cpu0: {command} }}]\nexpect: {{ intr: true }}").Timeline.Split('\n'));
}
