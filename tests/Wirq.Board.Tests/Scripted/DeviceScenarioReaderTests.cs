using Wirq.Board.Scripted;
using Wirq.Lab.Scenarios;

namespace Wirq.Board.Tests.Scripted;

/// <summary>Scenarios of a device that are read, and those that are refused with their place.</summary>
public class DeviceScenarioReaderTests
{
    private const string Head = "name: x\nmachine: {devices: {nic: {msix: 8}}}\n";

    internal static DeviceScenario Read(string text) => DeviceScenarioReader.Read("device.yaml", text);

    [Fact]
    public void Every_word_is_read()
    {
        DeviceScenario scenario = Read("""
            name: A name
            about: |
              Some text.
            machine:
              devices:
                nic: {pin: A, msi: 4, msix: 0x10, served: read, vendor: 0x1af4, device: 0x1041}
            steps:
              - nic: raise
              - nic: lower
              - nic: pulse
              - nic: send
              - nic: {send: 15}
              - nic: {send: all}
              - nic: {word: 0xffffffff}
              - time: 1.5ms
              - repeat: {times: 3, steps: [{nic: raise}, {wait: {served: true, within: 2s}}]}
              - wait: {intx: true, vectors: 16, unmasked: false, doorbell: 7, read: status, written: doorbell, connected: true}
              - expect: {raised: 1, sent: {0: 2, 3: {least: 1}}}
            expect: {needless: {least: 1, most: 9}}
            """);
        Assert.Equal(("A name", "nic", true, 4, 16, true, 0x1AF4, 0x1041), (scenario.Name, scenario.Device.Name, scenario.Device.HasIntx,
            scenario.Device.MsiVectors, scenario.Device.MsixVectors, scenario.ServedByRead, (int)scenario.Device.Vendor, (int)scenario.Device.Device));
        Assert.Equal([(Deed.Raise, 0L), (Deed.Lower, 0), (Deed.Pulse, 0), (Deed.Send, 0), (Deed.Send, 15), (Deed.Send, -1), (Deed.Word, uint.MaxValue)],
            scenario.Steps.OfType<DeedStep>().Select(step => (step.Deed, step.Value)));
        Assert.Equal(1_500_000, Assert.Single(scenario.Steps.OfType<PauseStep>()).Nanoseconds);
        AgainStep again = Assert.Single(scenario.Steps.OfType<AgainStep>());
        Assert.Equal((3, 2_000_000_000), (again.Times, ((WaitStep)again.Steps[1]).Nanoseconds));
        WaitStep wait = Assert.Single(scenario.Steps.OfType<WaitStep>());
        Assert.Equal((7, 10_000_000_000), (wait.For.Count, wait.Nanoseconds));
        Assert.Equal((Awaited.Read, 4L, "read: status"), (wait.For[4].What, wait.For[4].Value, wait.For[4].Text));
        Assert.Equal([("raised", -1, 1L, 1L), ("sent", 0, 2, 2), ("sent", 3, 1, long.MaxValue)],
            Assert.Single(scenario.Steps.OfType<CheckStep>()).Checks.Select(check => (check.Count, check.Vector, check.Least, check.Most)));
        Assert.Equal(("needless", 1L, 9L), scenario.Finally.Select(check => (check.Count, check.Least, check.Most)).Single());
    }

    [Theory]
    [InlineData("machine: {devices: {nic: {}}}", "1:1", "name")]
    [InlineData("name: x", "1:1", "machine")]
    [InlineData("name: x\nmachine: {cpus: 2, devices: {nic: {}}}", "2:11", "one of devices")]
    [InlineData("name: x\nmachine: {devices: {}}", "2:20", "one device")]
    [InlineData("name: x\nmachine: {devices: {a: {}, b: {}}}", "2:28", "one device")]
    [InlineData("name: x\nmachine: {devices: {time: {}}}", "2:21", "a name")]
    [InlineData("name: x\nmachine: {devices: {nic: {gsi: 11}}}", "2:27", "one of pin, msi")]
    [InlineData("name: x\nmachine: {devices: {nic: {pin: B}}}", "2:32", "one of A, none")]
    [InlineData("name: x\nmachine: {devices: {nic: {msi: 3}}}", "2:32", "a power of two")]
    [InlineData("name: x\nmachine: {devices: {nic: {msix: 2049}}}", "2:33", "how many MSI-X vectors, 0 to 2048")]
    [InlineData("name: x\nmachine: {devices: {nic: {vendor: 0xffff}}}", "2:35", "a vendor")]
    [InlineData(Head + "handlers: {}", "3:1", "one of name, about, machine, steps, expect")]
    [InlineData(Head + "steps: [{cpu0: eoi}]", "3:10", "one of nic, time, repeat, wait, expect")]
    [InlineData(Head + "steps: [{nic: remove}]", "3:15", "one of raise")]
    [InlineData(Head + "steps: [{nic: raize}]", "3:15", "(perhaps raise)")]
    [InlineData(Head + "steps: [{nic: {raise: 1}}]", "3:23", "the word alone")]
    [InlineData(Head + "steps: [{nic: {send: 8}}]", "3:22", "all or a vector, 0 to 7")]
    [InlineData(Head + "steps: [{nic: word}]", "3:15", "{word: 1}")]
    [InlineData(Head + "steps: [{nic: raise, time: 1s}]", "3:22", "one actor in a step")]
    [InlineData(Head + "steps: [{time: 10}]", "3:16", "a time such as 10ms")]
    [InlineData(Head + "steps: [{wait: {}}]", "3:16", "something to wait for")]
    [InlineData(Head + "steps: [{wait: {within: 1s}}]", "3:16", "something to wait for")]
    [InlineData(Head + "steps: [{wait: {vectors: 9}}]", "3:26", "how many vectors, 1 to 8")]
    [InlineData(Head + "steps: [{wait: {read: statas}}]", "3:23", "(perhaps status)")]
    [InlineData(Head + "steps: [{wait: {served: yes}}]", "3:25", "true, false")]
    [InlineData(Head + "expect: {taken: 1}", "3:10", "one of raised")]
    [InlineData(Head + "expect: {raised: -1}", "3:18", "a number")]
    [InlineData(Head + "expect: {raised: {}}", "3:18", "a number")]
    [InlineData(Head + "expect: {raised: {min: 1}}", "3:19", "one of least, most")]
    [InlineData(Head + "steps: [{wait: {served: true, within: 0s}}]", "3:39", "more than 0; a wait of no time is in vain")]
    [InlineData(Head + "expect: {raised: {least: 9, most: 1}}", "3:35", "most of 9 and more, which least is")]
    [InlineData(Head + "expect: {raised: -1}", "3:18", "0 or more")]
    [InlineData("name: x\nmachine: {devices: {nic: {msix: 0x801}}}", "2:33", "how many MSI-X vectors, 0 to 0x800")]
    [InlineData(Head + "expect: {sent: {8: 1}}", "3:17", "a vector, 0 to 7")]
    [InlineData(Head + "steps: [{repeat: {times: 1000001, steps: []}}]", "3:26", "how many times")]
    [InlineData(Head + "steps: [{repeat: {times: 1000, steps: [{repeat: {times: 1001, steps: []}}]}}]", "3:10", "at most 1,000,000 steps")]
    [InlineData("name: x\nmachine: {devices: {nic: {pin: none}}}\nsteps: [{nic: raise}]", "3:15", "send; nic has no pin")]
    [InlineData("name: x\nmachine: {devices: {nic: {pin: none}}}\nsteps: [{wait: {intx: true}}]", "3:17", "nic has no pin")]
    [InlineData("name: x\nmachine: {devices: {nic: {}}}\nsteps: [{nic: send}]", "3:15", "nic has no msi or msix")]
    public void What_is_wrong_is_refused_with_its_place(string text, string place, string expected)
    {
        string message = Assert.Throws<ScenarioException>(() => Read(text)).Message;
        Assert.StartsWith($"device.yaml:{place}: ", message, StringComparison.Ordinal);
        Assert.Contains(expected, message[message.IndexOf("; expected ", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }
}
