using Wirq.Events;
using Wirq.State;

namespace Wirq.Tests.IoApics;

/// <summary>When a pin sends: the rule for all states of a pin.</summary>
public sealed class SendingTests
{
    private const int Pin = 5;
    private const PinFlags Holds = PinFlags.RemoteIrr | PinFlags.InFlight | PinFlags.Braked;

    private static readonly PinFlags[] s_flags =
        [PinFlags.High | PinFlags.Asserted, PinFlags.Latched, PinFlags.RemoteIrr, PinFlags.InFlight, PinFlags.Refused, PinFlags.Braked];

    [Theory]
    [InlineData(Profile.Manual)]
    [InlineData(Profile.Kvm)]
    [InlineData(Profile.Qemu)]
    public void A_pin_sends_by_one_rule(Profile profile)
    {
        for (int number = 0; number < 1 << s_flags.Length + 2; number++)
        {
            bool level = (number & 1) != 0, masked = (number & 2) != 0;
            PinFlags flags = default;
            for (int i = 0; i < s_flags.Length; i++)
                flags |= (number >> 2 + i & 1) != 0 ? s_flags[i] : 0;
            (bool sent, PinFlags after) = Evaluate(profile, RedirectionEntry.Create(0x31, 0, level: level, masked: masked), flags);

            // QEMU latches levels too. QEMU and KVM let a pin go from the storm brake whenever they evaluate it.
            bool latches = profile == Profile.Qemu, letsGo = profile != Profile.Manual;
            PinFlags request = level && !latches ? PinFlags.Asserted : PinFlags.Latched, holds = letsGo ? Holds & ~PinFlags.Braked : Holds;
            bool sends = (flags & request) != 0 && !masked && (!level || (flags & holds) == 0);
            Assert.True(sends == sent, $"{profile}, {(level ? "level" : "edge")}, masked {masked}, {flags}: {(sent ? "sent" : "did not send")}");
            if (sent)
                Assert.Equal(level ? PinFlags.InFlight : 0, after & (level ? PinFlags.InFlight | PinFlags.Refused : PinFlags.Latched));
        }
    }

    /// <summary>KVM's EOI sends an asserted edge pin again; one whose line the acknowledge lowers is not.</summary>
    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 0)]
    public void An_edge_that_an_EOI_latched_is_gone_with_its_line(bool falls, int sent)
    {
        IoApic chip = Make(Profile.Kvm);
        var events = new EventBuffer();
        chip.SetPinState(Pin, chip.PinState(Pin) with { Entry = RedirectionEntry.Create(0x31, 0), Flags = PinFlags.High | PinFlags.Asserted });
        PinWork work = default;
        chip.Eoi(0x31, events, ref work);
        if (falls)
            chip.SetPin(Pin, high: false, events);
        chip.Service(work.Service, events);
        Assert.Equal(sent, Deliveries(events));
        Assert.False(chip.PinState(Pin).Has(PinFlags.Latched));
    }

    private static (bool Sent, PinFlags After) Evaluate(Profile profile, RedirectionEntry entry, PinFlags flags)
    {
        IoApic chip = Make(profile);
        var events = new EventBuffer();
        chip.SetPinState(Pin, new IoApicPin { Entry = entry, Flags = flags });
        chip.Service(default(PinSet).With(Pin), events);
        return (Deliveries(events) > 0, chip.PinState(Pin).Flags);
    }

    private static IoApic Make(Profile profile) => new(new IoApicOptions { Profile = profile }, new StateArena());

    private static int Deliveries(EventBuffer events) =>
        Enumerable.Range(0, events.Count).Count(i => events.Peek(i).Kind == EventKind.Deliver);
}
