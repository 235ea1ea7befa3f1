using System.Diagnostics;
using Wirq.Linux;
using Wirq.Linux.Tests.Updates;

namespace Wirq.Board.Tests.Updates;

/// <content>Updates from process to process. The devices stay in this one.</content>
internal sealed partial class GuestUpdates
{
    private readonly List<Process> _processes = [];

    /// <summary>As <see cref="Run"/>, but each update takes the machine to a new process.</summary>
    internal string? RunInProcesses(long interrupts, int updates, TimeSpan limit)
    {
        long start = Stopwatch.GetTimestamp();
        Volatile.Write(ref _limit, interrupts);
        for (int update = 1; update <= updates; update++)
        {
            long until = interrupts * update / (updates + 1);
            if (TakeElsewhereUntil(() => Account.Interrupts >= until, start, limit) is { } stuck)
                return stuck;
            if (ToNextProcess(update) is { } failed)
                return failed;
            Updates++;
        }
        if (TakeElsewhereUntil(() => Account.Interrupts >= interrupts && IsServed(), start, limit) is { } lost)
            return lost;
        Volatile.Write(ref Account.End, 1);
        foreach (Process process in _processes)
        {
            if (!process.WaitForExit(s_patience) || process.ExitCode != NewMachine.Done)
                return $"a process ended with {process.ExitCode}";
        }
        _elapsed = Stopwatch.GetElapsedTime(start);
        return Judge(interrupts);
    }

    private string? ToNextProcess(int number)
    {
        long start = Stopwatch.GetTimestamp();
        if (_machine is not null)
        {
            using var connection = new Connection();
            _processes.Add(NewMachine.Start(_configuration, connection.Address, number));
            connection.Accept();
            LiveUpdateOutcome outcome = LiveUpdate.HandOver(connection.Old, _machine.Save(), s_patience);
            if (outcome.Answer != LiveUpdateAnswer.Taken)
                return outcome.ToString();
            _machine.Dispose();
            _machine = null;
        }
        else
        {
            string address = NewMachine.AddressOf(_processes[^1].Id);
            _processes.Add(NewMachine.Start(_configuration, address, number));
            Volatile.Write(ref Account.Wanted, number);
        }
        while (Volatile.Read(ref Account.Updates) < number)
        {
            if (Stopwatch.GetElapsedTime(start) > s_patience || _processes[^1].HasExited)
                return $"update {number} does not happen{(_processes[^1].HasExited ? $"; the process exits with {_processes[^1].ExitCode}" : "")}";
            Thread.Sleep(1);
        }
        return null;
    }

    private string? TakeElsewhereUntil(Func<bool> condition, long start, TimeSpan limit)
    {
        if (_machine is not null)
            return TakeUntil(condition, start, limit);
        while (!condition())
        {
            if (_processes[^1].HasExited)
                return $"the machine's process exits with {_processes[^1].ExitCode}";
            if (Stopwatch.GetElapsedTime(start) > limit)
                return Stuck(limit);
            Thread.Sleep(1);
        }
        return null;
    }
}
