using Wirq.Traces.Why;
using Wirq.Xen;

namespace Wirq.Traces.Tests.Why;

/// <summary>A CPU that takes the global callback vector of a Xen domain.</summary>
public class XenCallbackTests
{
    [Fact]
    public void The_global_vector_is_in_service_nowhere_and_owes_no_end()
    {
        var machine = new Watched(FabricOptions.Pc() with
        {
            Xen = new() { Channels = new() { Domains = [new() { Id = 1 }] }, Domain = 1 },
        });
        XenMachine xen = machine.Fabric.Xen!;
        xen.Callback.SetVia(CallbackVia.OfVector(0xF3));
        byte[] bind = new byte[8];
        Assert.Equal(XenError.None, xen.Channels.Hypercall(1, EventChannelOperation.BindIpi, bind));
        Assert.Equal(XenError.None, xen.Channels.Send(1, bind[4]));
        machine.Settle();
        Assert.Equal(0xF3, machine.Fabric.Take(0));
        machine.Settle();
        Assert.Empty(machine.Engine.Owed().Owed);
    }
}
