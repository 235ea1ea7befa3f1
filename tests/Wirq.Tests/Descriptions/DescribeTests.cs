using System.Text.Json;
using Wirq.Routing;
using Wirq.Tests.Host;
using Wirq.Tests.Shared;

namespace Wirq.Tests.Descriptions;

/// <summary>A machine and its chips as text and as JSON.</summary>
public sealed class DescribeTests
{
    private static Fabric Running()
    {
        var fabric = new Fabric(FabricOptions.Pc() with { Vtd = new(), Routing = new RoutingOptions { Virqs = 8 } });
        fabric.TryWrite(0, 0xFEE000F0, 4, 0x1FF);
        fabric.TryWrite(0, 0xFEE00350, 4, 0x700);
        foreach ((ushort port, byte[] words) in new (ushort, byte[])[] { (0x20, [0x20, 4, 1, 0xEB]), (0xA0, [0x28, 2, 1, 0xFF]) })
        {
            fabric.TryWritePort(0, port, 1, 0x11);
            foreach (byte word in words)
                fabric.TryWritePort(0, (ushort)(port + 1), 1, word);
        }
        var entry = RedirectionEntry.Create(0x51, 0, level: true);
        foreach ((uint index, uint value) in new[] { (0x11u + 20 * 2, entry.High), (0x10u + 20 * 2, entry.Low) })
        {
            fabric.TryWrite(0, 0xFEC00000, 4, index);
            fabric.TryWrite(0, 0xFEC00010, 4, value);
        }
        fabric.Connect(4, "serial").Raise();
        fabric.Connect(20, "disk").Raise();
        fabric.Connect(20, "net", SourceKind.Sampled);
        fabric.RouteCache!.Register("msi of a device with a name that is much longer than any line", 0x10);
        fabric.Drain();
        fabric.Advance(5);
        return fabric;
    }

    [Fact]
    public void A_machine_as_text() => Assert.Equal("""
        time: 5 ns
        8259 pair: INTR high, for IRQ 4
          master  irr 10  imr eb  isr 00  level 00  pins 10
                  vectors 0x20 to 0x27, lowest priority 7
                  requested 4; in service -; open 2 4
          slave   irr 00  imr ff  isr 00  level 00  pins 00
                  vectors 0x28 to 0x2f, lowest priority 7
                  requested -; in service -; open -
        I/OAPIC 0 at 0xfec00000: id 0, version 0x20, 24 pins
          pin  gsi vector mode     trigger destination   state
            0    0 0x00   fixed    edge    physical 0    masked, asserted
            4    4 0x00   fixed    edge    physical 0    masked, asserted
           20   20 0x51   fixed    level   physical 0    open, asserted, Remote IRR
          21 pins are masked and low, as after reset
        local APIC of cpu0: id 0, XApic at 0xfee00000 BSP, enabled
          tpr 00  ppr 00  svr 1ff  ldr 00000000  dfr ffffffff  esr 00
          pending 0x51; in service -; of those level 0x51
          LINT0 high; timer stopped
          open entries: Lint0 ExtInt
        lines:
          GSI 0 is asserted, to pin 0 of I/OAPIC 0: 8259 INTR (wired, asserts)
          GSI 4 is asserted, to IRQ 4 and pin 4 of I/OAPIC 0: serial (wired, asserts)
          GSI 20 is asserted, to pin 20 of I/OAPIC 0: disk (wired, asserts), net
              (sampled)
        virqs:
          0 msi of a device with a name that is m...: Cold, no GSI: the guest has given
              it no message
        remapping unit 0: GSTS_REG 0x0, IRTA_REG, in use 0x0, FSTS_REG 0x0, FECTL_REG
            0x80000000, IQA_REG, in use 0x0, IQH_REG 0x0, IQT_REG 0x0, ICS_REG 0x0,
            IECTL_REG 0x80000000
        queue: empty

        """, Running().Describe().ToString());

    [Fact]
    public void A_machine_as_JSON()
    {
        JsonElement json = Parse(Running().Describe());
        Assert.Equal([0, 1, 3, 5, 6, 7], json.GetProperty("pic").GetProperty("master").GetProperty("imr").EnumerateArray().Select(one => one.GetInt32()));
        Assert.Equal(4, json.GetProperty("pic").GetProperty("intrStandsFor").GetInt32());
        JsonElement pin = json.GetProperty("ioApics")[0].GetProperty("pins")[20];
        Assert.Equal((0x51, true, true, "fixed"), (pin.GetProperty("vector").GetInt32(), pin.GetProperty("level").GetBoolean(),
            pin.GetProperty("remoteIrr").GetBoolean(), pin.GetProperty("mode").GetString()));
        Assert.Equal(0x51, json.GetProperty("localApics")[0].GetProperty("pending")[0].GetInt32());
        Assert.Equal("net", json.GetProperty("lines")[2].GetProperty("sources")[1].GetProperty("label").GetString());
        Assert.Equal("cold", json.GetProperty("virqs")[0].GetProperty("state").GetString());
        Assert.Equal("0x0", json.GetProperty("remappers")[0].GetProperty("registers").GetProperty("GSTS_REG").GetString());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("queue").GetProperty("inFlight").ValueKind);
    }

    [Fact]
    public void What_a_kernel_has_is_not_known()
    {
        var kernel = new FakeKernel();
        var fabric = new Fabric(FabricOptions.Pc() with { Pic = null, Routing = new RoutingOptions { Virqs = 8, Kernel = kernel.Limits } });
        Assert.Contains("local APICs: in the kernel; their state is not known here\n", fabric.Describe().ToString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, Parse(fabric.Describe()).GetProperty("localApics").ValueKind);
        Assert.Contains("virqs, 0 of 80 GSIs in use:\n", fabric.Describe().ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_waits_in_the_queue_is_shown_and_what_a_port_is_doing()
    {
        FabricOptions options = FabricOptions.Pc();
        var fabric = new Fabric(options);
        for (int i = 0; i < 10; i++)
            fabric.Send(new Wirq.Msi(0x1000, (uint)i));
        QueueDescription queue = fabric.Describe().Queue;
        Assert.Equal((10, 8, null), (queue.Waiting, queue.First.Count, queue.InFlight));
        Assert.Contains("\n  and 2 more\n", queue.ToString(), StringComparison.Ordinal);
        fabric.Carrier.Begin(out _);
        Assert.StartsWith("queue: 9 events wait\n  a port is doing: ", fabric.Describe().Queue.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Whatever state a guest brought it to: every line fits, the JSON is whole, and nothing changed.</summary>
    [Theory]
    [InlineData(Profile.Manual)]
    [InlineData(Profile.Qemu)]
    [InlineData(Profile.Kvm)]
    public void Any_machine_fits_its_columns(Profile profile)
    {
        var scrambler = new Scrambler(new Fabric(Scrambler.Machine(profile)), seed: 3);
        for (int round = 0; round < 40; round++)
        {
            for (int step = 0; step < 50; step++)
                scrambler.Step(null);
            Fabric fabric = scrambler.Fabric;
            UInt128 before = fabric.Identity();
            FabricDescription description = fabric.Describe();
            foreach (int columns in new[] { Description.MinColumns, Description.Columns })
                Assert.All(description.ToText(columns).Split('\n'), line => Assert.True(line.Length <= columns, line));
            Parse(description);
            Assert.Equal(before, fabric.Identity());
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => scrambler.Fabric.Describe().ToText(59));
    }

    [Fact]
    public void A_label_cannot_break_the_text()
    {
        Fabric fabric = Running();
        fabric.Connect(5, "a\nb\u001b[31m" + new string('x', 500));
        string[] lines = fabric.DescribeLine(5).ToText(60).Split('\n');
        Assert.All(lines, line => Assert.True(line.Length <= 60 && !line.Any(char.IsControl)));
        Assert.Contains("a?b?[31mx", string.Concat(lines), StringComparison.Ordinal);
    }

    private static JsonElement Parse(Description description) => JsonDocument.Parse(description.ToJson()).RootElement;
}
