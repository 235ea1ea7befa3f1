using System.Globalization;
using Wirq.Events;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Worlds;

/// <content>The limit on the length of a run.</content>
public sealed partial class World
{
    private readonly int _workOfCpus;
    private readonly long[] _spent = new long[(int)Worker.Host + 1];

    /// <summary>The kinds of work of a run.</summary>
    private enum Worker
    {
        /// <summary>The scenario's own steps.</summary>
        Scenario,
        /// <summary>CPUs that take interrupts and run handlers.</summary>
        Cpus,
        /// <summary>Time that advances to due events.</summary>
        Timers,
        /// <summary>The host below.</summary>
        Host,
    }

    /// <summary>The work so far: see <see cref="StepWork"/>.</summary>
    internal long Work { get; private set; }

    /// <summary>Counts another turn of the CPUs.</summary>
    /// <exception cref="WorldException">The limit is exceeded.</exception>
    internal void SpendTurn() => Spend(Worker.Cpus, _workOfCpus);

    /// <summary>Counts work that is about to be done.</summary>
    /// <exception cref="WorldException">The limit is exceeded. The message says which kind of work was most of
    /// it.</exception>
    private void Spend(Worker worker, long work)
    {
        _spent[(int)worker] += work;
        Work += work;
        if (Work <= StepWork.MaxRun)
            return;
        var most = (Worker)Array.IndexOf(_spent, _spent.Max());
        string about = most switch
        {
            Worker.Timers => Causes.LastDue is { } due ? $"the last timer fell due as {EventText.Describe(due)}"
                : "time stopped again and again for what fell due, and no event tells of it",
            Worker.Host => "the host is interrupted again and again",
            Worker.Cpus => _watch.TellTaken(),
            _ => "most of them are the scenario's own",
        };
        throw new WorldException(string.Create(CultureInfo.InvariantCulture,
            $"the run comes to more than {StepWork.MaxRun:#,0} steps, those of CPUs and timers counted: {about}"));
    }
}
