using Wirq.Board.Mailbox;
using Wirq.Lab.Kernels;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Linux;
using Wirq.Linux.Probes;
using Wirq.Linux.Tests;

namespace Wirq.Board.Tests.Mailbox;

/// <summary>Why a scenario cannot be run on a host, by the host's report; no KVM is needed.</summary>
public class HostOfferTests
{
    private static readonly HostOffer s_sound = new()
    {
        Capabilities = new Dictionary<KvmCapability, int>
        {
            [KvmCapability.UserSpaceMsr] = 1, [KvmCapability.MsrFilter] = 1, [KvmCapability.MaxVcpus] = 8,
            [KvmCapability.MaxVcpuId] = 4, [KvmCapability.Smm] = 1, [KvmCapability.Irqfd] = 1, [KvmCapability.IrqRouting] = 4096,
            [KvmCapability.X2ApicApi] = 3,
        },
        Probes = new Dictionary<string, ProbeOutcome>
        {
            ["x2apic-msr"] = ProbeOutcome.Faithful, ["apic-base-filter"] = ProbeOutcome.Faithful, ["interrupt-window"] = ProbeOutcome.Faithful,
        },
        Configurations =
        [
            new(DeliveryConfiguration.User, ConfigurationVerdict.Sound, []),
            new(DeliveryConfiguration.Split, ConfigurationVerdict.Sound, []),
            new(DeliveryConfiguration.Kernel, ConfigurationVerdict.Sound, []),
        ],
        Linux = new(6, 1),
    };

    private static readonly Scenario s_plain = new() { At = new("x.yaml", 1, 1), Name = "x", Machine = new() };
    private static readonly Scenario s_split = s_plain with { Machine = new() { Kernel = KernelModel.Split } };

    [Fact]
    public void A_sound_host_runs_what_needs_no_split_kernel()
    {
        Assert.Null(s_sound.Judge(s_plain));
        Assert.Null(s_sound.Judge(s_plain with { Needs = ["x2apic", "pic", "wide-ids", "virtual-time", "smi"] }));
        Assert.Null(s_sound.Judge(s_plain with { Machine = new() { Kernel = KernelModel.User, Cpus = 4 } }));
    }

    [Fact]
    public void Without_KVM_every_scenario_lacks_it_with_the_reason()
    {
        HostOffer absent = s_sound with { Absent = "open /dev/kvm: no such file" };
        foreach (Scenario scenario in (Scenario[])[s_plain, s_split])
            Assert.Equal("KVM: open /dev/kvm: no such file", Lack(absent, scenario));
    }

    [Fact]
    public void A_split_scenario_deviates_by_the_probes_of_split_that_failed_and_no_other_does()
    {
        HostOffer deviating = WithSplit(ConfigurationVerdict.Deviates, "isr-until-eoi", "eoi-exit");
        ScenarioResult result = deviating.Judge(s_split)!;
        Assert.Equal(Verdict.HostDeviates, result.Verdict);
        Assert.Equal(["isr-until-eoi", "eoi-exit"], result.Deviations);
        Assert.Empty(result.Lacks);
        Assert.Null(deviating.Judge(s_plain));
    }

    [Fact]
    public void A_split_scenario_lacks_a_capability_of_split()
    {
        Assert.Null(s_sound.Judge(s_split));
        Assert.Equal("KVM_CAP_SPLIT_IRQCHIP", Lack(WithSplit(ConfigurationVerdict.Lacking, "KVM_CAP_SPLIT_IRQCHIP"), s_split));
        Assert.Equal("KVM_CAP_IRQFD", Lack(Without(KvmCapability.Irqfd), s_split));
        Assert.Equal("flags of KVM_CAP_X2APIC_API: it is 0", Lack(Without(KvmCapability.X2ApicApi), s_split));
        Assert.Equal("flags of KVM_CAP_X2APIC_API: it is 3", Lack(s_sound, s_split with { Needs = ["suppress-eoi-broadcast"] }));
        // They are no part of it.
        Assert.Null(Without(KvmCapability.MsrFilter).Judge(s_split));
        Assert.Null(WithProbe("x2apic-msr", ProbeOutcome.Deviates).Judge(s_split));
    }

    [Fact]
    public void A_split_kernel_of_another_version_is_lacking_by_its_name_and_one_of_the_same_behaviour_is_not()
    {
        Assert.Equal("Linux 5.4: this host has Linux 6.1, whose KVM behaves differently", Lack(s_sound, Of(5, 4)));
        Assert.Equal("Linux 6.18: this host has Linux 6.1, whose KVM behaves differently", Lack(s_sound, Of(6, 18)));
        Assert.Null(s_sound.Judge(Of(6, 1)));
        Assert.Null(s_sound.Judge(Of(5, 15)));
        Assert.Null((s_sound with { Linux = new(6, 18) }).Judge(Of(6, 18)));

        static Scenario Of(int major, int minor) => s_split with { Machine = s_split.Machine with { Linux = new(major, minor) } };
    }

    [Fact]
    public void A_full_kernel_needs_resample_irqfds_and_the_configuration_with_all_chips_in_the_kernel()
    {
        Scenario full = s_plain with { Machine = new() { Kernel = KernelModel.Full } };
        HostOffer host = s_sound with { Capabilities = new Dictionary<KvmCapability, int>(s_sound.Capabilities) { [KvmCapability.IrqfdResample] = 1 } };
        Assert.Null(host.Judge(full));
        Assert.Equal("KVM_CAP_IRQFD_RESAMPLE", Lack(s_sound, full));
        Assert.Equal("configuration kernel", Lack(host with { Configurations = s_sound.Configurations.Take(2).ToArray() }, full));
        HostOffer deviating = host with { Configurations = [new(DeliveryConfiguration.Kernel, ConfigurationVerdict.Deviates, ["isr-until-eoi"])] };
        Assert.Equal(["isr-until-eoi"], deviating.Judge(full)!.Deviations);
        // No window is needed, for KVM itself runs the INTA cycle.
        Assert.Null((WithProbe("interrupt-window", ProbeOutcome.Deviates) with { Capabilities = host.Capabilities }).Judge(full));
    }

    [Fact]
    public void APIC_ids_of_a_split_kernel_are_vCPU_ids()
    {
        Scenario far = s_split with { Machine = s_split.Machine with { Cpus = 2, KernelOptions = new() { Cpus = 2, ApicIds = [0, 4] } } };
        Assert.Equal("APIC id 4: KVM_CAP_MAX_VCPU_ID is 4", Lack(s_sound, far));
        Assert.Null(s_sound.Judge(far with { Machine = far.Machine with { KernelOptions = new() { Cpus = 2, ApicIds = [0, 3] } } }));
    }

    [Fact]
    public void A_split_scenario_needs_interrupt_windows()
    {
        Assert.Equal(["interrupt-window"], WithProbe("interrupt-window", ProbeOutcome.Deviates).Judge(s_split)!.Deviations);
        Assert.Equal("an answer to the probe interrupt-window", Lack(WithProbe("interrupt-window", ProbeOutcome.Failed), s_split));
    }

    [Fact]
    public void The_simulated_kernel_beside_a_real_one_is_of_its_version_and_has_its_flags()
    {
        FabricOptions fabric = FabricOptions.Pc() with { Routing = new() { Kernel = new() { ConsumesFirst = true } } };
        Scenario scenario = s_split with { Machine = s_split.Machine with { Fabric = fabric, KernelOptions = new()
        {
            X2ApicApi = SimulatedX2ApicApi.Use32BitIds | SimulatedX2ApicApi.DisableBroadcastQuirk | SimulatedX2ApicApi.EnableSuppressEoi,
        } } };
        MachineSpec here = (s_sound with { Linux = new(5, 10) }).OnHost(scenario).Machine;
        Assert.Equal(KernelBehaviour.Of(new(5, 10)), here.KernelOptions.Behaviour);
        Assert.False(here.Fabric.Routing!.Kernel!.ConsumesFirst);
        Assert.Equal(SimulatedX2ApicApi.Use32BitIds | SimulatedX2ApicApi.DisableBroadcastQuirk, here.KernelOptions.X2ApicApi);
        Assert.Same(s_plain, s_sound.OnHost(s_plain));
    }

    [Fact]
    public void A_host_whose_guests_do_not_run_lacks_that_and_one_that_does_not_wake_them_deviates()
    {
        HostOffer host = s_sound with { Configurations = [new(DeliveryConfiguration.User, ConfigurationVerdict.Lacking, ["guest-runs"])] };
        Assert.Equal("guest-runs", Lack(host, s_plain));
        host = s_sound with { Configurations = [new(DeliveryConfiguration.User, ConfigurationVerdict.Deviates, ["halt-wake"])] };
        Assert.Equal(["halt-wake"], host.Judge(s_plain)!.Deviations);
    }

    [Theory]
    [InlineData(5, "5 vCPUs: KVM_CAP_MAX_VCPU_ID is 4")]
    [InlineData(9, "9 vCPUs: KVM_CAP_MAX_VCPUS is 8")]
    public void More_CPUs_than_KVM_can_make_are_lacking(int cpus, string lack) =>
        Assert.Equal(lack, Lack(s_sound, s_plain with { Machine = new() { Cpus = cpus } }));

    [Theory]
    [InlineData(KvmCapability.UserSpaceMsr, "KVM_CAP_X86_USER_SPACE_MSR")]
    [InlineData(KvmCapability.MsrFilter, "KVM_CAP_X86_MSR_FILTER")]
    public void A_missing_capability_is_named(KvmCapability capability, string name) =>
        Assert.Equal(name, Lack(Without(capability), s_plain));

    [Fact]
    public void SMIs_that_are_to_be_seen_need_system_management_mode()
    {
        Assert.Equal("KVM_CAP_X86_SMM", Lack(Without(KvmCapability.Smm), s_plain with { Needs = ["smi"] }));
        Assert.Null(Without(KvmCapability.Smm).Judge(s_plain));
    }

    [Theory]
    [InlineData("x2apic-msr")]
    [InlineData("apic-base-filter")]
    public void MSRs_that_do_not_exit_are_a_deviation_and_a_probe_without_an_answer_is_none(string probe)
    {
        ScenarioResult result = WithProbe(probe, ProbeOutcome.Deviates).Judge(s_plain)!;
        Assert.Equal((Verdict.HostDeviates, probe), (result.Verdict, Assert.Single(result.Deviations)));
        Assert.Equal($"an answer to the probe {probe}", Lack(WithProbe(probe, ProbeOutcome.Failed), s_plain));
    }

    [Fact]
    public void What_this_host_reports_is_taken_over()
    {
        HostOffer offer = HostOffer.Of(PatientProbes.Report);
        Assert.Equal(PatientProbes.Report.Absent, offer.Absent);
        Assert.Equal(PatientProbes.Report.Probes.Count, offer.Probes.Count);
        Assert.Equal(PatientProbes.Report.Capabilities.Count, offer.Capabilities.Count);
    }

    private static string Lack(HostOffer host, Scenario scenario)
    {
        ScenarioResult result = host.Judge(scenario)!;
        Assert.Equal(Verdict.HostLacks, result.Verdict);
        Assert.Empty(result.Deviations);
        return Assert.Single(result.Lacks);
    }

    private static HostOffer WithSplit(ConfigurationVerdict verdict, params string[] because) => s_sound with
    {
        Configurations = [s_sound.Configurations[0], new(DeliveryConfiguration.Split, verdict, because)],
    };

    private static HostOffer Without(KvmCapability capability) => s_sound with
    {
        Capabilities = s_sound.Capabilities.Where(pair => pair.Key != capability).ToDictionary(),
    };

    private static HostOffer WithProbe(string name, ProbeOutcome outcome) => s_sound with
    {
        Probes = new Dictionary<string, ProbeOutcome>(s_sound.Probes) { [name] = outcome },
    };
}
