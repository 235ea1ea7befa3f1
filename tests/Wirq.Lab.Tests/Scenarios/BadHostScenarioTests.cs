using Wirq.Lab.Scenarios;
using static Wirq.Lab.Tests.Scenarios.Refusal;

namespace Wirq.Lab.Tests.Scenarios;

/// <summary>Errors about a host below the machine, and about the kernel of its guest.</summary>
public sealed class BadHostScenarioTests
{
    /// <summary>Words about hosts stand where there is a host, and agree.</summary>
    [Theory]
    [InlineData("machine: {devices: {d: {gsi: 20, eventfd: true, §vfio: {}}}, kernel: user}", "host in the machine")]
    [InlineData("machine: {kernel: user, host: {lines: [{}]}, devices: {d: {gsi: 20, vfio: §{}}}}", "eventfd: true")]
    [InlineData("machine: {kernel: user, host: {lines: [{}]}, devices: {d: {gsi: 20, eventfd: true, vfio: {back: §eventfd}}}}", "resample: true")]
    [InlineData("machine: {kernel: user, host: {lines: [{}]}, devices: {d: {gsi: 20, eventfd: true, vfio: {line: §1}}}}", "line: 0 to 0")]
    [InlineData("machine: {host: {lines: [{}]}, devices: {d: {hostLine: §1}}}", "a line of the host, 0 to 0")]
    [InlineData("machine: {host: {lines: [{}]}, devices: {d: {hostLine: 0, vfio: §{}}}}", "which alone has it")]
    [InlineData("machine: {host: {lines: [{flow: edge, level: §true}]}}", "level: false, which the edge flow is for")]
    [InlineData("machine: {host: {lines: [{}], drivers: {§a: {}}}, devices: {b: {hostLine: 0}}}", "(perhaps b)")]
    [InlineData("machine: {host: {lines: [{}, {}], drivers: {§b: {line: 1}}}, devices: {b: {hostLine: 0}}}", "on line 1 (hostLine)")]
    [InlineData("machine: {guest: {lines: [{gsi: 5, §vektor: 0x41}]}}", "(perhaps vector)")]
    [InlineData("machine: {host: {lines: [{oneshot: §true}]}, devices: {d: {hostLine: 0}}}", "whose device is forwarded to a guest (vfio)")]
    [InlineData("machine: {kernel: user, host: {lines: [{}, {oneshot: §true}]}, devices: {d: {gsi: 20, eventfd: true, vfio: {}}}}", "whose device is forwarded to a guest (vfio)")]
    [InlineData("steps: [{§host: {disable: 0}}]", "this machine has none (host)")]
    [InlineData("steps: [{§guest: {disable: 0}}]", "this machine has none (guest)")]
    [InlineData("steps: [{cpu0: {§irq: 0}}]", "this machine has none (guest)")]
    [InlineData("machine: {host: {lines: [{}]}}\nsteps: [{host: {disable: §1}}]", "a line, 0 to 0")]
    [InlineData("machine: {host: {lines: [{}]}}\nsteps: [{cpu0: {write: {§host.masked.0: 1}}}]", "in an expectation")]
    [InlineData("machine: {host: {lines: [{}]}}\nsteps: [{expect: {registers: {§host.masked.1: 1}}}]", "a line, 0 to 0")]
    [InlineData("machine: {devices: {d: {gsi: 20}}}\nsteps: [{d: {§set-irqs: {action: mask}}}]", "is not passed on (vfio)")]
    [InlineData("machine: {kernel: user, host: {lines: [{}]}, devices: {d: {gsi: 20, eventfd: true, vfio: {}}}}\nsteps: [{d: {set-irqs: {action: unmask, fds: [§resample]}}}]", "resample: true")]
    [InlineData("machine: {kernel: user, host: {lines: [{}]}, devices: {d: {gsi: 20, eventfd: true, vfio: {}}}}\nsteps: [{d: {set-irqs: {action: unmask, fds: [§triger]}}}]", "(perhaps trigger)")]
    [InlineData("machine: {devices: {d: {§hostLine: 0}}}", "host in the machine")]
    [InlineData("machine: {host: {lines: [{}], drivers: {§a: {}}}}", "no driver; this machine has no device")]
    [InlineData("machine: {host: {lines: [{}, {}], drivers: {§b: {}}}, devices: {b: {hostLine: 1}}}", "a device on line 0 (hostLine); b has line 1")]
    [InlineData("machine: {host: {lines: [{}]}}\nsteps: [{host: {request: §a}}]", "no driver; this kernel has none (drivers)")]
    [InlineData("machine: {host: {lines: [{}]}}\nsteps: [{host: {write: §spare}}]", "no eventfd; the process has none of its own (eventfds)")]
    [InlineData("machine: {host: {lines: [{}], eventfds: [spare]}}\nsteps: [{expect: {registers: {§eventfd.sapre: 1}}}]", "an eventfd of the process (eventfds): spare (perhaps spare)")]
    [InlineData("machine: {host: {lines: [{}]}}\nsteps: [{expect: {registers: {§host.maskd.0: 1}}}]", "in-progress, threads, cpu, nobody-cared, entries (perhaps host.masked.0)")]
    [InlineData("machine: {host: {lines: [{}]}}\nsteps: [{expect: {registers: {§hots.masked.0: 1}}}]", "(perhaps host.masked.0)")]
    [InlineData("machine: {host: {lines: [{}]}}\nsteps: [{expect: {registers: {§host.masked: 1}}}]", "host.WORD.N with one of masked")]
    [InlineData("machine: {kernel: user, host: {lines: [{}]}, devices: {disk: {gsi: 20, eventfd: true, vfio: {}}}}\nsteps: [{expect: {registers: {§vfio.assert.disk: 1}}}]", "(perhaps vfio.asserts.disk)")]
    [InlineData("machine: {kernel: user, host: {lines: [{}]}, devices: {disk: {gsi: 20, eventfd: true, vfio: {}}}}\nsteps: [{expect: {registers: {§vfio.masked.dsik: 1}}}]", "passed on (vfio): disk (perhaps disk)")]
    [InlineData("machine: {kernel: user, host: {lines: [{}]}, devices: {d: {msi: {address: 0xfee00000, data: 0x31}, eventfd: true, vfio: {msi: §3}}}}", "msi: 0, or a power of two up to 32")]
    [InlineData("machine: {kernel: user, host: {lines: [{}]}, devices: {d: {msi: {address: 0xfee00000, data: 0x31}, eventfd: true, vfio: §{bus: platform}}}}", "a line, because the device is on the platform bus")]
    [InlineData("machine: {guest: {lines: [{gsi: 5, vector: 0x41}, {gsi: §5, vector: 0x41}]}}", "line 0 has it, and a pin has one entry")]
    [InlineData("machine: {guest: {lines: [{gsi: 5, vector: 0x41}, {gsi: §5, vector: 0x42}]}}", "line 0 has it, and a pin has one entry")]
    [InlineData("machine: {kernel: user, host: {lines: [{}]}, devices: {d: {gsi: 20, eventfd: true, vfio: {}}}}\nsteps: [{d: {§set-irq: {action: mask}, gives: ok}}]", "(perhaps set-irqs)")]
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
                net: {gsi: 21, eventfd: true, vfio: §{guest: vm2}}
            steps: [{time: 1ns}]
            """);
        Assert.Equal("line: 0, which 'net' of guest 'vm2' shares with 'disk' of guest 'vm1'", refused.Found);
    }
}
