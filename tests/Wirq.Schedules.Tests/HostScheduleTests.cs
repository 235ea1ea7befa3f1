using Wirq.Routing;

namespace Wirq.Schedules.Tests;

/// <summary>The lock, the drain token and the wait of a host, in many orders of its threads.</summary>
public sealed class HostScheduleTests(ITestOutputHelper output)
{
    [Fact]
    public void No_interrupt_is_lost_or_repeated_while_its_virq_is_masked_and_unmasked() => Schedules.NeverFails(() =>
    {
        var rig = new Rig(virqs: 2);
        Rig.Together(
            () => rig.Interrupt(0),
            () =>
            {
                rig.Virqs[0].Mask();
                rig.Virqs[0].Unmask();
            },
            () => rig.Interrupt(1),
            () => rig.Poll(2));
        rig.ExpectEach();
    }, output);

    [Fact]
    public void A_mask_returns_after_its_unbind_whoever_drains() => Schedules.NeverFails(() =>
    {
        Unbinds? port = null;
        var rig = new Rig(virqs: 2, kernel => port = new Unbinds(kernel));
        rig.Interrupt(0);
        rig.Interrupt(1);
        rig.Poll(2);
        Rig.Together(() => MaskAndLook(rig, port!, 0), () => MaskAndLook(rig, port!, 1));
        Rig.Expect(port!.Count == 2, $"{port.Count} of 2 virqs were bound, so this proves nothing");
    }, output);

    [Fact]
    public void A_port_that_throws_stops_no_other_thread() => Schedules.NeverFails(() =>
    {
        Unbinds? port = null;
        var rig = new Rig(virqs: 2, kernel => port = new Unbinds(kernel));
        rig.Interrupt(0);
        rig.Interrupt(1);
        rig.Poll(2);
        port!.Throws = true;
        int caught = 0;
        Rig.Together(() => MaskAndCatch(rig, 0, ref caught), () => MaskAndCatch(rig, 1, ref caught));
        Rig.Expect(caught == 1, $"{caught} threads got the one exception");
        // The token was given back: this call drains, and does not wait for a thread that is gone.
        rig.Virqs[0].Unmask();
        rig.Virqs[1].Unmask();
    }, output);

    [Fact]
    public void A_holder_hears_each_acknowledge_once() => Schedules.NeverFails(() =>
    {
        var machine = new LevelRig();
        Rig.Together(machine.RaiseFirst, machine.RaiseSecond, machine.Serve);
        machine.ExpectAllServed();
    }, output);

    [Fact]
    public void The_scheduler_finds_a_token_that_is_given_back_too_late() => Schedules.IsFound(() =>
    {
        var host = new LateTokenHost();
        Rig.Together(() => host.Append(), () => host.Append());
        Rig.Expect(host.Waiting == 0, "lost: an effect stays in the queue");
    }, "lost: an effect stays in the queue", output);

    private static void MaskAndLook(Rig rig, Unbinds port, int virq)
    {
        rig.Virqs[virq].Mask();
        Rig.Expect(port.Has(rig.Triggers[virq]), $"virq {virq} is masked and still bound");
    }

    private static void MaskAndCatch(Rig rig, int virq, ref int caught)
    {
        try
        {
            rig.Virqs[virq].Mask();
        }
        catch (NotSupportedException)
        {
            Interlocked.Increment(ref caught);
        }
    }
}
