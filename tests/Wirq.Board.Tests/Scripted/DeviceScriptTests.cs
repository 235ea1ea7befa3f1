using Wirq.Board.Scripted;
using Wirq.Linux.Interop;
using Wirq.Linux.VfioUser;

namespace Wirq.Board.Tests.Scripted;

/// <summary>Steps of a script, against registers as a driver uses them. Time is a number here, and there is no socket.</summary>
public sealed class DeviceScriptTests : IDisposable
{
    private const long Ms = 1_000_000;

    private readonly List<PciFunction> _functions = [];

    public DeviceScriptTests() => Assert.SkipUnless(HostPlatform.IsSupported, "needs Linux on x86-64: eventfds are passed");

    public void Dispose() => _functions.ForEach(function => function.Dispose());

    private (DeviceScript Script, ScriptedRegisters Registers, PciFunction Function) Of(string steps, string device = "msix: 4", string expect = "")
    {
        DeviceScenario scenario = DeviceScenarioReaderTests.Read($"name: x\nmachine: {{devices: {{nic: {{{device}}}}}}}\nsteps: {steps}\n{expect}");
        var registers = new ScriptedRegisters(scenario.ServedByRead);
        var function = new PciFunction(scenario.Device, registers);
        registers.Function = function;
        _functions.Add(function);
        return (new DeviceScript(scenario, function, registers), registers, function);
    }

    private static uint Read(ScriptedRegisters registers, uint offset)
    {
        Span<byte> bytes = stackalloc byte[4];
        bytes.Clear();
        registers.Read(offset, bytes);
        return BitConverter.ToUInt32(bytes);
    }

    private static void Write(ScriptedRegisters registers, uint offset, uint value) => registers.Write(offset, BitConverter.GetBytes(value));

    private static int Run(DeviceScript script, long now = 0, bool connected = true)
    {
        int steps = 0;
        while (script.Advance(now, connected))
            steps++;
        return steps;
    }

    [Fact]
    public void A_repetition_waits_for_its_driver_each_time()
    {
        (DeviceScript script, ScriptedRegisters registers, PciFunction function) = Of("[{repeat: {times: 3, steps: [{nic: raise}, {wait: {served: true}}]}}]");
        for (int i = 1; i <= 3; i++)
        {
            Assert.Equal(i == 1 ? 1 : 2, Run(script));
            Assert.True(function.Asserts);
            Assert.Equal((1u, (uint)i), (Read(registers, 4), Read(registers, 8)));
            Write(registers, 4, 1);
            Assert.Equal((false, 0u), (function.Asserts, Read(registers, 4)));
        }
        Assert.Equal(1, Run(script));
        Assert.True(script is { IsOver: true, HasGivenUp: false, Done: 6, Waits: null, Failures: [] });
        Assert.Equal(3, registers.Served);
    }

    [Fact]
    public void A_wait_in_vain_ends_the_script_and_says_for_what()
    {
        (DeviceScript script, _, _) = Of("[{time: 5ms}, {wait: {served: true, doorbell: 7, within: 20ms}}, {nic: raise}]");
        Assert.Equal(0, Run(script));
        Assert.Equal(5 * Ms, script.Due);
        Assert.Equal(1, Run(script, 6 * Ms));
        Assert.Equal((26 * Ms, false), (script.Due, script.HasGivenUp));
        Run(script, 26 * Ms - 1);
        Assert.False(script.HasGivenUp);
        Run(script, 26 * Ms);
        Assert.True(script is { HasGivenUp: true, IsOver: true });
        ScriptFailure failure = Assert.Single(script.Failures);
        Assert.Equal("device.yaml:3:23: waited 20 ms in vain for doorbell: 7", $"{failure.At}: {failure.Text}");
    }

    [Fact]
    public void An_access_counts_from_the_end_of_the_step_before()
    {
        (DeviceScript script, ScriptedRegisters registers, _) = Of("[{nic: raise}, {wait: {read: status, written: doorbell}}, {nic: {word: 9}}]");
        Read(registers, 4);
        Assert.True(script.Advance(0, true));
        // The driver is faster than the script.
        Read(registers, 4);
        Assert.False(script.Advance(0, true));
        Write(registers, 16, 5);
        Assert.Equal(2, Run(script));
        Assert.Equal((9u, 5u), (Read(registers, 20), Read(registers, 16)));
    }

    [Fact]
    public void What_is_expected_is_compared_there_and_at_the_end()
    {
        (DeviceScript script, _, _) = Of("[{nic: {send: all}}, {nic: {send: 1}}, {expect: {lost: {1: 2, 2: 3}, sent: 0, raised: {most: 0}}}]", expect: "expect: {lost: 6, raised: {least: 1, most: 2}}");
        Run(script);
        script.Finish();
        Assert.Equal(["device.yaml:3:70: lost of vector 2 is 1; expected 3", "device.yaml:4:10: lost is 5; expected 6", "device.yaml:4:19: raised is 0; expected 1 to 2"],
            script.Failures.Select(failure => $"{failure.At}: {failure.Text}"));
    }

    [Fact]
    public void A_pulse_is_over_at_once_and_a_level_stays()
    {
        (DeviceScript script, _, PciFunction function) = Of("[{nic: pulse}, {nic: raise}, {nic: raise}, {nic: lower}, {wait: {connected: false}}]");
        Run(script);
        Assert.Equal((false, 2L, false), (function.Asserts, function.Interrupts.Raised, script.IsOver));
        Run(script, connected: false);
        Assert.True(script.IsOver);
    }

    [Fact]
    public void Registers_take_accesses_of_any_size_and_place()
    {
        (DeviceScript script, ScriptedRegisters registers, PciFunction function) = Of("[{nic: raise}]", "served: read");
        Run(script);
        Span<byte> all = stackalloc byte[64];
        all.Clear();
        registers.Read(0, all[..4]);
        Assert.Equal("WIRQ"u8, all[..4]);
        registers.Read(6, all[..2]);
        Assert.True(function.Asserts);
        registers.Read(5, all[..1]);
        Assert.True(function.Asserts);
        all.Clear();
        // The status is in it.
        registers.Read(1, all);
        Assert.False(function.Asserts);
        registers.Write(17, [0xAB]);
        registers.Write(19, [0xCD, 0xEF]);
        Assert.Equal(0xCD00AB00, registers.DoorbellValue);
        registers.Write(4095, [1]);
        all.Clear();
        registers.Read(4000, all);
        Assert.Equal(new byte[64], all.ToArray());
        // A read that serves: a write does not.
        function.SetIntx(true);
        Write(registers, 4, 1);
        Assert.True(function.Asserts);
    }
}
