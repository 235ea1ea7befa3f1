using System.Runtime.Versioning;
using Wirq.Cli.Boot;

namespace Wirq.Cli.Tests.Boot;

/// <summary>How long a reader of a recording is waited for.</summary>
[SupportedOSPlatform("linux")]
public sealed class StopRequestTests
{
    private readonly Clock _clock = new();

    [Fact]
    public void How_long_the_machine_takes_to_be_built_is_not_taken_from_the_guests_time()
    {
        using StopRequest stop = Begun(seconds: 2);
        _clock.Pass(60);
        stop.Begin();
        Assert.False(stop.IsImpatient);
        _clock.Pass(2.9);
        Assert.True(stop.IsDue);
        Assert.False(stop.IsImpatient);
        _clock.Pass(0.2);
        Assert.True(stop.IsImpatient);
    }

    [Fact]
    public void Before_the_guest_runs_a_reader_has_as_long_from_when_it_is_first_waited_for()
    {
        using StopRequest stop = Begun(seconds: 2);
        _clock.Pass(60);
        Assert.False(stop.IsImpatient);
        _clock.Pass(2.9);
        Assert.False(stop.IsImpatient);
        _clock.Pass(0.2);
        Assert.True(stop.IsImpatient);
        // It came after all, and the guest has its time.
        stop.Begin();
        Assert.False(stop.IsImpatient);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public void From_the_stop_on_a_reader_has_a_second(double seconds)
    {
        using StopRequest stop = Begun(seconds);
        stop.Begin();
        _clock.Pass(50);
        Assert.False(stop.IsImpatient);
        stop.Hurry();
        _clock.Pass(0.9);
        // A second signal changes nothing.
        stop.Hurry();
        Assert.False(stop.IsImpatient);
        _clock.Pass(0.2);
        Assert.True(stop.IsImpatient);
    }

    private StopRequest Begun(double seconds)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux, as wirq boot does");
        var stop = new StopRequest(seconds > 0 ? TimeSpan.FromSeconds(seconds) : null, _clock);
        return stop;
    }

    private sealed class Clock : TimeProvider
    {
        private long _now = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;
        public override long GetTimestamp() => _now;
        internal void Pass(double seconds) => _now += (long)(seconds * TimeSpan.TicksPerSecond);
    }
}
