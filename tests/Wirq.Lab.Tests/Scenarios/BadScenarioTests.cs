using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Tests.Scenarios;

/// <summary>An error in a file is reported with its position (here: after the §), and with what was expected.</summary>
public sealed class BadScenarioTests
{
    private const char Here = '§';

    private static ScenarioException Refuse(string text)
    {
        int at = text.IndexOf(Here, StringComparison.Ordinal);
        string before = text[..at];
        var error = Assert.Throws<ScenarioException>(() => Sample.ReadAll(text.Remove(at, 1)));
        Assert.Equal(new FilePosition("s.yaml", before.Count(c => c == '\n') + 1, at - before.LastIndexOf('\n')), error.At);
        Assert.Equal($"{error.At}: {error.Found}; expected {error.Expected}", error.Message);
        return error;
    }

    [Theory]
    [InlineData("§", "an empty file", "a scenario")]
    [InlineData("§# nothing\n", "an empty file", "a scenario")]
    [InlineData("§- a", "a list", "a map of name, about")]
    [InlineData("§just text", "\"just text\"", "a map of name, about")]
    [InlineData("name: n\nsteps: [§", "not YAML (while parsing a node, did not find expected node content)", "the bracket of line 2, column 8 is still open")]
    [InlineData("name: n\nsteps:\n  - cpu0: {write: {rte.1: 2}\n  §- disk: raise\n", "not YAML", "the bracket of line 3, column 11 is still open")]
    [InlineData("name: n\nmachine: {cpus§: 1\nsteps: []\nlaws: []\n", "not YAML (what follows cannot be scanned)", "the bracket of line 2, column 10 is still open")]
    [InlineData("name: n\nsteps:\n  - a\n §b: c", "not YAML", "YAML 1.2")]
    [InlineData("name: n\n§\tsteps: []", "not YAML", "YAML 1.2")]
    [InlineData("name: n\nmachine:\n  cpus: 1\n§\tx2apic: true\n", "not YAML", "YAML 1.2, which indents by spaces")]
    [InlineData("name: n\nabout: |\n  a\n\n  \tb\nmachine:\n  devices:\n    d: { gsi: 4 }\n\n§\tcpus: 1\n", "not YAML", "YAML 1.2, which indents by spaces")]
    [InlineData("name: §\"n", "not YAML", "YAML 1.2")]
    [InlineData("name: n\nsteps: []\n§}", "not YAML", "YAML 1.2")]
    [InlineData("name: n\nabout: a§\0b", "U+0000", "text")]
    [InlineData("name: n\nabout: a§\u001bb", "U+001B", "text")]
    [InlineData("name: n\nabout: a§\u2028b", "U+2028", "text")]
    [InlineData("name: §&a n", "the anchor \"a\"", "no anchors and aliases")]
    [InlineData("name: §*a", "the alias \"a\"", "no anchors and aliases")]
    [InlineData("name: §!!str n", "a tag", "no tag")]
    [InlineData("name: n\nsteps: [{time: 1ns}]\n§--- \nname: m", "a second document", "one scenario")]
    [InlineData("name: n\n§name: m", "\"name\" again", "line 1")]
    [InlineData("name: n\n? §[a]\n: b", "a list", "a word")]
    [InlineData("name: n\nmachine: {§<<: {cpus: 1}}", "\"<<\"", "one of cpus")]
    public void A_file_that_is_no_plain_YAML(string text, string found, string expected)
    {
        ScenarioException error = Refuse(text);
        Assert.Contains(found, error.Found, StringComparison.Ordinal);
        Assert.Contains(expected, error.Expected, StringComparison.Ordinal);
    }

    /// <summary>A word that is nearly right is named, wherever it stands.</summary>
    [Theory]
    [InlineData("machine: { devices: { d: { gsi: 5, kind: §wird } } }\nsteps: []", "(perhaps wired)")]
    [InlineData("steps: [{ cpu0: { take: §nothin } }]", "a vector, none or any")]
    [InlineData("steps: [{ cpu0: { take: §nonne } }]", "(perhaps none)")]
    [InlineData("steps: [{ cpu0: { write: { rte.5: { masked: §flase } } } }]", "(perhaps false)")]
    [InlineData("steps: [{ expect: { signals: { cpu0: [§nmj] } } }]", "(perhaps nmi)")]
    [InlineData("machine: { vtd: {} }\nsteps: [{ cpu0: { invalidate: §al } }]", "(perhaps all)")]
    [InlineData("steps: [{ cpu0: { write: { §ret.5: { masked: false } } } }]", "(perhaps rte.5)")]
    [InlineData("steps: [{ cpu0: { write: { §ioapci.id: 0 } } }]", "(perhaps ioapic.id)")]
    [InlineData("steps: [{ cpu0: { read: { §prot.0x20: 0 } } }]", "(perhaps port.0x20)")]
    [InlineData("steps: [{ cpu0: §EOI }]", "pic-eoi, pic-eoi-both, sti, cli, take, inta, upcall, enter, write, change, read, mask, unmask, mask-irq, unmask-irq, migrate, ipi, "
        + "serve, irte, invalidate, remapping, cfi, xen, irq, access (perhaps eoi)")]
    public void A_value_that_is_nearly_right(string rest, string expected) =>
        Assert.EndsWith(expected, Refuse($"name: n\n{rest}").Expected, StringComparison.Ordinal);

    /// <summary>Words about hosts stand where there is a host, and agree.</summary>
    [Theory]
    [InlineData("machine: {devices: {§d: {gsi: 20, eventfd: true, vfio: {}}}, kernel: user}", "host in the machine")]
    [InlineData("machine: {kernel: user, host: {lines: [{}]}, devices: {d: {gsi: 20, vfio: §{}}}}", "eventfd: true")]
    [InlineData("machine: {kernel: user, host: {lines: [{}]}, devices: {d: {gsi: 20, eventfd: true, vfio: {back: §eventfd}}}}", "resample: true")]
    [InlineData("machine: {kernel: user, host: {lines: [{}]}, devices: {§d: {gsi: 20, eventfd: true, vfio: {line: 1}}}}", "0 to 0")]
    [InlineData("machine: {host: {lines: [{}]}, devices: {§d: {hostLine: 1}}}", "a line of the host, 0 to 0")]
    [InlineData("machine: {host: {lines: [{}]}, devices: {d: {hostLine: 0, vfio: §{}}}}", "which alone has it")]
    [InlineData("machine: {host: §{lines: [{flow: edge, level: true}]}}", "what the flow handler is for")]
    [InlineData("machine: {host: {lines: [{}], drivers: {§a: {}}}, devices: {b: {hostLine: 0}}}", "(perhaps b)")]
    [InlineData("machine: {host: {lines: [{}, {}], drivers: {§b: {line: 1}}}, devices: {b: {hostLine: 0}}}", "on line 1 (hostLine)")]
    [InlineData("machine: {guest: {lines: [{gsi: 5, §vektor: 0x41}]}}", "(perhaps vector)")]
    [InlineData("steps: [{§host: {disable: 0}}]", "this machine has none (host)")]
    [InlineData("steps: [{§guest: {disable: 0}}]", "this machine has none (guest)")]
    [InlineData("steps: [{cpu0: {§irq: 0}}]", "this machine has none (guest)")]
    [InlineData("machine: {host: {lines: [{}]}}\nsteps: [{host: {disable: §1}}]", "a line, 0 to 0")]
    [InlineData("machine: {host: {lines: [{}]}}\nsteps: [{cpu0: {write: {§host.masked.0: 1}}}]", "in an expectation")]
    [InlineData("machine: {host: {lines: [{}]}}\nsteps: [{expect: {registers: {§host.masked.1: 1}}}]", "a line, 0 to 0")]
    [InlineData("machine: {devices: {d: {gsi: 20}}}\nsteps: [{d: {§set-irqs: {action: mask}}}]", "is not passed on (vfio)")]
    [InlineData("machine: {kernel: user, host: {lines: [{}]}, devices: {d: {gsi: 20, eventfd: true, vfio: {}}}}\nsteps: [{d: {set-irqs: {action: unmask, fds: [§resample]}}}]", "resample: true")]
    [InlineData("machine: {kernel: user, host: {lines: [{}]}, devices: {d: {gsi: 20, eventfd: true, vfio: {}}}}\nsteps: [{d: {set-irqs: {action: unmask, fds: [§triger]}}}]", "(perhaps trigger)")]
    public void What_is_wrong_about_a_host_is_told(string rest, string expected)
    {
        if (!rest.Contains("steps", StringComparison.Ordinal))
            rest += "\nsteps: [{time: 1ns}]";
        Assert.Contains(expected, Refuse($"name: n\n{rest}").Expected, StringComparison.Ordinal);
    }

    /// <summary>One line of the host for devices of two guests is refused, and the message names both.</summary>
    [Fact]
    public void A_host_line_of_two_guests_is_refused()
    {
        ScenarioException refused = Refuse("""
            name: n
            machine:
              kernel: user
              host: {lines: [{}]}
              devices:
                disk: {gsi: 20, eventfd: true, vfio: {guest: vm1}}
                §net: {gsi: 21, eventfd: true, vfio: {guest: vm2}}
            steps: [{time: 1ns}]
            """);
        Assert.Equal("Line: 0, which 'net' of guest 'vm2' shares with 'disk' of guest 'vm1'", refused.Found);
    }

    [Theory]
    [InlineData("§steps: [{time: 1ns}]", "a scenario without name")]
    [InlineData("§name: n", "nothing happens")]
    [InlineData("§name: n\nsteps: []", "steps, actors or expect")]
    [InlineData("name:§\nsteps: []", "nothing; expected a name")]
    [InlineData("name: §\"\"\nsteps: []", "\"\"; expected a name")]
    [InlineData("name: §[a]", "a list; expected a name")]
    [InlineData("name: n\n§step: []", "(perhaps steps)")]
    [InlineData("name: n\n§Machine: {}", "(perhaps machine)")]
    [InlineData("name: n\n§xyzzy: 1", "\"xyzzy\"; expected one of name, about, covers, needs, machine, handlers, unhandled, steps, actors, time, expect, laws, historic")]
    [InlineData("name: n\nsteps: [{time: 1ns}]\nunhandled: §ignored", "one of fail, ignore (perhaps ignore)")]
    [InlineData("name: n\ncovers: §R2", "\"R2\"; expected a list of ids")]
    [InlineData("name: n\ncovers: [R2, §a b]", "an id of letters")]
    [InlineData("name: n\ncovers: [R2, §R2]", "each word once")]
    [InlineData("name: n\nneeds: [§x2-apic]", "(perhaps x2apic)")]
    [InlineData("name: n\nsteps: [{time: 1ns}]\nlaws: [FreshRoute, §FreshRout]", "(perhaps FreshRoute)")]
    [InlineData("name: n\nsteps: [{time: 1ns}]\nhistoric: [{design: §service-before-routes, breaks: FreshRoute}]", "(perhaps service-before-route)")]
    [InlineData("name: n\nsteps: [{time: 1ns}]\nhistoric: [{design: service-before-route, breaks: §everything}]", "OneshotHeld, expectations")]
    [InlineData("name: n\nsteps: [{time: 1ns}]\nlaws: [NoPhantom]\nhistoric: [{design: service-before-route, breaks: §FreshRoute}]", "one of NoPhantom, expectations")]
    [InlineData("name: n\nsteps: [{time: 1ns}]\nhistoric: [§{design: service-before-route}]", "an entry of historic without breaks")]
    [InlineData("name: n\nhandlers: {§cpu1: {}}\nsteps: []", "a CPU of this machine, cpu0 to cpu0")]
    [InlineData("name: n\nhandlers: {§disk: {}}\nsteps: []", "cpus or a CPU")]
    [InlineData("name: n\nhandlers: {cpu0: {§0x100: []}}\nsteps: []", "a vector, 0 to 0xff, or any")]
    [InlineData("name: n\nhandlers: {cpu0: {0x31: [], §49: []}}\nsteps: []", "each vector once")]
    [InlineData("name: n\nhandlers: {cpu0: {0x31: §eoi}}\nsteps: []", "a list of steps")]
    [InlineData("name: n\nhandlers: {cpu0: {0x31: [[eoi], §eoi]}}\nsteps: []", "as its neighbours are")]
    [InlineData("name: n\nhandlers: {cpu0: {0x31: [§eio]}}\nsteps: []", "(perhaps eoi)")]
    [InlineData("name: n\nhandlers: {cpu0: {0x31: [{§serv: disk}]}}\nsteps: []", "(perhaps serve)")]
    [InlineData("name: n\nhandlers: {cpu0: {0x31: [{§save: a}]}}\nsteps: []", "a machine is saved and restored at rest")]
    [InlineData("name: n\nsteps: [{restore: §a}]", "a snapshot that an earlier step saves")]
    [InlineData("name: n\nsteps: [{save: before}, {restore: §befor}]", "an earlier step saves: before (perhaps before)")]
    [InlineData("name: n\nsteps: [{save: §\"\"}]", "a name for the snapshot, at most 40 characters")]
    [InlineData("name: n\nsteps: [{save: a}, {restore: {from: a, without: [§level]}}]", "(perhaps levels)")]
    [InlineData("name: n\nsteps: [{save: a}, {restore: {from: a, without: [levels, §levels]}}]", "each word once")]
    [InlineData("name: n\nsteps: [{save: a}, {restore: §{without: [levels]}}]", "restore without from")]
    [InlineData("name: n\nsteps: [{update: §doen}]", "one of done, failed, suspend, save, restore, resume (perhaps done)")]
    [InlineData("name: n\nhandlers: {cpu0: {0x31: [{§repeat: {times: 10001, steps: [eoi]}}]}}\nsteps: []", "at most 10,000 steps")]
    public void A_scenario_with_an_error(string text, string message) =>
        Assert.Contains(message, Refuse(text).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("§x", "a map of cpus")]
    [InlineData("{§cpu: 2}", "(perhaps cpus)")]
    [InlineData("{cpus: §0}", "cpus: 1 to 4096")]
    [InlineData("{cpus: §-1}", "cpus: 1 to 4096")]
    [InlineData("{cpus: §two}", "cpus: 1 to 4096")]
    [InlineData("{cpus: §99999999999999999999999}", "cpus: 1 to 4096")]
    [InlineData("{cpus: §{}}", "cpus: 1 to 4096")]
    [InlineData("{mode: §x3apic}", "(perhaps xapic)")]
    [InlineData("{mode: §[]}", "an empty list; expected one or more of xapic, x2apic")]
    [InlineData("{mode: [xapic, §xapic]}", "each word once")]
    [InlineData("{x2apic: false, mode: §x2apic}", "no x2APIC mode")]
    [InlineData("{profile: [kvm, §qmeu]}", "(perhaps qemu)")]
    [InlineData("{ack: §{}}", "an empty map; expected done, eoi, eoi+unmask")]
    [InlineData("{pic: §yes}", "one of true, false")]
    [InlineData("{cpus: 2, ids: §[0]}", "ids: a list of 1; expected an id for each of 2 CPUs")]
    [InlineData("{cpus: 2, ids: [0, §0]}", "an id of its own")]
    [InlineData("{ids: [§0xffffffff]}", "an APIC id, 0 to 0xfffffffe")]
    [InlineData("{busHz: §0}", "busHz: 1000 to 1000000000000")]
    [InlineData("{busHz: §999}", "\"999\"; expected busHz: 1000 to 1000000000000")]
    [InlineData("{busHz: §1000000000001}", "busHz: 1000 to 1000000000000")]
    [InlineData("{busHz: §18446744073709551615}", "busHz: 1000 to 1000000000000")]
    [InlineData("{tscHz: §999}", "tscHz: 1000 to 1000000000000")]
    [InlineData("{physicalAddressBits: §64}", "physicalAddressBits: 32 to 52")]
    [InlineData("{ioapics: §{pins: 24}}", "a list of I/OAPICs")]
    [InlineData("{ioapics: [{pins: §121}]}", "pins: 1 to 120")]
    [InlineData("{ioapics: [{version: §0x12}]}", "0x11 or 0x20")]
    [InlineData("{ioapics: [{address: §0xfec00010}]}", "a multiple of 0x1000")]
    [InlineData("{ioapics: [{}, {gsi: §23}]}", "GSIs that no other I/OAPIC has")]
    [InlineData("{ioapics: [{}, {address: §0xfec00000}]}", "address: a page of its own; I/OAPIC 0 has its registers there")]
    [InlineData("{ioapics: [{}, {address: 0xfec02000}, §{}]}", "address: 0xfec02000; expected a page of its own; I/OAPIC 1")]
    [InlineData("{ioapics: [{address: §0xfee00000}]}", "an address outside of 0xfee00000 to 0xfeefffff")]
    [InlineData("{ioapics: [{address: §0xfeeff000}]}", "an address outside of 0xfee00000 to 0xfeefffff")]
    [InlineData("{vtd: §{}, ioapics: [{address: 0xfed90000}]}", "I/OAPIC 0 has its registers there")]
    [InlineData("{physicalAddressBits: 36, ioapics: [{address: §0x1000000000}]}", "a multiple of 0x1000 below 2^36")]
    [InlineData("{ioapics: [{gsi: §4090}]}", "gsi: 0 to 4072")]
    [InlineData("{ioapics: [{gsi: §0x7fffffff}]}", "gsi: 0 to 4072")]
    [InlineData("{ioapics: [{id: §16}]}", "id: 0 to 15")]
    [InlineData("{ioapics: [{stormLimit: §250001}]}", "stormLimit: 0 to 250000; a run comes to no more EOIs")]
    [InlineData("{isaOverrides: {9: §24}}", "isaOverrides: 0 to 23")]
    [InlineData("{kernel: split, linux: §[6.1, 6.2, 6.3, 6.4, 6.5, 6.6, 6.7, 6.8, 6.9, 6.10, 6.11, 6.12, 6.13, 6.14, 6.15, 6.16, 6.17]}",
        "at most 16 versions")]
    [InlineData("{ioapics: [{stormDelay: §10}]}", "a time such as 10ms (ns, us, ms, s)")]
    [InlineData("{ioapics: [{stormDelay: §10min}]}", "a time such as 10ms")]
    [InlineData("{ioapics: [{stormDelay: §0.5ns}]}", "whole nanoseconds")]
    [InlineData("{ioapics: [{stormDelay: §1001s}]}", "at most 1000s")]
    [InlineData("{isaOverrides: {§16: 2}}", "an ISA IRQ, 0 to 15")]
    [InlineData("{isaOverrides: {0: §9}}", "a GSI for one IRQ alone")]
    [InlineData("{pciWires: §[16, 17]}", "a list of four GSIs")]
    [InlineData("{devices: §[disk]}", "a map of device names")]
    [InlineData("{devices: {§1disk: {gsi: 1}}}", "begins with a letter")]
    [InlineData("{devices: {§cpu7: {gsi: 1}}}", "another name")]
    [InlineData("{devices: {§write: {gsi: 1}}}", "another name")]
    [InlineData("{devices: {disk: §{}}}", "exactly one of gsi, isa, pci, msi")]
    [InlineData("{devices: {disk: {gsi: 1, §isa: 1}}}", "isa beside gsi")]
    [InlineData("{devices: {disk: {gsi: §24}}}", "a GSI, 0 to 23")]
    [InlineData("{ioapics: [{}, {gsi: 30}], devices: {disk: {gsi: §25}}}", "a GSI that leads to a pin")]
    [InlineData("{devices: {disk: {isa: §2}}}", "takes the second 8259")]
    [InlineData("{devices: {disk: {pci: §{pin: A}}}}", "pci without device")]
    [InlineData("{devices: {disk: {pci: {device: 1, pin: §E}}}}", "one of A, B, C, D")]
    [InlineData("{ioapics: [], devices: {disk: {pci: §{device: 1}}}}", "leads to no pin")]
    [InlineData("{devices: {disk: {gsi: 1, kind: §level}}}", "one of edge, wired, sampled")]
    [InlineData("{devices: {disk: {gsi: 1, requester: §1}}}", "expected msi")]
    [InlineData("{devices: {nvme: {msi: §{address: 1}}}}", "msi without data")]
    [InlineData("{devices: {nvme: {msi: {address: 1, data: §0x100000000}}}}", "data, 0 to 0xffffffff")]
    [InlineData("{devices: {nvme: {msi: {address: 1, data: 1}, stuck: §true}}}", "gsi, isa or pci")]
    [InlineData("{devices: {nvme: {msi: {address: 1, data: 1}, requester: §\"00:20.0\"}}}", "a requester such as")]
    [InlineData("{kernel: §spilt}", "(perhaps split)")]
    [InlineData("{linux: §\"6.1\"}", "kernel: user or split")]
    [InlineData("{kernel: split, linux: §6}", "a version of Linux such as 6.18")]
    [InlineData("{kernel: split, linux: §[]}", "one version or more")]
    [InlineData("{kernel: split, routeBudget: §0}", "a number of routes, 1 to")]
    [InlineData("{kernel: split, routes: §cached}", "kernel says how messages travel")]
    [InlineData("{kernel: split, batchCount: §0}", "batchCount: 1 to 65534")]
    [InlineData("{kernel: split, ioapics: §[{pins: 120}, {pins: 120}, {pins: 120}, {pins: 120}, {pins: 120}, {pins: 120}, {pins: 120}, {pins: 120}, "
        + "{pins: 120}, {pins: 120}, {pins: 120}, {pins: 120}, {pins: 120}, {pins: 120}, {pins: 120}, {pins: 120}, {pins: 120}, {pins: 120}]}",
        "each takes two of its routes")]
    [InlineData("{memory: §7}", "a multiple of 8")]
    [InlineData("{memory: §0x10000000}", "bytes of memory, 0 to 0x4000000")]
    [InlineData("{vtd: {}, memory: §8}", "bytes of memory, 0x200000 to")]
    [InlineData("{vtd: {§irte: 1}}", "one of eim, eime")]
    [InlineData("{vtd: {entries: §3}}", "a power of two")]
    [InlineData("{vtd: {eim: false, eime: §true}}", "no extended interrupt mode")]
    [InlineData("{vtd: {faultRecords: §0}}", "faultRecords: 1 to 222")]
    [InlineData("{devices: {nvme: {msi: {handle: 1}, eventfd: §true}}}", "kernel: user or split in the machine")]
    [InlineData("{devices: {disk: {gsi: 1, resample: §true}}}", "kernel: user or split in the machine")]
    [InlineData("{kernel: user, devices: {disk: {gsi: 1, eventfd: true, kind: §wired}}}", "an eventfd tells of no fall")]
    [InlineData("{kernel: user, devices: {disk: {gsi: 1, resample: §true, kind: edge}}}", "an edge is not asked again")]
    [InlineData("{kernel: user, devices: {disk: {gsi: 1, vectors: §2}}}", "expected msi")]
    [InlineData("{kernel: user, devices: {nvme: {msi: {handle: 1}, resample: §true}}}", "gsi, isa or pci")]
    [InlineData("{kernel: user, devices: {nvme: {msi: {handle: 1}, vectors: §2049}}}", "a number of vectors, 1 to 0x800")]
    [InlineData("{devices: {nvme: {msi: {handle: 1, address: §1}}}}", "no address beside handle")]
    [InlineData("{devices: {nvme: {msi: {handle: §0x10000}}}}", "an entry of the remapping table")]
    public void A_machine_with_an_error(string machine, string message) =>
        Assert.Contains(message, Refuse($"name: n\nmachine: {machine}\nsteps: [{{time: 1ns}}]").Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("§eoi", "a step that names its actor")]
    [InlineData("§{}", "an empty map; expected a step")]
    [InlineData("{§dsik: raise}", "(perhaps disk)")]
    [InlineData("{§eoi: cpu0}", "one of cpu0, cpu1, disk")]
    [InlineData("{§cpu2: eoi}", "a CPU of this machine, cpu0 to cpu1")]
    [InlineData("{disk: raise, §nic: raise}", "one actor in a step")]
    [InlineData("{disk: §rise}", "(perhaps raise)")]
    [InlineData("{disk: §send}", "raise, lower, pulse or remove; disk has a line")]
    [InlineData("{nvme: §raise}", "send; nvme has a message")]
    [InlineData("{time: §10}", "a time such as 10ms")]
    [InlineData("{repeat: §{times: 2}}", "repeat without steps")]
    [InlineData("{repeat: {times: §0, steps: []}}", "how many times, 1 to")]
    [InlineData("{repeat: {times: 200000, steps: [{§repeat: {times: 200000, steps: [{disk: raise}, {disk: lower}]}}]}}", "at most 200,000 steps, repetitions counted")]
    [InlineData("{§repeat: {times: 200000, steps: [{repeat: {times: 200000, steps: []}}]}}", "at most 200,000 steps, repetitions counted")]
    [InlineData("{repeat: {times: §200001, steps: []}}", "how many times, 1 to ")]
    [InlineData("{cpu0: §EOI}", "(perhaps eoi)")]
    [InlineData("{cpu0: §mask}", "what to mask: {mask: …}")]
    [InlineData("{cpu0: {§sti: 1}}", "the word sti alone")]
    [InlineData("{cpu0: {§wriet: {}}}", "(perhaps write)")]
    [InlineData("{cpu0: {mask: 1, §unmask: 2}}", "one command in a step")]
    [InlineData("{cpu0: {mask: 1, faults: §true}}", "write or read alone")]
    [InlineData("{cpu0: {mask: §24}}", "a pin of I/OAPIC 0, 0 to 23")]
    [InlineData("{cpu0: {mask: §ioapic2.1}}", "one of the machine's 2")]
    [InlineData("{cpu0: {mask: §disk}}", "a pin such as 11 or ioapic1.3")]
    [InlineData("{cpu0: {mask-irq: §16}}", "an IRQ of the 8259s, 0 to 15")]
    [InlineData("{cpu0: {migrate: §{pin: 11}}}", "migrate without to")]
    [InlineData("{cpu0: {migrate: {pin: 11, to: §0x8000}}}", "a destination, 0 to 0x7fff")]
    [InlineData("{cpu0: {ipi: §{vector: 0x40}}}", "to, or a shorthand")]
    [InlineData("{cpu0: {ipi: §{to: 1}}}", "ipi without vector")]
    [InlineData("{cpu0: {ipi: {vector: 0x40, to: 1, mode: §normal}}}", "one of fixed, lowest-priority")]
    [InlineData("{cpu0: {ipi: {vector: §0x140, to: 1}}}", "vector: a number, 0 to 0xff")]
    [InlineData("{cpu0: {take: §0x100}}", "a vector, none or any")]
    [InlineData("{cpu0: {inta: §none}}", "a vector, any")]
    [InlineData("{cpu0: {serve: §dsk}}", "(perhaps disk)")]
    [InlineData("{cpu0: {write: §{}}}", "one register or more")]
    [InlineData("{cpu0: {write: {§apic.trp: 0}}}", "(perhaps apic.tpr)")]
    [InlineData("{cpu0: {write: {§rte: 0}}}", "no register \"rte\"")]
    [InlineData("{cpu0: {write: {§rte.24: 0}}}", "a pin of I/OAPIC 0, 0 to 23")]
    [InlineData("{cpu0: {write: {§ioapic1.rte.8: 0}}}", "a pin of I/OAPIC 1, 0 to 7")]
    [InlineData("{cpu0: {write: {§ioapic2.id: 0}}}", "one of the machine's 2")]
    [InlineData("{cpu0: {write: {§apic.isr.8: 0}}}", "apic.isr.0 to apic.isr.7")]
    [InlineData("{cpu0: {write: {§apic.0x84: 0}}}", "a multiple of 0x10")]
    [InlineData("{cpu0: {write: {§msr.0x10: 0}}}", "msr.0x800 to msr.0x8ff")]
    [InlineData("{cpu0: {write: {§port.0x60: 0}}}", "a port of the 8259s")]
    [InlineData("{cpu0: {write: {§memory.0x1000.3: 0}}}", "memory.N.SIZE")]
    [InlineData("{cpu0: {write: {port.0x20: §0x100}}}", "a number of 8 bits")]
    [InlineData("{cpu0: {write: {apic.tpr: §0x100000000}}}", "a number of 32 bits")]
    [InlineData("{cpu0: {write: {rte.11: §level}}}", "or fields in braces (vector, mode, destination")]
    [InlineData("{cpu0: {write: {rte.11: §~}}}", "nothing; expected a number of 64 bits")]
    [InlineData("{cpu0: {write: {rte.11: §1/1}}}", "a number of 64 bits")]
    [InlineData("{cpu0: {write: {apic.tpr: §{vector: 1}}}}", "apic.tpr has no fields")]
    [InlineData("{cpu0: {write: {rte.11: {§vektor: 1}}}}", "(perhaps vector)")]
    [InlineData("{cpu0: {write: {rte.11: {level: §yes}}}}", "level: true or false")]
    [InlineData("{cpu0: {write: {rte.11: {destination: §0x8000}}}}", "destination: a number, 0 to 0x7fff")]
    [InlineData("{cpu0: {write: {rte.11: {destination: 1, §handle: 1}}}}", "each bit once")]
    [InlineData("{cpu0: {write: {rte.11.low: {§destination: 1}}}}", "one of vector, mode, logical")]
    [InlineData("{cpu0: {write: {msr.apic-base: {base: §0xfee00800}}}}", "a multiple of 0x1000")]
    [InlineData("{cpu0: {write: {§rte.11: 0}, faults: true}}", "which alone can fault")]
    [InlineData("{cpu0: {change: {rte.11: §0x31}}}", "value/mask or fields in braces")]
    [InlineData("{cpu0: {read: {apic.tpr: §3/1}}}", "a value within its mask")]
    [InlineData("{cpu0: {read: {msr.0x80b: §0}, faults: true}}", "a read that faults yields no value")]
    [InlineData("{nvme: §mask}", "nvme has no virq (see kernel)")]
    [InlineData("{nvme: {§message: {address: 1, data: 1}}}", "nvme has no virq (see kernel)")]
    [InlineData("{disk: {raise: §1}}", "the word alone")]
    [InlineData("{nvme: {send: §1}}", "all or a vector, 0 to 0")]
    [InlineData("{nvme: §{}}", "one action, such as {send: 3}")]
    [InlineData("{disk: {§message: {address: 1, data: 1}}}", "disk has a line")]
    [InlineData("{cpu0: {§irte: {5: {vector: 1}}}}", "this machine has none (vtd)")]
    [InlineData("{cpu0: {write: {§vtd.fsts: 1}}}", "this machine has none (vtd)")]
    public void A_step_with_an_error(string step, string message) => Assert.Contains(message, RefuseStep(step).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("§{}", "one or more of taken")]
    [InlineData("{§take: {}}", "(perhaps taken)")]
    [InlineData("{taken: §[0x31]}", "a map of CPUs")]
    [InlineData("{taken: §{}}", "at least one thing")]
    [InlineData("{taken: {§disk: []}}", "a CPU, cpu0 to cpu1")]
    [InlineData("{taken: {cpu0: §0x31}}", "a list of vectors, or a map")]
    [InlineData("{taken: {cpu0: [§0x131]}}", "a vector, 0 to 0xff")]
    [InlineData("{taken: {cpu0: {0x31: 1, §49: 1}}}", "each vector once")]
    [InlineData("{taken: {cpu0: [], §cpu00: []}}", "another entry means the same")]
    [InlineData("{registers: {cpu0.rte.11: 0, §rte.11: 0}}", "another entry means the same")]
    [InlineData("{registers: {§cpu5.apic.tpr: 0}}", "a CPU of this machine")]
    [InlineData("{registers: {§cpu1.apic.tprr: 0}}", "(perhaps apic.tpr)")]
    [InlineData("{registers: {apic.tpr: §~}}", "a number of 32 bits, value/mask")]
    [InlineData("{holders: {§32: []}}", "a device or a GSI, 0 to 31")]
    [InlineData("{holders: {11: [§uart]}}", "a device on GSI 11; uart has GSI 4")]
    [InlineData("{holders: {§nvme: []}}", "this one has a message")]
    [InlineData("{acks: {§nvme: 1}}", "messages are not acknowledged")]
    [InlineData("{acks: {disk: §-1}}", "how often")]
    [InlineData("{signals: {cpu0: [§sipi]}}", "\"sipi 0x9a\"")]
    [InlineData("{events: {§edge-lots: 1}}", "(perhaps edge-lost)")]
    [InlineData("{memory: {§here: 1}}", "an address")]
    [InlineData("{intr: §high}", "one of true, false")]
    [InlineData("{virqs: {§nvme: hot}}", "a device with a virq")]
    [InlineData("{§gsis: 1}", "this machine has none (kernel)")]
    [InlineData("{§touched: 1}", "this machine has none (vtd)")]
    [InlineData("{§faults: []}", "this machine has none (vtd)")]
    [InlineData("{order: §[]}", "one event or more")]
    [InlineData("{order: [§virq-bond]}", "(perhaps virq-bound)")]
    public void An_expectation_with_an_error(string expect, string message) =>
        Assert.Contains(message, RefuseStep($"{{expect: {expect}}}").Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{cpu0: {irte: §{}}}", "one entry or more")]
    [InlineData("{cpu0: {irte: {§5-4: {}}}}", "an entry such as 5, or a run such as 0-63")]
    [InlineData("{cpu0: {irte: {§65536: {}}}}", "an entry such as 5")]
    [InlineData("{cpu0: {irte: {5: {§vektor: 1}}}}", "(perhaps vector)")]
    [InlineData("{cpu0: {irte: {5: {mode: §8}}}}", "one of fixed, lowest-priority")]
    [InlineData("{cpu0: {irte: {5: {sq: §4}}}}", "a qualifier, 0 to 3")]
    [InlineData("{cpu0: {irte: {5: {svt: §ids}}}}", "(perhaps id)")]
    [InlineData("{cpu0: {invalidate: §everything}}", "all, or a map of index, mask, wait")]
    [InlineData("{cpu0: {invalidate: §{}}}", "all, or a map of index, mask, wait")]
    [InlineData("{cpu0: {invalidate: {mask: §1}}}", "index beside mask")]
    [InlineData("{cpu0: {invalidate: {index: 1, mask: §16}}}", "an index mask, 0 to 15")]
    [InlineData("{cpu0: {invalidate: {wait: §{}}}}", "address and data, or interrupt")]
    [InlineData("{cpu0: {invalidate: {wait: {address: §2}}}}", "a multiple of 4")]
    [InlineData("{cpu0: {remapping: §true}}", "one of on, off")]
    [InlineData("{cpu0: {write: {§vtd.frcd.4.low: 1}}}", "a fault record, 0 to 3")]
    [InlineData("{cpu0: {write: {§vtd.fst: 1}}}", "(perhaps vtd.fsts)")]
    [InlineData("{expect: {virqs: {nvme: §warmish}}}", "one of free, cold")]
    [InlineData("{expect: {virqs: {§disk: hot}}}", "a device with a virq")]
    [InlineData("{expect: {pba: {nvme: [§4]}}}", "a vector of the device, 0 to 3")]
    [InlineData("{expect: {faults: [§{reason: 0x22}]}}", "a fault without source")]
    [InlineData("{expect: {faults: [{reason: §0x27, source: 1}]}}", "a fault reason, 32 to 38")]
    public void Virqs_and_remapping_with_an_error(string step, string message) => Assert.Contains(message, Refuse(
        "name: n\nmachine: {kernel: split, vtd: {}, devices: {nvme: {msi: {handle: 5}, vectors: 4}, disk: {gsi: 11}}}\n"
        + $"steps:\n  - {step}\n").Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{cpu0: {§mask-irq: 1}}")]
    [InlineData("{cpu0: {§pic-eoi: 1}}")]
    [InlineData("{cpu0: §pic-eoi}")]
    [InlineData("{cpu0: §inta}")]
    [InlineData("{cpu0: {write: {§port.0x20: 1}}}")]
    [InlineData("{expect: {§intr: false}}")]
    [InlineData("{expect: {registers: {§pic.master.data: 1}}}")]
    public void A_machine_without_8259s_has_nothing_of_them(string step) =>
        Assert.Contains("this machine has none (pic: false)", Refuse($"name: n\nmachine: {{pic: false}}\nsteps: [{step}]").Message, StringComparison.Ordinal);

    [Fact]
    public void A_machine_without_an_IOAPIC_has_no_pins() =>
        Assert.Contains("this machine has none", Refuse("name: n\nmachine: {ioapics: []}\nsteps: [{cpu0: {write: {§rte.0: 1}}}]").Message, StringComparison.Ordinal);

    [Fact]
    public void A_machine_without_devices_has_none_to_serve() =>
        Assert.Contains("this machine has none", Refuse("name: n\nsteps: [{cpu0: {serve: §disk}}]").Message, StringComparison.Ordinal);

    [Fact]
    public void Without_designs_no_design_is_known()
    {
        var error = Assert.Throws<ScenarioException>(() =>
            ScenarioReader.Read("s.yaml", "name: n\nsteps: [{time: 1ns}]\nhistoric: [{design: x, breaks: NoPhantom}]", []));
        Assert.Equal("s.yaml:3:21: \"x\"; expected no design; none is known here", error.Message);
    }

    [Fact]
    public void What_is_found_is_shown_short_and_on_one_line()
    {
        ScenarioException error = Refuse($"name: n\n? §\"a\\e\\n{new string('x', 100)}\"\n: 1");
        Assert.Equal($"\"a? {new string('x', 57)}…\"", error.Found);
    }

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

    private static ScenarioException RefuseStep(string step) =>
        Refuse($"name: n\nmachine:\n  cpus: 2\n  ioapics: [{{}}, {{pins: 8}}]\n  devices: {Sample.Devices}\nsteps:\n  - {step}\n");
}
