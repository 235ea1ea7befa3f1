using System.Diagnostics;
using Wirq.Remapping;
using Wirq.Remapping.VtD;
using Wirq.Routing;
using Wirq.Tests.Shared.Remapping;

namespace Wirq.Tests.Routing;

/// <summary>One write of a guest ends the highest number of translations, in time in proportion to that
/// number.</summary>
public sealed class LargeInvalidationTests
{
    private const int Few = 4096, Most = 65534, Machines = Most / Few + 1, Rounds = 10;

    private readonly Machine[] _small = [.. Enumerable.Range(0, Machines).Select(_ => new Machine(Few))];
    private readonly Machine _large = new(Most);

    [Fact]
    public void All_of_65534_take_no_more_than_their_share_of_the_time_of_4096() =>
        AssertLinear(machine => machine.TimeOfInvalidatingAll());

    [Fact]
    public void One_after_the_other_of_65534_take_no_more_than_their_share_of_the_time_of_4096() =>
        AssertLinear(machine => machine.TimeOfInvalidatingEach());

    /// <summary>The same number of virqs on several machines, and on one: other load affects both in the same way, and
    /// the best of some rounds least. Both take nearly the same time. If the time were quadratic, the one machine would
    /// take sixteen times as long.</summary>
    private void AssertLinear(Func<Machine, TimeSpan> time)
    {
        TimeSpan small = TimeSpan.MaxValue, large = TimeSpan.MaxValue;
        for (int round = 0; round < Rounds && (round == 0 || large > 3 * small); round++)
        {
            small = Least(small, _small.Aggregate(TimeSpan.Zero, (sum, machine) => sum + time(machine)));
            large = Least(large, time(_large));
        }
        string times = $"{Machines} times {Few} virqs took {small.TotalMicroseconds} us, and {Most} took {large.TotalMicroseconds} us";
        TestContext.Current.TestOutputHelper?.WriteLine(times);
        Assert.True(large <= 3 * small, times);
    }

    private static TimeSpan Least(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private sealed class Machine
    {
        private readonly Fabric _fabric;
        private readonly RemappedGuest _guest;
        private readonly VirqHandle[] _virqs;

        internal Machine(int virqs)
        {
            var memory = new SmallMemory(RemappedGuest.MemoryBytes, shared: false);
            _fabric = new Fabric(FabricOptions.Pc() with { Routing = new RoutingOptions { Virqs = virqs }, Vtd = new VtdOptions(), Pic = null })
            {
                Memory = memory,
            };
            _guest = new RemappedGuest(memory, _fabric.Options.Vtd!.Address, (address, size, value) => _fabric.TryWrite(0, address, size, value));
            _virqs = new VirqHandle[virqs];
            for (int i = 0; i < virqs; i++)
            {
                _guest.Put(i, 0x40, cpu: 0);
                _virqs[i] = _fabric.RouteCache!.Register($"virq {i}", RemappedGuest.Requester);
                _fabric.RouteCache.SetMessage(_virqs[i], RemappedGuest.Handle(i));
            }
        }

        internal TimeSpan TimeOfInvalidatingAll()
        {
            Cache();
            long start = Stopwatch.GetTimestamp();
            _guest.InvalidateAll();
            TimeSpan taken = Stopwatch.GetElapsedTime(start);
            AssertNothingIsCached();
            return taken;
        }

        internal TimeSpan TimeOfInvalidatingEach()
        {
            Cache();
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < _virqs.Length; i++)
                _fabric.RouteCache!.Invalidate(new CookieRange(new RouteCookie(0, i), new RouteCookie(0, i)));
            TimeSpan taken = Stopwatch.GetElapsedTime(start);
            AssertNothingIsCached();
            return taken;
        }

        private void Cache()
        {
            foreach (VirqHandle virq in _virqs)
                _fabric.RouteCache!.Trigger(virq);
            _fabric.Drain();
            Assert.Equal(VirqState.Warm, _fabric.RouteCache!.StateOf(_virqs[^1]));
        }

        private void AssertNothingIsCached()
        {
            Assert.Equal(VirqState.Cold, _fabric.RouteCache!.StateOf(_virqs[0]));
            Assert.Equal(VirqState.Cold, _fabric.RouteCache!.StateOf(_virqs[^1]));
        }
    }
}
