using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Why;

/// <summary>Raises that wait for a delivery are judged again once something happened to it, and to no other.</summary>
public sealed class RaiseLogTests
{
    private const int Lingering = 64, Kept = 2;

    private static readonly Mark s_now = new(7, 7, 7);

    private readonly DeliveryJudge _judge = new();
    private readonly RaiseLog _log = new(SourceName.Irq(4), Kept);
    private readonly List<Raise> _raises = [];

    public enum Change
    {
        IsTaken,
        IsTakenAgain,
        Ends,
        EndsWithItsService,
        IsDropped,
        RaiseIsDropped,
        IsSentAgain,
        JoinsAnother,
    }

    [Theory]
    [InlineData(Change.IsTaken)]
    [InlineData(Change.IsTakenAgain)]
    [InlineData(Change.Ends)]
    [InlineData(Change.EndsWithItsService)]
    [InlineData(Change.IsDropped)]
    [InlineData(Change.RaiseIsDropped)]
    [InlineData(Change.IsSentAgain)]
    [InlineData(Change.JoinsAnother)]
    public void What_happens_to_a_raise_is_seen(Change change)
    {
        Fill(taken: change is not (Change.IsTaken or Change.IsTakenAgain));
        Assert.Equal(Lingering, _log.KnownOpen(_judge).Count);
        Make(change, _raises[10]);
        Assert.Empty(_log.KnownOpen(_judge));
    }

    [Fact]
    public void A_raise_that_has_ended_makes_room_for_another()
    {
        Fill();
        _raises[10].Last!.Deliveries[0].End(s_now);
        Add();
        // Of the one that found no room the end is not seen.
        foreach (Raise raise in _raises)
            raise.Last!.Deliveries[0].End(s_now);
        Assert.Equal([(Fate.Ended, Lingering + 1L), (Fate.InService, 1L)], _log.EarlierFates(_judge));
    }

    [Fact]
    public void Nothing_is_judged_again_while_nothing_happens()
    {
        Fill();
        int before = _judge.Asked;
        for (int i = 0; i < 100; i++)
            Add();
        // Each is asked of once when it becomes too old, and those that wait are not.
        Assert.Equal(before + 100, _judge.Asked);
        Assert.Equal([(Fate.InService, Lingering + 101L)], _log.EarlierFates(_judge));
    }

    [Fact]
    public void A_delivery_that_another_source_watches_is_looked_at_each_time()
    {
        var other = new RaiseLog(SourceName.Irq(5), Kept);
        var shared = new Delivery(0, 0x51, false, s_now);
        shared.Take(s_now);
        for (int i = 0; i <= Lingering + Kept; i++)
        {
            _log.Add(Waiting(shared), later: false, _judge);
            other.Add(Waiting(shared), later: false, _judge);
        }
        Assert.Equal(Lingering, _log.KnownOpen(_judge).Count);
        Assert.Empty(other.KnownOpen(_judge));
    }

    [Fact]
    public void Raises_that_wait_in_one_request_wait_as_long_as_it_does()
    {
        Raise[] waiting = FillRequest(requests: 1);
        Assert.Equal(Lingering, _log.KnownOpen(_judge).Count);
        _judge.RequestWaits = false;
        Assert.Empty(_log.KnownOpen(_judge));
        _judge.RequestWaits = true;
        waiting[20].Into = null;
        Assert.Empty(_log.KnownOpen(_judge));
    }

    public enum Leaving
    {
        WaitsNoMore,
        IsGiven,
        IsDropped,
    }

    [Theory]
    [InlineData(Leaving.WaitsNoMore)]
    [InlineData(Leaving.IsGiven)]
    [InlineData(Leaving.IsDropped)]
    public void Of_several_requests_of_one_input_the_end_of_each_is_seen(Leaving leaving)
    {
        Raise head = FillRequest(requests: 5)[3];
        Assert.Equal(Lingering, _log.KnownOpen(_judge).Count);
        if (leaving == Leaving.WaitsNoMore)
            head.WaitsAt = null;
        else if (leaving == Leaving.IsGiven)
            head.Add(new Attempt(s_now));
        else
            head.Drop(s_now, Gate.PicInitialised);
        Assert.Empty(_log.KnownOpen(_judge));
    }

    [Fact]
    public void A_raise_that_goes_on_waiting_in_anothers_request_needs_no_look_until_that_ends()
    {
        Raise[] waiting = FillRequest(requests: 2);
        waiting[1].WaitIn(waiting[0]);
        Assert.Equal(Lingering, _log.KnownOpen(_judge).Count);
        waiting[0].WaitsAt = null;
        Assert.Empty(_log.KnownOpen(_judge));
    }

    [Fact]
    public void Raises_that_join_a_request_of_which_nobody_was_asked_wait_as_long_as_it_does()
    {
        var irq = new IrqTrail(4, _log, null!);
        Raise[] waiting = FillRequest(requests: 2);
        var other = new Raise(SourceName.Irq(4), s_now, level: false) { WaitsAt = irq };
        waiting[1].WaitIn(other);
        Assert.Equal(Lingering, _log.KnownOpen(_judge).Count);
        other.WaitsAt = null;
        Assert.Empty(_log.KnownOpen(_judge));
    }

    [Fact]
    public void Raises_at_two_inputs_are_looked_at_each_time()
    {
        FillRequest(requests: 2, inputs: 2);
        Assert.Empty(_log.KnownOpen(_judge));
    }

    private Raise[] FillRequest(int requests, int inputs = 1)
    {
        IrqTrail[] irqs = [.. Enumerable.Range(0, inputs).Select(_ => new IrqTrail(4, _log, null!))];
        Raise[] heads = [.. Enumerable.Range(0, requests).Select(at => new Raise(SourceName.Irq(4), s_now, level: false) { WaitsAt = irqs[at % inputs] })];
        Raise[] all = [.. Enumerable.Range(0, Lingering + Kept + 1).Select(at => at < requests ? heads[at]
            : new Raise(SourceName.Irq(4), s_now, level: false) { Into = heads[at % requests], MergedEarly = true })];
        foreach (Raise raise in all)
            _log.Add(raise, later: false, _judge);
        return all;
    }

    /// <summary>As many as are kept, wait, and one that found no room.</summary>
    private void Fill(bool taken = true)
    {
        for (int i = 0; i <= Lingering + Kept; i++)
            Add(taken);
    }

    private void Add(bool taken = true)
    {
        var delivery = new Delivery(0, 0x51, false, s_now);
        if (taken)
            delivery.Take(s_now);
        _raises.Add(Waiting(delivery));
        _log.Add(_raises[^1], later: false, _judge);
    }

    private static Raise Waiting(Delivery delivery)
    {
        var attempt = new Attempt(s_now) { Answered = s_now };
        attempt.Add(delivery, merged: false);
        var raise = new Raise(SourceName.Irq(4), s_now, level: false);
        raise.Add(attempt);
        return raise;
    }

    private static void Make(Change change, Raise raise)
    {
        Delivery delivery = raise.Last!.Deliveries[0];
        switch (change)
        {
            case Change.IsTaken:
                delivery.Take(s_now);
                break;
            case Change.IsTakenAgain:
                var before = new Delivery(0, 0x51, false, s_now);
                before.Take(s_now);
                delivery.Take(s_now);
                delivery.TakeAgain(before);
                break;
            case Change.Ends:
                delivery.End(s_now);
                break;
            case Change.EndsWithItsService:
                var again = new Delivery(0, 0x51, false, s_now);
                again.Take(s_now);
                again.TakeAgain(delivery);
                again.End(s_now);
                break;
            case Change.IsDropped:
                delivery.Dropped = s_now;
                break;
            case Change.RaiseIsDropped:
                raise.Drop(s_now, Gate.MachineReset);
                break;
            case Change.IsSentAgain:
                raise.Add(new Attempt(s_now));
                break;
            case Change.JoinsAnother:
                raise.Into = new Raise(SourceName.Irq(4), s_now, level: false);
                break;
        }
    }

    /// <summary>Knows of deliveries alone.</summary>
    private sealed class DeliveryJudge : IFateJudge
    {
        public int Asked { get; private set; }
        public bool RequestWaits { get; set; } = true;

        public Fate Judge(Raise raise, out Held held)
        {
            held = Held.Nothing;
            if (raise.Last is null)
                return Fate.Held;
            Delivery delivery = raise.Last.Deliveries[0];
            return delivery.IsPending ? Fate.Pending : delivery.IsInService ? Fate.InService : Fate.Ended;
        }

        public Fate FateOf(Raise raise) => Judge(raise, out _);

        public bool IsSettled(Raise raise, out Fate fate)
        {
            Asked++;
            fate = FateOf(raise);
            return fate == Fate.Ended;
        }

        public bool IsSettled(Raise raise, ref Gate? at8259, out Awaited awaited)
        {
            awaited = new(raise.Last?.Deliveries[0]);
            return IsSettled(raise, out _);
        }

        public bool Waits(Raise request) => RequestWaits;
    }
}
