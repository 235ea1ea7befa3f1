using System.Diagnostics;
using Wirq.Routing;
using Wirq.Snapshots;

namespace Wirq.Linux.Tests.Updates;

// The updates.
public sealed partial class UpdateLitmus
{
    // Of each update's share of the triggers, 4 tenths come before it, and a tenth at each of its steps.
    private const int Tenths = 10, Before = 4;
    // Of so many updates, one is refused and one dies before it resumes.
    private const int FailingOf = 8;

    private void Update(int update, Random random)
    {
        long tenths = (long)update * Tenths + Before;
        Grant(Of(tenths));
        Await(() => Volatile.Read(ref _claimed) >= _granted, "devices do not go on");
        UpdateMachine old = _machine;
        Request[]? tooEarly = _options.Flaw == UpdateFlaw.SavesBeforeItStops ? SaveTooEarly(old) : null;
        if (_options.Flaw == UpdateFlaw.SavesBeforeItUnbinds)
            Await(() => Fired([], []) || HotVirqs(old).Length > 0, "no virq is bound");
        Stop(() =>
        {
            byte[]? early = _options.Flaw == UpdateFlaw.SavesBeforeItUnbinds ? SaveUnderFire(old, out tooEarly) : null;
            Grant(Of(++tenths));
            old.Host.Suspend();
            Grant(Of(++tenths));
            Note(old);
            Request[] cpus = tooEarly ?? old.Cpus.Save();
            byte[] snapshot = early ?? old.Host.Save();
            Grant(Of(++tenths));
            UpdateMachine? next = TakeOver(snapshot, update % FailingOf, random);
            Grant(Of(++tenths));
            if (next is null)
            {
                old.Host.Resume();
                _failed++;
                return;
            }
            next.Cpus.Restore(cpus);
            next.Host.Resume();
            _machine = next;
            old.Dispose();
            _updates++;
        });
        Grant(Of((long)(update + 1) * Tenths));
    }

    /// <summary>Builds the new side.</summary>
    /// <returns>Null if it failed: the old side goes on.</returns>
    private UpdateMachine? TakeOver(byte[] snapshot, int way, Random random)
    {
        var next = new UpdateMachine(this, _memory);
        bool done = false;
        try
        {
            if (way == 2)
                snapshot[random.Next(snapshot.Length)] ^= 1;
            next.Host.Restore(snapshot);
            next.FindVirqs(Virqs + 1);
            done = way != 5;
            if (way == 2)
                Fail("a snapshot with a wrong bit was restored");
        }
        catch (SnapshotException) when (way == 2)
        {
        }
        finally
        {
            if (!done)
                next.Dispose();
        }
        return done ? next : null;
    }

    /// <summary>Stops the guest, but not the devices.</summary>
    private void Stop(Action update)
    {
        _runs.Reset();
        try
        {
            lock (_driving)
            {
                lock (_taking)
                    update();
            }
        }
        finally
        {
            _runs.Set();
        }
    }

    /// <summary>The wrong order: saves while eventfds are bound, and waits until a bound one has been written.</summary>
    private byte[] SaveUnderFire(UpdateMachine old, out Request[] cpus)
    {
        cpus = old.Cpus.Save();
        byte[] snapshot = old.Host.Save();
        int[] hot = HotVirqs(old);
        long[] before = [.. hot.Select(slot => _ledgers[slot].Issued)];
        if (hot.Length > 0)
            Await(() => Fired(hot, before), "devices do not go on");
        return snapshot;
    }

    /// <summary>The wrong order: saves CPUs that still run, and waits until one has taken what was saved.</summary>
    private Request[] SaveTooEarly(UpdateMachine old)
    {
        Request[] saved = [];
        Await(() => Fired([], []) || (saved = old.Cpus.Save()) is [{ Cpu: < Virqs }, ..], "no interrupt waits");
        long interrupts = Volatile.Read(ref _interrupts);
        Await(() => Volatile.Read(ref _interrupts) > interrupts + 1 || Fired([], []), "no interrupt is taken");
        return saved;
    }

    private static int[] HotVirqs(UpdateMachine machine) =>
        [.. Enumerable.Range(0, Virqs).Where(slot => machine.Virqs[slot].State == VirqState.Hot)];

    /// <summary>Lets devices go on, and says whether one of some virqs fired.</summary>
    private bool Fired(int[] virqs, long[] before)
    {
        Grant(Math.Min(_granted + 1, _options.Triggers));
        return virqs.Where((slot, i) => _ledgers[slot].Issued > before[i]).Any();
    }

    private void Note(UpdateMachine machine)
    {
        for (int slot = 0; slot < Virqs; slot++)
            Count(machine.Virqs[slot].State.ToString().ToLowerInvariant() + (_ledgers[slot].EventFd.IsReadable ? " and fired" : ""));
        Count($"line {_stage.ToString().ToLowerInvariant()}");

        void Count(string state) => _states[state] = _states.GetValueOrDefault(state) + 1;
    }

    private long Of(long tenths) => _options.Triggers * tenths / (_options.Updates * (long)Tenths);

    /// <summary>Devices may trigger until there were so many triggers in all.</summary>
    private void Grant(long triggers)
    {
        lock (_leave)
        {
            _granted = Math.Max(_granted, triggers);
            Monitor.PulseAll(_leave);
        }
    }

    /// <summary>Waits until a device may trigger once more.</summary>
    /// <returns>False at the end.</returns>
    private bool AwaitLeave()
    {
        long mine = Interlocked.Increment(ref _claimed);
        if (mine <= Volatile.Read(ref _granted))
            return !_stop;
        lock (_leave)
        {
            while (!_stop && mine > _granted && mine <= _options.Triggers)
                Monitor.Wait(_leave);
        }
        return !_stop && mine <= _options.Triggers;
    }

    private void Await(Func<bool> condition, string failure)
    {
        long since = Stopwatch.GetTimestamp();
        var spin = new SpinWait();
        while (!_stop && !condition())
        {
            if (Stopwatch.GetElapsedTime(since) > _options.Patience)
                Fail(failure);
            spin.SpinOnce(sleep1Threshold: 40);
        }
    }
}
