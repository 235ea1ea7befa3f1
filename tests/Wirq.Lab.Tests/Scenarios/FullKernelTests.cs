using Wirq.Lab.Historic;
using Wirq.Lab.Kernels;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Tests.Shared;

namespace Wirq.Lab.Tests.Scenarios;

/// <summary>Machines whose kernel owns the I/OAPIC and the 8259s.</summary>
public sealed class FullKernelTests
{
    [Theory]
    [InlineData("{kernel: full, vtd: §{}}", "kernel: user or split beside it")]
    [InlineData("{kernel: full, pic: §false}", "two 8259s, in a machine with kernel: full")]
    [InlineData("{kernel: full, ioapics: §[{pins: 120}]}", "one I/OAPIC of 24 pins at 0xfec00000")]
    [InlineData("{kernel: full, ioapics: §[{}, {}]}", "one I/OAPIC of 24 pins at 0xfec00000")]
    [InlineData("{kernel: full, devices: {§disk: {gsi: 5, kind: sampled}}}", "resample: true, for only a resample eventfd hears of an EOI")]
    [InlineData("{kernel: full, devices: {§disk: {gsi: 5, eventfd: true}}}", "resample: true, for only a resample eventfd hears of an EOI")]
    public void A_machine_that_KVM_does_not_make_is_refused(string machine, string expected) =>
        Assert.Contains(expected, Refusal.Refuse($"name: n\nmachine: {machine}\nsteps: []").Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{§save: a}")]
    [InlineData("{§update: done}")]
    public void Its_chips_are_not_carried_over(string step) => Assert.Contains("the state of its chips is not carried over",
        Refusal.Refuse($"name: n\nmachine: {{kernel: full}}\nsteps: [{step}]").Message, StringComparison.Ordinal);

    [Fact]
    public void An_INTA_cycle_is_the_kernels()
    {
        ScenarioResult result = Run("kernel: full", "[{ cpu0: inta }]");
        Assert.Contains("the kernel has the 8259s", Assert.Single(result.Failures).Text, StringComparison.Ordinal);
    }

    /// <summary>The laws hear of the kernel's own I/OAPIC: a level interrupt whose EOI is missing stays in service.</summary>
    [Fact]
    public void An_interrupt_without_its_EOI_is_not_redelivered_and_with_it_is()
    {
        const string machine = "kernel: full, devices: { disk: { gsi: 20 } }";
        const string steps = "[{ cpu0: { write: { rte.20: { vector: 0x51, level: true } } } }, { disk: raise }, { expect: { taken: { cpu0: [0x51] }, registers: { rte.20: { remote-irr: RIRR } } } }]";
        foreach ((string handler, string pending) in new[] { ("[]", "true"), ("[{ serve: disk }, eoi]", "false") })
        {
            ScenarioResult result = Run(machine, steps.Replace("RIRR", pending, StringComparison.Ordinal), $"0x51: {handler}");
            Assert.True(result.Failures.Count == 0, string.Join("; ", result.Failures));
        }
    }

    /// <summary>The versions differ in what an unmask does with a line that its resampler holds.</summary>
    [Theory]
    [InlineData("6.1")]
    [InlineData("6.18")]
    public void A_resampler_is_asked_once_for_each_EOI_in_every_version(string linux)
    {
        ScenarioResult result = Run($"kernel: full, linux: \"{linux}\", devices: {{ disk: {{ gsi: 20, eventfd: true, resample: true }} }}", """
            [{ cpu0: { write: { rte.20: { vector: 0x51, level: true } } } }, { disk: raise },
             { expect: { taken: { cpu0: [0x51, 0x51] }, acks: { disk: 2 } } }]
            """, "0x51: [[eoi], [{ serve: disk }, eoi]]");
        Assert.True(result.Failures.Count == 0, string.Join("; ", result.Failures));
    }

    [Theory]
    [InlineData("full-shared-resample.yaml", KernelDefects.ResamplesFirstOnly)]
    [InlineData("full-shared-resample.yaml", KernelDefects.LowersWithFirstResampler)]
    [InlineData("full-messages.yaml", KernelDefects.IgnoresPendingAtBind)]
    public void A_shipped_scenario_fails_with_a_defect_of_the_kernel(string file, KernelDefects defect)
    {
        string path = Repository.PathOf($"scenarios/routing/{file}");
        Scenario scenario = ScenarioReader.Read(path, File.ReadAllText(path), Designs.Names).Single();
        Assert.Equal(Verdict.Held, ScenarioRunner.Run(scenario).Verdict);
        MachineSpec machine = scenario.Machine;
        Assert.Equal(Verdict.Failed, ScenarioRunner.Run(scenario with
        {
            Machine = machine with { KernelOptions = machine.KernelOptions with { Defects = defect } },
        }).Verdict);
    }

    private static ScenarioResult Run(string machine, string steps, string handler = "any: [eoi]") => ScenarioRunner.Run(ScenarioReader.Read("x.yaml",
        $"name: n\nmachine: {{ {machine} }}\nhandlers: {{ cpu0: {{ {handler} }} }}\nsteps: {steps}\n", Designs.Names).Single());
}
