using Wirq.Lab.Scenarios;
using static Wirq.Lab.Tests.Scenarios.Refusal;

namespace Wirq.Lab.Tests.Scenarios;

/// <summary>Errors about a host below the machine, and about the kernel of its guest.</summary>
public sealed class BadHostScenarioTests
{
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
}
