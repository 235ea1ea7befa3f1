using Wirq.Events;
using Wirq.Traces.Recordings;
using Wirq.Traces.Tests.Recordings;
using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Timelines;

/// <summary>Tests that measure the memory of the process run alone: what others allocate meanwhile would count.</summary>
[CollectionDefinition(nameof(MeasuresMemory), DisableParallelization = true)]
public sealed class MeasuresMemory;

[Collection(nameof(MeasuresMemory))]
public sealed class BoundedMemoryTests
{
    /// <summary>A long storm leaves no more than the limit.</summary>
    [Fact]
    public void A_long_stream_takes_bounded_memory()
    {
        const int events = 200_000, most = 1000;
        var engine = new WhyEngine(FabricOptions.Pc());
        var builder = new PictureBuilder(engine, new PictureOptions { Most = most });
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < events; i += 2)
        {
            builder.Observe(new PinChanged(0, 9, true, false).ToEvent() with { Time = i }, 0);
            builder.Observe(new PinChanged(0, 9, false, false).ToEvent() with { Time = i }, 0);
        }
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 1 << 20);
        Picture picture = builder.Build("storm");
        Assert.Equal(most, picture.Spans.Count(span => span.End is not null) + picture.Instants.Count + picture.Arrows.Count);
    }
}
