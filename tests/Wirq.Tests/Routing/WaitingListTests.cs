using Wirq.Routing;
using Wirq.State;

namespace Wirq.Tests.Routing;

/// <summary>The list of virqs that wait for a route, on its own.</summary>
public sealed class WaitingListTests
{
    private const int Capacity = 8;

    private readonly Block<VirqSlot> _virqs;
    private readonly WaitingList _list;

    public WaitingListTests()
    {
        var arena = new StateArena();
        _virqs = arena.Reserve<VirqSlot>(Capacity);
        _list = new WaitingList(_virqs, arena);
    }

    [Fact]
    public void The_first_to_come_sets_the_deadline_and_the_last_to_go_ends_it()
    {
        Assert.Equal(0, _list.Deadline);
        _list.Add(3, deadline: 100);
        _list.Add(1, deadline: 200);
        Assert.Equal((2, 100), (_list.Count, _list.Deadline));
        _list.Remove(ref _virqs[3]);
        Assert.Equal(100, _list.Deadline);
        _list.Remove(ref _virqs[1]);
        Assert.Equal((0, 0), (_list.Count, _list.Deadline));
    }

    [Fact]
    public void A_batch_is_the_first_in_their_order()
    {
        Add(5, 2, 7, 0);
        Assert.Equal([5, 2, 7], Walk(_list.TakeFirst(3)));
        Assert.Equal(1, _list.Count);
        Add(6);
        Assert.Equal([0, 6], Walk(_list.TakeFirst(2)));
    }

    /// <summary>Compared with a list of .NET: the order is always that of arrival.</summary>
    [Fact]
    public void It_keeps_the_order_whoever_leaves()
    {
        var random = new Random(1);
        var model = new List<int>();
        for (int step = 0; step < 2000; step++)
        {
            int slot = random.Next(Capacity);
            if (model.Remove(slot))
                _list.Remove(ref _virqs[slot]);
            else
            {
                model.Add(slot);
                Add(slot);
            }
            if (model.Count == Capacity)
            {
                int count = random.Next(1, Capacity + 1);
                Assert.Equal(model[..count], Walk(_list.TakeFirst(count)));
                model.RemoveRange(0, count);
            }
            Assert.Equal(model.Count, _list.Count);
        }
    }

    private void Add(params ReadOnlySpan<int> slots)
    {
        foreach (int slot in slots)
            _list.Add(slot, deadline: 1);
    }

    private List<int> Walk(int first)
    {
        var walked = new List<int>();
        for (int slot = first; slot != VirqSlot.None; slot = _virqs[slot].Next)
            walked.Add(slot);
        return walked;
    }
}
