using static Wirq.Lab.Tests.Scenarios.Refusal;

namespace Wirq.Lab.Tests.Scenarios;

/// <summary>Errors about domains of Xen.</summary>
public sealed class BadXenScenarioTests
{
    [Theory]
    [InlineData("  - cpu0: {xen: §send}", "what to send: {send: …}")]
    [InlineData("  - cpu0: {xen: {send: §A1}}", "a port: the name that a step gave it, or a number")]
    [InlineData("  - cpu0: {xen: {bind-ipi: 0, as: ring}}\n  - cpu0: {xen: {send: §rnig}}", "the name that a step gives a port: ring (perhaps ring)")]
    [InlineData("  - cpu0: {xen: {close: 1, as: §ring}}", "it with a call that opens a port")]
    [InlineData("  - cpu0: {xen: {close: 1, gives: §EINVALID}}", "(perhaps EINVAL)")]
    [InlineData("  - cpu0: {xen: {close: 1, gives: §blocks}}", "blocks with poll alone")]
    [InlineData("  - cpu0: {xen: §{as: ring}}", "one of alloc-unbound, bind-interdomain, bind-virq, bind-ipi, bind-pirq, close, send, status, bind-vcpu, unmask, reset, init-control, expand-array, set-priority, poll, end-poll, register-vcpu-info, set-callback, set-vector, handle, map-pirq, map-message, unmap-pirq, end-pirq, query-pirq, get-free-pirq, setup-gsi, gsi-permission, irq-permission, bind-message, pass, return, enable, unmask-pin, end-pin")]
    [InlineData("  - cpu0: {xen: {§pass: nic}}", "what dom0 does of machines with devices that it passes on (xen: passed)")]
    [InlineData("  - dom0: {pass: §nik}", "one of nic (perhaps nic)")]
    [InlineData("  - cpu0: {xen: {§end-pin: 20}}", "what dom0 does of machines with devices that it passes on (xen: passed)")]
    [InlineData("  - dom0: {end-pin: §24}", "a GSI, 0 to 23")]
    [InlineData("  - dom0: {unmask-pin: §{level: true}}", "gsi")]
    [InlineData("  - dom0: {pass: {passed: nic, without: [§taek]}}", "(perhaps take)")]
    [InlineData("  - dom0: §{set-callback: {gsi: 1}}", "a call of a CPU of this machine: the callback of another domain is no part of it")]
    [InlineData("  - xen: {message: §5}", "an interrupt of messages, 24 to 27")]
    [InlineData("  - xen: {link: {link: 0, irq: §16}}", "an IRQ, 0 to 15")]
    [InlineData("  - xen: {§lnik: {link: 0, irq: 5}}", "(perhaps link)")]
    [InlineData("  - xen: {raise-virq: {virq: timer, vcpu: §2}}", "a vCPU of the domain")]
    [InlineData("  - xen: {pause: §dom7}", "a domain of this machine, by its name or id (perhaps dom0)")]
    [InlineData("  - cpu0: {read: {§xen.upcall.2: 0}}", "a vCPU of this machine, 0 to 1")]
    [InlineData("  - cpu0: {read: {§xen.head.0.16: 0}}", "a priority, 0 to 15")]
    [InlineData("  - expect: {ports: {§dom7: []}}", "a CPU, cpu0 to cpu1")]
    public void A_step_of_Xen_with_an_error(string steps, string expected) => Assert.EndsWith(expected,
        Refuse($"name: n\nmachine:\n  cpus: 2\n  ioapics: [{{pins: 48}}]\n  xen: {{pci: true, passed: {{nic: {{device: 2, gsi: 20, guest: 5}}}}, domains: {{dom0: {{id: 0}}}}}}\nsteps:\n{steps}\n").Expected, StringComparison.Ordinal);

    [Theory]
    [InlineData("xen: {§port: 3}", "(perhaps ports)")]
    [InlineData("xen: {width: §48}", "32 or 64")]
    [InlineData("xen: {policy: §pol}", "(perhaps poll)")]
    [InlineData("xen: {domains: {§cpu0: {id: 2}}}", "another name; this word means something else in a step")]
    [InlineData("xen: {domains: {dom0: §{kind: pv}}}", "id")]
    [InlineData("xen: {domains: {dom0: {id: §1}}}", "an id that no other domain has")]
    [InlineData("xen: {pci: §true}", "pci: 48 or more")]
    [InlineData("xen: {links: §[{possible: [20]}]}", "hvmPirqs: true, or passed, beside it")]
    [InlineData("xen: {passed: §{nic: {device: 2, guest: 3}}}", "pci: true, and a domain with the id 0, which passes it on")]
    [InlineData("devices: {nic: {intx: §{device: 3}}}", "no intx; this machine has no PCI lines of Xen (xen: {pci: true})")]
    public void A_domain_of_Xen_with_an_error(string machine, string expected) =>
        Assert.EndsWith(expected, Refuse($"name: n\nmachine: {{{machine}}}\nsteps: [{{time: 1ns}}]\n").Expected, StringComparison.Ordinal);

    [Theory]
    [InlineData("{cpu0: §upcall}")]
    [InlineData("{cpu0: {§xen: {send: 1}}}")]
    [InlineData("{§xen: {pause: 1}}")]
    [InlineData("{expect: {polling: {§cpu0: true}}}")]
    [InlineData("{cpu0: {read: {§xen.upcall.0: 0}}}")]
    public void A_machine_that_is_no_domain_has_nothing_of_Xen(string step) =>
        Assert.Equal("nothing of Xen; this machine is no domain of it (xen)", RefuseStep(step).Expected);
}
