using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Tests.Scenarios;

/// <summary>A file that has every construct, and short cuts to read one.</summary>
internal static class Sample
{
    internal static readonly string[] Designs = ["service-before-route", "route-while-masked"];

    internal static IReadOnlyList<Scenario> ReadAll(string text) => ScenarioReader.Read("s.yaml", text, Designs);

    internal static Scenario Read(string text) => Assert.Single(ReadAll(text));

    /// <summary>The steps of a scenario on a machine with two CPUs and devices of each sort.</summary>
    internal static IReadOnlyList<Step> Steps(string steps) =>
        Read($"name: n\nmachine:\n  {{cpus: 2, kernel: split, vtd: {{}},\n  ioapics: [{{}}, {{pins: 8}}],\n  devices: {Devices}}}\nsteps:\n{steps}\n").Steps;

    /// <summary>The steps of a scenario on a domain of Xen.</summary>
    internal static IReadOnlyList<Step> XenSteps(string steps) =>
        Read($"name: n\nmachine:\n  {{cpus: 2, ioapics: [{{pins: 48}}], xen: {{pci: true, passed: {{nic: {{device: 2, gsi: 20, guest: 5}}}}, domains: {{dom0: {{id: 0, privileged: true}}}}}}}}\nsteps:\n{steps}\n").Steps;

    /// <summary>The steps of a scenario on a machine with a host below, and a guest's kernel.</summary>
    internal static IReadOnlyList<Step> HostSteps(string steps) =>
        Read("name: n\nmachine:\n  {kernel: split, guest: {lines: [{gsi: 20, vector: 0x51}]},\n"
            + "  host: {cpus: 2, lines: [{}, {}], eventfds: [spare], drivers: {nic: {line: 1}, other: {line: 1, device: nic}}},\n"
            + $"  devices: {{disk: {{gsi: 20, eventfd: true, resample: true, vfio: {{}}}}, nic: {{hostLine: 1}}}}}}\nsteps:\n{steps}\n").Steps;

    internal const string Devices = "{disk: {gsi: 11}, nic: {gsi: 11, kind: sampled}, uart: {isa: 4, kind: edge}, nvme: {msi: {address: 0xfee01000, data: 0x4031}}}";

    /// <summary>The command of the only step.</summary>
    internal static CpuCommand Command(string command) => Assert.IsType<CpuStep>(Assert.Single(Steps($"  - cpu0: {command}"))).Command;

    /// <summary>The only check.</summary>
    internal static Check Check(string expect) =>
        Assert.Single(Assert.IsType<ExpectStep>(Assert.Single(Steps($"  - expect: {expect}"))).Checks);

    internal const string Everything = """
        # yaml-language-server: $schema=schema.json
        name: Everything
        about: |
          Every construct of the format, once.
        covers: [R2, kut-ioapic/edge-intr]
        needs: [x2apic, pic]
        machine:
          cpus: 3
          mode: [xapic, x2apic]
          ids: [0, 1, 300]
          start: ready
          profile: [manual, kvm]
          ack: eoi+unmask
          routes: cached
          x2apic: true
          tscDeadline: true
          suppressEoiBroadcast: true
          cmci: false
          busHz: 25000000
          tscHz: 0x9502f900
          physicalAddressBits: 39
          pic: true
          intrAtPinZero: false
          format: kvm
          ioapics:
            - {pins: 24, gsi: 0, version: 0x20, id: 0, address: 0xfec00000, wide: true, stormLimit: 10000, stormDelay: 10ms}
            - {pins: 8}
          isaOverrides: {0: 2, 9: 20}
          pciWires: [16, 17, 18, 19]
          devices:
            disk: {gsi: 11, stuck: true}
            nic: {pci: {device: 3, pin: A, bridges: [2]}, kind: sampled}
            uart: {isa: 4, kind: edge}
            nvme: {msi: {address: 0xfee01000, data: 0x4031}, requester: "00:03.0"}
        handlers:
          cpu0:
            0x31: [{serve: disk}, eoi]
            0x32: [[eoi], [{serve: disk}, {disk: raise}, {cpu1: eoi}, {expect: {pending: {cpu0: []}}}, eoi]]
          cpus:
            any: [{read: {apic.isr.1: ~}}, {repeat: {times: 2, steps: [eoi]}}]
        unhandled: ignore
        steps:
          - disk: raise
          - nvme: send
          - uart: pulse
          - cpu0: eoi
          - cpu0: [cli, take, inta, pic-eoi, pic-eoi-both, sti]
          - cpu0: {write: {rte.11: {vector: 0x31, destination: 1, level: true}, apic.svr: 0x1ff}}
          - cpu0: {write: {msr.apic-base: {base: 0xfee00000, bsp: true, x2apic: true}}, faults: true}
          - cpu0: {write: {pic.master.data: [0x08, 0x04, 0x01]}}
          - cpu0: {change: {rte.11: {masked: true}}}
          - cpu0: {read: {rte.11: {remote-irr: 1}, apic.tmr.3: 0x02000000/0x02000000}}
          - cpu0: {mask: 11}
          - cpu0: {unmask: ioapic1.3}
          - cpu0: {mask-irq: 4}
          - cpu0: {unmask-irq: 4}
          - cpu0: {migrate: {pin: 11, to: 1, vector: 0x41}}
          - cpu0: {ipi: {vector: 0x40, to: 1, mode: fixed, logical: false, shorthand: none, level: false, assert: true}}
          - cpu1: {take: 0x31}
          - cpu1: {take: none}
          - cpu1: {inta: 0x27}
          - cpu1: {pic-eoi: 4}
          - cpu1: {serve: disk}
          - save: before
          - restore: before
          - restore: {from: before, without: [levels, pending, in-service, acks, timers, virqs]}
          - update: done
          - time: 10ms
          - repeat:
              times: 100
              steps:
                - nic: raise
                - time: 1.5us
          - expect:
              taken: {cpu0: [0x31, 0x32], cpu1: {0x31: 2}}
              taken-by-any: {0x31: 2}
        expect:
          registers: {rte.11: {masked: true, vector: 0x31}, cpu1.apic.tpr: 0, memory.0xfee00030.4: 0xffffffff}
          holders: {11: [disk], nic: [nic]}
          pending: {cpu0: [0x31]}
          in-service: {cpu0: []}
          acks: {disk: 2}
          signals: {cpu1: [nmi, init, "sipi 0x9a", smi]}
          events: {edge-lost: 1, pin-accepted: 2}
          memory: {0x1000: 0x4031}
          intr: false
        laws: [FreshRoute, NoPhantom]
        historic:
          - {design: service-before-route, breaks: FreshRoute}
          - {design: route-while-masked, breaks: expectations}
        """;
}
