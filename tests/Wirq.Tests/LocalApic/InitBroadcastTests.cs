using Wirq.Events;

namespace Wirq.Tests.LocalApic;

/// <summary>One write of a guest resets the highest number of local APICs, and rebuilds the table of destinations of
/// profile <c>kvm</c> once, which takes time in proportion to their number. The table is correct right after
/// that.</summary>
public sealed class InitBroadcastTests
{
    [Theory]
    [InlineData(DestinationShorthand.AllExcludingSelf, LocalApicOptions.MaxCount - 1)]
    [InlineData(DestinationShorthand.AllIncludingSelf, LocalApicOptions.MaxCount)]
    internal void INIT_of_4096_makes_the_table_anew_once(DestinationShorthand whom, int reset)
    {
        var machine = new Machine(LocalApicOptions.MaxCount);
        long before = machine.TablesMade;
        machine.Init(whom);
        Assert.Equal(before + 1, machine.TablesMade);
        Assert.Equal(reset, machine.TakeInits());
    }

    [Theory]
    [InlineData(DestinationShorthand.AllIncludingSelf, "Empty: NotListed NotListed")]
    [InlineData(DestinationShorthand.AllExcludingSelf, "Flat: None NotListed")]
    internal void Behind_it_the_table_has_whoever_is_left(DestinationShorthand whom, string expected)
    {
        var machine = new Machine(2);
        Assert.Equal("Flat: None None", machine.Table());
        machine.Init(whom);
        Assert.Equal(expected, machine.Table());
    }

    [Fact]
    public void INIT_of_a_pin_makes_the_table_anew_too()
    {
        var machine = new Machine(2);
        machine.InitByPin(cpu: 1);
        Assert.Equal("Flat: None NotListed", machine.Table());
    }

    private sealed class Machine
    {
        private const ulong Page = 0xFEE00000;
        private const uint Enabled = 0x1FF;

        private readonly Fabric _fabric;

        /// <summary>A machine whose CPUs are enabled; of two, each has a logical id.</summary>
        internal Machine(int cpus)
        {
            _fabric = new Fabric(FabricOptions.Pc(cpus, Profile.Kvm));
            for (int cpu = 0; cpu < 2; cpu++)
            {
                Write(cpu, ApicRegister.LogicalDestination, 1u << (24 + cpu));
                Write(cpu, ApicRegister.SpuriousVector, Enabled);
            }
        }

        internal long TablesMade => _fabric.LocalApics!.TablesMade;

        internal int TakeInits()
        {
            int reset = 0;
            while (_fabric.Events.TryTake(out Event next))
                reset += next.Kind == EventKind.CpuInit ? 1 : 0;
            return reset;
        }

        internal void Init(DestinationShorthand whom) =>
            Write(0, ApicRegister.CommandLow, InterruptCommand.Create(0, DeliveryMode.Init, shorthand: whom).Low);

        internal void InitByPin(int cpu)
        {
            Write(cpu, ApicRegister.Lint1, LocalVectorEntry.Create(0, DeliveryMode.Init).Bits);
            _fabric.LocalApics!.SetLint(cpu, 1, true, _fabric.Events);
        }

        /// <summary>The table, and the results of messages to the logical ids of the first two.</summary>
        internal string Table() => $"{_fabric.LocalApics!.Bus.Table}: {Ask(1)} {Ask(2)}";

        private RefusalReason Ask(uint destination) => _fabric.LocalApics!.Deliver(
            InterruptMessage.Create(0x41, DeliveryMode.Fixed, destination, logical: true), Origin.Device(0x10), _fabric.Events);

        private void Write(int cpu, ApicRegister register, uint value) =>
            Assert.True(_fabric.TryWrite(cpu, Page + (ulong)register, 4, value));
    }
}
