using Wirq.Host;
using Wirq.Routing;
using Wirq.Tests.Shared;

namespace Wirq.Tests.Host;

/// <summary>MSI and MSI-X as a guest programs them.</summary>
public sealed class MessageFunctionTests
{
    private const ushort Enable = 1 << 15, FunctionMask = 1 << 14;

    private readonly FakeKernel _kernel = new();
    private readonly FabricHost _host;

    public MessageFunctionTests()
    {
        FabricOptions options = FabricOptions.Pc() with
        {
            Routing = new RoutingOptions { Virqs = 64, BatchCount = 1, BatchDelay = 0, Kernel = _kernel.Limits },
        };
        _host = new FabricHost(new Fabric(options), PortsOf.One(_kernel));
    }

    [Fact]
    public void A_vector_sends_once_the_capability_is_on_and_its_mask_is_lifted()
    {
        var table = new MsixTable(4);
        using var function = new MessageFunction(_host, table, "nvme", 0x20);
        Write(function, table, vector: 2, data: 0x42, control: 0);
        function.Virqs[2].Trigger();
        Assert.Equal(0b100ul, function.Pending(0));
        Control(function, table, Enable | FunctionMask);
        Assert.Empty(_kernel.Signalled);
        Control(function, table, Enable);
        Assert.Equal(0x42, Assert.Single(_kernel.Signalled).Vector);
        Assert.Equal(0ul, function.Pending(0));
    }

    [Fact]
    public void A_hot_vector_that_is_masked_shows_what_its_eventfd_holds_and_delivers_it_once()
    {
        var table = new MsixTable(4);
        using var function = new MessageFunction(_host, table, "nvme", 0x20, vector => new EventFd(10 + vector));
        Control(function, table, Enable);
        Write(function, table, vector: 1, data: 0x41, control: 0);
        _host.EventArrived(_kernel.DeviceWrites(new EventFd(11)));
        Assert.Equal(VirqState.Hot, function.Virqs[1].State);
        Assert.Equal(0ul, function.Pending(0));
        Write(function, table, vector: 1, data: 0x41, control: 1);
        Assert.Equal(-1, _kernel.DeviceWrites(new EventFd(11)));
        Assert.Equal(0b10ul, function.Pending(0));
        _kernel.Take();
        Write(function, table, vector: 1, data: 0x41, control: 0);
        Assert.Equal(["bind 11 to 48"], _kernel.Take());
    }

    [Fact]
    public void A_masked_vector_that_gets_a_new_message_delivers_what_is_pending_by_the_new_one()
    {
        var table = new MsixTable(1);
        using var function = new MessageFunction(_host, table, "nvme", 0x20);
        Control(function, table, Enable);
        Write(function, table, vector: 0, data: 0x41, control: 1);
        function.Virqs[0].Trigger();
        Write(function, table, vector: 0, data: 0x51, control: 0);
        Assert.Equal(0x51, Assert.Single(_kernel.Signalled).Vector);
    }

    [Fact]
    public void The_table_reads_as_it_was_written_and_keeps_its_reserved_bits_clear()
    {
        var table = new MsixTable(2);
        Assert.Equal(1u, table.Read(12, 4));
        Assert.Equal(1, table.Write(16, 8, 0x1234_5678_FEE0_0007));
        Assert.Equal(0x1234_5678_FEE0_0004ul, table.Read(16, 8));
        table.Write(28, 4, 0xFFFF_FFFE);
        Assert.Equal(0u, table.Read(28, 4));
        Assert.Equal(-1, table.Write(17, 4, 0));
        Assert.Equal(-1, table.Write(20, 8, 0));
        Assert.Equal(-1, table.Write(32, 4, 0));
        Assert.Equal(-1, table.Write(0, 2, 0));
        Assert.Equal(0u, table.Read(1000, 4));
        table.WriteControl(0xFFFF);
        Assert.Equal(0xC001, table.Control);
    }

    [Fact]
    public void Msi_gives_each_vector_its_number_in_the_low_bits()
    {
        var capability = new MsiCapability(4);
        capability.Write(4, 4, 0xFEE00000);
        capability.Write(12, 2, 0x43);
        capability.Write(0, 4, 1u << 16 | 2u << 20);
        Assert.Equal([0x40u, 0x41u, 0x42u, 0x43u], Enumerable.Range(0, 4).Select(v => capability.MessageOf(v).Data.Bits));
        Assert.False(capability.IsMasked(3));
        capability.Write(0, 4, 1u << 16 | 1u << 20);
        Assert.Equal(0x42u, capability.MessageOf(0).Data.Bits);
        Assert.True(capability.IsMasked(2));
        capability.Write(16, 1, 0b10);
        Assert.True(capability.IsMasked(1));
        Assert.Equal(2u << 17 | 1u << 16 | 1u << 20 | 3u << 23, capability.Read(0));
        capability.Write(0, 4, 1u << 16 | 7u << 20);
        Assert.False(capability.IsMasked(3));
    }

    [Fact]
    public void A_masked_msi_vector_is_pending_and_delivered_once()
    {
        var capability = new MsiCapability(2);
        using var function = new MessageFunction(_host, capability, "nic", 0x30);
        capability.Write(4, 4, 0xFEE00000);
        capability.Write(12, 2, 0x50);
        capability.Write(16, 4, 0b10);
        capability.Write(0, 4, 1u << 16 | 1u << 20);
        function.AllChanged();
        function.Virqs[1].Trigger();
        function.Virqs[1].Trigger();
        Assert.Equal(0b10ul, function.Pending(0));
        capability.Write(16, 4, 0);
        function.AllChanged();
        Assert.Equal(0x51, Assert.Single(_kernel.Signalled).Vector);
    }

    private static void Write(MessageFunction function, MsixTable table, int vector, uint data, uint control)
    {
        uint offset = (uint)vector * MsixTable.EntrySize;
        function.Changed(table.Write(offset, 8, 0xFEE00000));
        function.Changed(table.Write(offset + 8, 8, data | (ulong)control << 32));
    }

    private static void Control(MessageFunction function, MsixTable table, int value)
    {
        table.WriteControl((ushort)value);
        function.AllChanged();
    }
}
