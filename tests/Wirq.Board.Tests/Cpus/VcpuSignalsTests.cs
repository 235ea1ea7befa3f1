using Wirq.Board.Cpus;

namespace Wirq.Board.Tests.Cpus;

public sealed class VcpuSignalsTests
{
    private readonly VcpuSignals _signals = new();

    [Fact]
    public void Of_many_NMIs_two_are_remembered()
    {
        for (int i = 0; i < 5; i++)
            _signals.Nmi();
        Assert.Equal([true, true, false], [_signals.TakeNmi(), _signals.TakeNmi(), _signals.TakeNmi()]);
    }

    [Fact]
    public void INIT_voids_what_came_before_it()
    {
        _signals.Nmi();
        _signals.StartUp(1);
        _signals.Init();
        Assert.True(_signals.TakeInit());
        Assert.False(_signals.TakeInit());
        Assert.False(_signals.TakeNmi());
        Assert.False(_signals.TakeStartUp(out _));
    }

    [Fact]
    public void Of_two_SIPIs_the_first_counts()
    {
        _signals.Init();
        _signals.StartUp(8);
        _signals.StartUp(9);
        Assert.True(_signals.TakeStartUp(out byte vector));
        Assert.Equal(8, vector);
        Assert.False(_signals.TakeStartUp(out _));
    }
}
