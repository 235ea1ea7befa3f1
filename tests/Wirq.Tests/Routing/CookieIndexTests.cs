using Wirq.Remapping;
using Wirq.Routing;
using Wirq.State;

namespace Wirq.Tests.Routing;

/// <summary>The order of virqs by cookie, compared with a sorted set.</summary>
public sealed class CookieIndexTests
{
    private const int Slots = 512, Seed = 20264;
    // All but that of what no unit translated, which is never entered.
    private const long Cookies = (1L << 48) - 1;

    private readonly StateArena _arena = new();
    private readonly Block<VirqSlot> _virqs;
    private readonly CookieIndex _index;
    private readonly SortedSet<(ulong Cookie, int Slot)> _expected = [];

    public CookieIndexTests()
    {
        _virqs = _arena.Reserve<VirqSlot>(Slots);
        _index = new CookieIndex(_virqs, _arena);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(400)]
    [InlineData(uint.MaxValue)]
    [InlineData(Cookies)]
    public void Whatever_comes_and_goes_they_stand_in_the_order_of_cookie_and_slot(long cookies)
    {
        var random = new Random(Seed);
        for (int round = 0; round < 20_000; round++)
        {
            int slot = random.Next(Slots);
            if (!_expected.Remove((_virqs[slot].Cookie.Bits, slot)))
                Enter(slot, (ulong)random.NextInt64(cookies));
            else
            {
                _index.Remove(slot);
                _virqs[slot].Cookie = RouteCookie.None;
            }
            Assert.Equal(_expected.Count, _index.Count);
            ulong from = (ulong)random.NextInt64(cookies);
            Assert.Equal(_expected.GetViewBetween((from, 0), (ulong.MaxValue, Slots)).Select(entry => entry.Slot).FirstOrDefault(-1),
                _index.From(new RouteCookie(from)));
            if (round % 100 == 0)
                Assert.Equal(_expected.Select(entry => entry.Slot), Walk());
        }
        foreach ((ulong _, int slot) in _expected.ToArray())
            _index.Remove(slot);
        Assert.Equal(0, _index.Count);
        Assert.Equal(-1, _index.From(new RouteCookie(0ul)));
    }

    [Fact]
    public void All_of_them_go_at_once_and_are_still_walked_over()
    {
        for (int slot = 0; slot < Slots; slot++)
            Enter(slot, (ulong)(slot * 31 % 97));
        int[] before = Walk();
        int first = _index.First;
        Assert.Equal((before[0], before[^1]), (first, _index.Last));
        _index.Clear();
        Assert.Equal(0, _index.Count);
        Assert.Equal(before, From(first));
        _index.Remove(3);
        Assert.Equal(0, _index.Count);
        Enter(5, 9);
        Assert.Equal([5], Walk());
    }

    [Fact]
    public void How_it_came_about_makes_no_new_state()
    {
        var other = new CookieIndexTests();
        for (int slot = 0; slot < Slots; slot++)
        {
            Enter(slot, (ulong)slot * 3);
            other.Enter(Slots - 1 - slot, (ulong)(Slots - 1 - slot) * 3);
        }
        Assert.Equal(Walk(), other.Walk());
        Assert.Equal(_arena.Identity(0), other._arena.Identity(0));
    }

    [Fact]
    public void A_copy_goes_its_own_way()
    {
        for (int slot = 0; slot < Slots; slot++)
            Enter(slot, (ulong)(slot * 7 % 64));
        var copy = new CookieIndexTests();
        copy._arena.CopyFrom(_arena);
        int[] before = Walk();
        copy._index.Remove(before[10]);
        Assert.Equal(before, Walk());
        Assert.Equal(before.Where(slot => slot != before[10]), copy.Walk());
    }

    private void Enter(int slot, ulong cookie)
    {
        _virqs[slot].Cookie = new RouteCookie(cookie);
        _expected.Add((cookie, slot));
        _index.Enter(slot);
    }

    private int[] Walk() => _index.Count == 0 ? [] : From(_index.First);

    private int[] From(int first)
    {
        var walk = new List<int>();
        for (int slot = first; slot >= 0; slot = _index.After(slot))
            walk.Add(slot);
        return [.. walk];
    }
}
