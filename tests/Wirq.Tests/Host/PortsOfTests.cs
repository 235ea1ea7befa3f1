using Wirq.Tests.Shared;

namespace Wirq.Tests.Host;

public sealed class PortsOfTests
{
    [Fact]
    public void An_object_that_is_no_port_is_refused()
    {
        var fabric = new Fabric(FabricOptions.Pc());
        ArgumentException refused = Assert.Throws<ArgumentException>(() => fabric.Drain(this));
        Assert.StartsWith("Wirq.Tests.Host.PortsOfTests is no port", refused.Message, StringComparison.Ordinal);
    }
}
