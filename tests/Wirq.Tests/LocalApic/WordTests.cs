using static Wirq.Tests.LocalApic.ApicBench;

namespace Wirq.Tests.LocalApic;

public sealed class WordTests
{
    [Fact]
    public void Words_say_what_they_mean()
    {
        Assert.Equal("XApic at 0xfee00000 BSP", ApicBase.Reset(bootstrap: true).ToString());
        Assert.Equal("0xff disabled", SpuriousVector.Reset.ToString());
        Assert.Equal("0xef enabled SEOIB", new SpuriousVector(0x11EF).ToString());
        Assert.Equal("Fixed 0x41 level active-low RIRR masked", new LocalVectorEntry(0x1E041).ToString());
        Assert.Equal("Nmi 0x02 AllExcludingSelf physical 0x00000000",
            InterruptCommand.Create(2, DeliveryMode.Nmi, shorthand: DestinationShorthand.AllExcludingSelf).ToString());
        Assert.Equal("0x60", ErrorStatus.SendIllegalVector.With(ErrorStatus.ReceiveIllegalVector).ToString());
        Assert.Equal("/128", new DivideConfiguration(0xA).ToString());
    }

    [Fact]
    public void An_icr_round_trips_every_field_in_both_modes()
    {
        // As linux/tools/testing/selftests/kvm, xapic_state_test: every vector, mode and shorthand.
        var xApic = new ApicBench();
        var x2Apic = new ApicBench();
        x2Apic.ToX2Apic();
        foreach (DestinationShorthand shorthand in Enum.GetValues<DestinationShorthand>())
        {
            foreach (DeliveryMode mode in Enum.GetValues<DeliveryMode>())
            {
                for (int vector = 0; vector < 256; vector++)
                {
                    var command = InterruptCommand.Create((byte)vector, mode, 0x77000000, logical: true, shorthand);
                    Assert.Equal((vector, mode, shorthand), (command.Vector, command.Mode, command.Shorthand));
                    xApic.Write(IcrHigh, command.High);
                    xApic.Write(IcrLow, command.Low | 0x1000);
                    Assert.Equal((command.High, command.Low), (xApic.Read(IcrHigh), xApic.Read(IcrLow)));
                    x2Apic.WriteX2(IcrLow, command.Bits | 0x1000);
                    Assert.Equal(command.Bits, x2Apic.ReadX2(IcrLow));
                }
            }
        }
    }

    [Fact]
    public void A_set_of_vectors_agrees_with_a_plain_one()
    {
        var random = new Random(7);
        var set = new Vectors256();
        var plain = new SortedSet<int>();
        for (int i = 0; i < 20_000; i++)
        {
            int vector = random.Next(256);
            if (random.Next(3) == 0 && plain.Count > 0)
            {
                int highest = plain.Max;
                plain.Remove(highest);
                Assert.Equal(plain.Count == 0 ? -1 : plain.Max, set.RemoveHighest(highest));
            }
            else if (random.Next(2) == 0)
            {
                set.Add(vector);
                plain.Add(vector);
            }
            else
            {
                set.Remove(vector);
                plain.Remove(vector);
            }
            Assert.Equal(plain.Count == 0 ? -1 : plain.Max, set.Highest);
            Assert.Equal((plain.Count, plain.Contains(vector)), (set.Count, set.Has(vector)));
        }
    }

    [Fact]
    public void Union_and_difference_of_sets_of_vectors_agree_with_plain_ones()
    {
        var random = new Random(11);
        for (int round = 0; round < 50; round++)
        {
            var sets = new Vectors256[2];
            SortedSet<int>[] plain = [[], []];
            for (int i = 0; i < 300; i++)
            {
                int which = random.Next(2), vector = random.Next(256);
                sets[which].Add(vector);
                plain[which].Add(vector);
            }
            Vectors256 both = sets[0].Union(sets[1]), rest = sets[0].Except(sets[1]);
            for (int vector = 0; vector < 256; vector++)
            {
                Assert.Equal(plain[0].Contains(vector) || plain[1].Contains(vector), both.Has(vector));
                Assert.Equal(plain[0].Contains(vector) && !plain[1].Contains(vector), rest.Has(vector));
            }
        }
    }

    [Theory]
    [InlineData(0x20041u, ApicTimerMode.Periodic)]
    [InlineData(0x40041u, ApicTimerMode.TscDeadline)]
    [InlineData(0x60041u, ApicTimerMode.Reserved)]
    internal void The_timers_entry_is_composed(uint bits, ApicTimerMode mode)
    {
        Assert.Equal(bits, LocalVectorEntry.Timer(0x41, mode).Bits);
        Assert.Equal(mode, new LocalVectorEntry(bits).TimerMode);
    }
}
