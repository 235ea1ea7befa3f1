using Wirq.Board.Machine;
using Wirq.Board.Tests.Machine;
using Wirq.Linux.Probes;
using Wirq.Tests.Shared.Images;

namespace Wirq.Board.Tests.Firmware;

public sealed class VirtualWireTests
{
    /// <summary>It programs the 8259s and the 8254, and no local APIC: the machine starts in virtual wire mode.</summary>
    [Theory]
    [InlineData(DeliveryConfiguration.User)]
    [InlineData(DeliveryConfiguration.Split)]
    [InlineData(DeliveryConfiguration.Kernel)]
    public void A_guest_that_knows_no_local_APIC_gets_the_timer_of_old(DeliveryConfiguration configuration)
    {
        PcRun run = PcRun.Of(GuestImage.Bytes(guest =>
        {
            foreach ((byte port, byte value) in ((byte, byte)[])[(0x20, 0x11), (0x21, 0x60), (0x21, 4), (0x21, 1), (0x21, 0xFE), (0xA1, 0xFF),
                (0x43, 0x34), (0x40, 0), (0x40, 0x10)])
            {
                guest.Out(port, value);
            }
            guest.AwaitCount(5);
            guest.Exit(0);
            guest.CountingHandlerOf8259(0x60);
        }), configuration);
        Assert.Equal(new GuestEnd(GuestEndKind.Exit, 1), run.End);
        Assert.Empty(run.BrokenLaws);
    }
}
