using System.Diagnostics;
using Wirq.Routing;
using Wirq.Tests.Shared.Remapping;

namespace Wirq.Tests.Shared.Litmus;

// The actions of devices, guests and the check.
public sealed partial class RoutingLitmus
{
    private void Interrupt(int device, Random random)
    {
        long share = _options.Triggers / Devices, most = _options.MostTriggers / Devices;
        for (long done = 0; !_stop && (done < share || done < most && Figures.LeastOfEach < _options.LeastOfEach);)
        {
            LitmusVirq virq = _virqs[random.Next(_virqs.Length / Devices) * Devices + device];
            int count = random.Next(2) == 0 ? 1 : 1 + random.Next(MostInRound);
            for (int i = 1; i < count; i++)
                Interrupt(virq, random);
            if (count > 1)
                _kernel.ClearRequests(virq.Index);
            (int epoch, long signals, long refusals) = (virq.Epoch, virq.Signals, virq.Refusals);
            Interrupt(virq, random);
            done += count;
            lock (virq.Gate)
            {
                Await(virq, epoch, signals, refusals);
                Rest(virq);
                if (!_stop)
                    Judge(virq);
                if (random.Next(4) != 0)
                    Unmask(virq);
            }
            Interlocked.Increment(ref _rounds);
        }
    }

    private void Interrupt(LitmusVirq virq, Random random)
    {
        Interlocked.Increment(ref _triggers);
        virq.TriggersOfRound++;
        if (random.Next(4) == 0)
            virq.Virq.Trigger();
        else
            _kernel.DeviceWrites(virq.Trigger);
    }

    /// <summary>Waits until the last interrupt has been delivered or refused, or its virq was disposed of. If that
    /// takes too long, a completing call is made before the last check: on a busy host, the draining thread may be
    /// suspended for seconds.</summary>
    private void Await(LitmusVirq virq, int epoch, long signals, long refusals)
    {
        Unmask(virq);
        Span<ulong> bits = stackalloc ulong[LitmusVirq.Words];
        long since = Stopwatch.GetTimestamp();
        var spin = new SpinWait();
        while (!_stop)
        {
            // Read before the check: an interrupt that arrives during the check is late, but not missed.
            bool overdue = Stopwatch.GetElapsedTime(since) > _options.Patience;
            VirqState state = overdue ? virq.Virq.State : default;
            if (virq.Signals != signals || virq.Refusals != refusals)
                return;
            if ((epoch & 1) != 0 || virq.Epoch != epoch)
            {
                Interlocked.Increment(ref _disposed);
                return;
            }
            _kernel.ReadRequests(virq.Index, bits);
            if (bits.ContainsAnyExcept(0ul))
                return;
            if (overdue)
                Fail($"{virq}: an interrupt was lost; it is {state}, its eventfd {(_port.IsReadable(virq.Trigger) ? "readable" : "empty")}");
            spin.SpinOnce(sleep1Threshold: 100);
        }
    }

    /// <summary>Brings a virq to rest: it is masked, and none of its interrupts is in progress.</summary>
    private void Rest(LitmusVirq virq)
    {
        long since = Stopwatch.GetTimestamp();
        var spin = new SpinWait();
        do
        {
            Unmask(virq);
            while (!_stop && _port.IsReadable(virq.Trigger) && VirqTransitions.ReaderIn(virq.Virq.State) == VirqReader.Userspace)
            {
                if (Stopwatch.GetElapsedTime(since) > _options.Patience)
                    Fail($"{virq}: its eventfd is never read; it is {virq.Virq.State}");
                spin.SpinOnce(sleep1Threshold: 100);
            }
            for (int i = 0; i < Generations; i++)
                _host.Do(_ => { });
            Mask(virq);
            // If an invalidation of all entries came in between, a discarded injection was written back to the eventfd.
        }
        while (!_stop && _port.IsReadable(virq.Trigger));
    }

    private void Judge(LitmusVirq virq)
    {
        Span<ulong> bits = stackalloc ulong[LitmusVirq.Words];
        _kernel.ReadRequests(virq.Index, bits);
        long signalled = virq.Signals - virq.SignalsBefore;
        int routed = LitmusVirq.ByRoute(bits);
        if (signalled + routed > virq.TriggersOfRound)
        {
            Fail($"{virq}: {signalled} deliveries by userspace and at least {routed} by the kernel of {virq.TriggersOfRound} interrupts");
            return;
        }
        int strange = virq.Strange(bits);
        if (strange >= 0)
        {
            Fail($"{virq}: vector 0x{strange:x2} came, which no entry has had since the last rest");
            return;
        }
        _kernel.ClearRequests(virq.Index);
        virq.SignalsBefore = virq.Signals;
        virq.TriggersOfRound = 0;
        virq.ForgetOldVectors();
    }

    private void Program(Random random)
    {
        while (!_stop)
        {
            LitmusVirq virq = _virqs[random.Next(_virqs.Length)];
            if (virq.Gate.TryEnter())
            {
                try
                {
                    Program(virq, random);
                }
                finally
                {
                    virq.Gate.Exit();
                }
            }
            _host.Advance((long)Stopwatch.GetElapsedTime(_start).TotalNanoseconds);
            long until = Volatile.Read(ref _triggers) + random.Next(2 * Pace);
            var spin = new SpinWait();
            while (!_stop && Volatile.Read(ref _triggers) < until && spin.Count < 200)
                spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    private void Program(LitmusVirq virq, Random random)
    {
        switch (random.Next(32))
        {
            case < 14 when virq.Masked:
                Unmask(virq);
                break;
            case < 14:
                Mask(virq);
                break;
            case < 19:
                virq.Switch();
                virq.Virq.SetMessage(RemappedGuest.Handle(virq.Entry));
                break;
            case < 29:
                byte vector = (byte)(FirstVector + 2 * random.Next(VectorPairs));
                virq.Program(virq.Handle, vector);
                _guest.Put(virq.Entry, vector, (uint)virq.Index, present: random.Next(8) != 0);
                Invalidate(() => _guest.Invalidate(virq.Entry));
                break;
            case < 30:
                Invalidate(_guest.InvalidateAll);
                break;
            default:
                virq.NextEpoch();
                virq.Virq.Dispose();
                Register(virq);
                virq.NextEpoch();
                break;
        }
    }

    /// <summary>A driver notifies the unit under its own lock.</summary>
    private void Invalidate(Func<bool> tell)
    {
        lock (_driver)
        {
            if (!tell())
                Fail("an invalidation has returned before it was done");
        }
    }

    private void Register(LitmusVirq virq)
    {
        virq.Virq = _host.Register($"{virq}", RemappedGuest.Requester);
        _bySlot[virq.Virq.Handle.Slot] = virq;
        virq.Masked = false;
        virq.Virq.SetMessage(RemappedGuest.Handle(virq.Entry));
        virq.Virq.Attach(virq.Trigger);
    }

    private static void Mask(LitmusVirq virq)
    {
        virq.Virq.Mask();
        virq.Masked = true;
    }

    private static void Unmask(LitmusVirq virq)
    {
        virq.Virq.Unmask();
        virq.Masked = false;
    }
}
