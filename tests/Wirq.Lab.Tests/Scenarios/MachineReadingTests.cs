using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Tests.Scenarios;

public sealed class MachineReadingTests
{
    private static MachineSpec Machine(string machine) => Sample.Read($"name: n\nmachine: {machine}\nsteps: [{{time: 1ns}}]\n").Machine;

    [Fact]
    public void A_scenario_without_a_machine_runs_on_a_PC()
    {
        MachineSpec machine = Sample.Read("name: n\nsteps: [{time: 1ns}]").Machine;
        Assert.Equal(1, machine.Cpus);
        Assert.False(machine.X2Apic);
        Assert.Equal(StartState.Ready, machine.Start);
        Assert.Equal(RouteModel.Direct, machine.Routes);
        FabricOptions usual = FabricOptions.Pc();
        Assert.Equal(usual.IoApics, machine.Fabric.IoApics);
        Assert.Equal(usual.Pic, machine.Fabric.Pic);
        Assert.Equal(usual.LocalApics, machine.Fabric.LocalApics);
        Assert.Equal(usual.IsaOverrides, machine.Fabric.IsaOverrides);
        Assert.Equal((usual.IntrAtPinZero, usual.Format, usual.Sources, usual.LocalApicFirst),
            (machine.Fabric.IntrAtPinZero, machine.Fabric.Format, machine.Fabric.Sources, machine.Fabric.LocalApicFirst));
    }

    [Fact]
    public void Every_key_of_the_machine_reaches_the_chips()
    {
        Scenario scenario = Sample.ReadAll(Sample.Everything)[3];
        MachineSpec machine = scenario.Machine;
        Assert.Equal((3, true, StartState.Ready, RouteModel.Cached), (machine.Cpus, machine.X2Apic, machine.Start, machine.Routes));
        LocalApicOptions apics = machine.Fabric.LocalApics;
        Assert.Equal([0u, 1u, 300u], apics.Ids);
        Assert.Equal((3, Profile.Kvm, true, true, true, false, 25_000_000, 2_500_000_000, 39),
            (apics.Count, apics.Profile, apics.X2Apic, apics.TscDeadline, apics.SuppressEoiBroadcast, apics.Cmci, apics.BusHz, apics.TscHz, apics.PhysicalAddressBits));
        Assert.Equal(
            [
                new IoApicOptions { Profile = Profile.Kvm, Ack = AckPolicy.EoiAndUnmask },
                new IoApicOptions
                {
                    Pins = 8, GsiBase = 24, Address = 0xFEC01000, Id = 1, Version = 0x11, Profile = Profile.Kvm, Ack = AckPolicy.EoiAndUnmask,
                },
            ], machine.Fabric.IoApics);
        Assert.Equal(new PicOptions { Profile = Profile.Kvm, Ack = AckPolicy.EoiAndUnmask }, machine.Fabric.Pic);
        Assert.Equal(new Dictionary<int, int> { [0] = 2, [9] = 20 }, machine.Fabric.IsaOverrides);
        Assert.Equal((false, MsiFormat.KvmHighAddress), (machine.Fabric.IntrAtPinZero, machine.Fabric.Format));
    }

    [Fact]
    public void Every_sort_of_device_is_read()
    {
        MachineSpec machine = Sample.ReadAll(Sample.Everything)[0].Machine;
        Assert.Equal(
            [("disk", 11, SourceKind.Wired, true), ("nic", 17, SourceKind.Sampled, false), ("uart", 4, SourceKind.Edge, false), ("nvme", -1, SourceKind.Edge, false)],
            machine.Devices.Select(device => (device.Name, device.Gsi, device.Kind, device.Stuck)));
        Assert.Equal(new Msi(0xFEE01000, 0x4031), machine.Devices[3].Message);
        Assert.Equal(0x0018, machine.Devices[3].Requester);
    }

    [Theory]
    [InlineData("{device: 0}", 16)]
    [InlineData("{device: 3, pin: B}", 16)]
    [InlineData("{device: 3, pin: A, bridges: [2, 1]}", 18)]
    public void A_PCI_pin_is_swizzled_onto_its_wire(string pci, int gsi) =>
        Assert.Equal(gsi, Machine($"{{devices: {{d: {{pci: {pci}}}}}}}").Devices[0].Gsi);

    [Fact]
    public void A_machine_chooses_its_PCI_wires() =>
        Assert.Equal(10, Machine("{ioapics: [], pciWires: [10, 11, 10, 11], devices: {d: {pci: {device: 2}}}}").Devices[0].Gsi);

    [Fact]
    public void An_ISA_device_follows_the_overrides()
    {
        Assert.Equal(2, Machine("{devices: {timer: {isa: 0}}}").Devices[0].Gsi);
        Assert.Equal(0, Machine("{isaOverrides: {}, devices: {timer: {isa: 0}}}").Devices[0].Gsi);
    }

    [Theory]
    [InlineData("manual", Profile.Manual, 0x20, true, false)]
    [InlineData("qemu", Profile.Qemu, 0x20, false, false)]
    [InlineData("kvm", Profile.Kvm, 0x11, false, false)]
    public void A_profile_reaches_every_chip(string word, Profile profile, byte version, bool intrAtPinZero, bool localFirst)
    {
        FabricOptions fabric = Machine($"{{profile: {word}, ioapics: [{{}}, {{version: 0x20}}]}}").Fabric;
        Assert.Equal((profile, profile, profile), (fabric.LocalApics.Profile, fabric.IoApics[0].Profile, fabric.Pic!.Profile));
        Assert.Equal((version, 0x20), (fabric.IoApics[0].Version, fabric.IoApics[1].Version));
        Assert.Equal((intrAtPinZero, localFirst), (fabric.IntrAtPinZero, fabric.LocalApicFirst));
    }

    [Theory]
    [InlineData("done", AckPolicy.Done)]
    [InlineData("eoi", AckPolicy.Eoi)]
    [InlineData("eoi+unmask", AckPolicy.EoiAndUnmask)]
    public void An_ack_policy_reaches_both_kinds_of_chips(string word, AckPolicy ack)
    {
        FabricOptions fabric = Machine($"{{ack: {word}}}").Fabric;
        Assert.Equal((ack, ack), (fabric.IoApics[0].Ack, fabric.Pic!.Ack));
    }

    [Fact]
    public void A_machine_can_lack_the_8259s_and_the_IOAPIC()
    {
        Assert.Null(Machine("{pic: false}").Fabric.Pic);
        Assert.Empty(Machine("{ioapics: []}").Fabric.IoApics);
        Assert.True(Machine("{profile: kvm, intrAtPinZero: true}").Fabric.IntrAtPinZero);
    }

    [Fact]
    public void Lists_make_a_scenario_of_each_combination()
    {
        IReadOnlyList<Scenario> all = Sample.ReadAll(
            "name: n\nmachine: {mode: [x2apic], profile: [qemu, kvm], ack: [done, eoi], routes: [direct, cached]}\nsteps: [{time: 1ns}]");
        Assert.Equal(
            [
                "n (qemu, done, direct)", "n (qemu, done, cached)", "n (qemu, eoi, direct)", "n (qemu, eoi, cached)",
                "n (kvm, done, direct)", "n (kvm, done, cached)", "n (kvm, eoi, direct)", "n (kvm, eoi, cached)",
            ], all.Select(scenario => scenario.Name));
        Assert.All(all, scenario => Assert.True(scenario.Machine.X2Apic));
        Assert.Equal((Profile.Kvm, AckPolicy.Eoi, RouteModel.Cached),
            (all[7].Machine.Fabric.IoApics[0].Profile, all[7].Machine.Fabric.IoApics[0].Ack, all[7].Machine.Routes));
    }

    [Fact]
    public void Many_devices_have_room()
    {
        string devices = string.Join(", ", Enumerable.Range(0, 300).Select(i => $"d{i}: {{gsi: {i % 24}}}"));
        Assert.Equal(301, Machine($"{{devices: {{{devices}}}}}").Fabric.Sources);
    }

    [Theory]
    [InlineData("10ms", 10_000_000)]
    [InlineData("1.5us", 1_500)]
    [InlineData("0.25s", 250_000_000)]
    [InlineData("7ns", 7)]
    [InlineData("1000s", 1_000_000_000_000)]
    public void Times_have_units(string text, long nanoseconds) =>
        Assert.Equal(nanoseconds, Machine($"{{ioapics: [{{stormDelay: {text}}}]}}").Fabric.IoApics[0].StormDelay);
}
