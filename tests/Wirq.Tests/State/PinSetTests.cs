using Wirq.State;

namespace Wirq.Tests.State;

public class PinSetTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(127)]
    public void A_pin_is_put_in_and_taken_out(int pin)
    {
        PinSet set = default(PinSet).With(pin);
        Assert.True(set.Has(pin));
        Assert.False(set.IsEmpty);
        Assert.Equal([pin], Pins(set));
        Assert.True(set.Without(pin).IsEmpty);
        Assert.Equal(set, default(PinSet).Set(pin, true));
        Assert.Equal(default, set.Set(pin, false));
    }

    [Fact]
    public void Pins_come_lowest_first()
    {
        int[] pins = [0, 5, 63, 64, 90, 127];
        Assert.Equal(pins, Pins(Of([127, 5, 64, 0, 90, 63])));
        Assert.Empty(Pins(default));
    }

    [Fact]
    public void Union_and_intersection()
    {
        PinSet a = Of([1, 2, 70]), b = Of([2, 70, 71]);
        Assert.Equal([1, 2, 70, 71], Pins(a | b));
        Assert.Equal([2, 70], Pins(a & b));
        Assert.Equal(a | b, PinSet.BitwiseOr(a, b));
        Assert.Equal(a & b, PinSet.BitwiseAnd(a, b));
    }

    [Fact]
    public void Work_is_empty_when_all_its_sets_are()
    {
        PinSet one = Of([9]);
        Assert.True(default(PinWork).IsEmpty);
        Assert.False(new PinWork { Acked = one }.IsEmpty);
        Assert.False(new PinWork { Resampled = one }.IsEmpty);
        Assert.False(new PinWork { Service = one }.IsEmpty);
    }

    private static PinSet Of(int[] pins) => pins.Aggregate(default(PinSet), (set, pin) => set.With(pin));

    private static List<int> Pins(PinSet set)
    {
        var pins = new List<int>();
        for (int pin; (pin = PinSet.Next(ref set)) >= 0;)
            pins.Add(pin);
        return pins;
    }
}
