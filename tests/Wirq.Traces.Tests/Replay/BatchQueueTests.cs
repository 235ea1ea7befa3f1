using Wirq.Traces.Replay;

namespace Wirq.Traces.Tests.Replay;

public sealed class BatchQueueTests
{
    private const int Most = 4, Batches = 500;

    [Fact(Timeout = 60_000)]
    public async Task All_are_taken_in_order_and_then_none()
    {
        var queue = new BatchQueue(Most);
        TraceBatch[] given = [.. Enumerable.Range(0, Batches).Select(_ => new TraceBatch(most: 1))];
        Task giving = Task.Run(() =>
        {
            foreach (TraceBatch batch in given)
                queue.Give(batch);
            queue.Complete();
        }, TestContext.Current.CancellationToken);
        List<TraceBatch> taken = [];
        while (queue.Take() is { } batch)
            taken.Add(batch);
        await giving;
        Assert.Equal(given, taken);
        Assert.Null(queue.Take());
    }

    [Fact(Timeout = 60_000)]
    public async Task Who_gives_waits_for_room_until_nobody_takes_any_more()
    {
        var queue = new BatchQueue(Most);
        int given = 0;
        Task giving = Task.Run(() =>
        {
            for (; given < Batches; Volatile.Write(ref given, given + 1))
                queue.Give(new TraceBatch(most: 1));
        }, TestContext.Current.CancellationToken);
        while (Volatile.Read(ref given) < Most)
            await Task.Yield();
        Assert.Equal(Most, Volatile.Read(ref given));
        Assert.False(giving.IsCompleted);
        queue.Stop();
        await giving;
        Assert.Equal(Batches, given);
    }

    [Fact]
    public void What_was_given_back_first_is_filled_first()
    {
        var queue = new BatchQueue(Most);
        TraceBatch first = new(most: 1), second = new(most: 1);
        Assert.Null(queue.TakeEmpty());
        queue.Return(first);
        queue.Return(second);
        Assert.Same(first, queue.TakeEmpty());
        Assert.Same(second, queue.TakeEmpty());
    }
}
