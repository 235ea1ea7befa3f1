using System.Globalization;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Worlds;

/// <content>How long a run may be.</content>
public sealed partial class World
{
    private readonly int _workOfCpus;
    private long _work;

    /// <summary>The most that it may do from its start on: see <see cref="StepWork"/>.</summary>
    internal int MostWork { get; init; } = StepWork.MaxRun;

    /// <summary>Counts what is about to be done.</summary>
    /// <exception cref="WorldException">It is too much. Says what the run is about.</exception>
    private void Spend(long work, bool timer = false)
    {
        _work += work;
        if (_work <= MostWork)
            return;
        string about = timer ? $"the last timer fell due as {LastDue()}" : _watch.TellTaken();
        throw new WorldException(string.Create(CultureInfo.InvariantCulture,
            $"the run comes to more than {MostWork:#,0} steps, those of CPUs and timers counted: {about}"));
    }
}
