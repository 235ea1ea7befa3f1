using System.Diagnostics;
using Wirq.Host;
using Wirq.Tests.Shared.Remapping;

namespace Wirq.Linux.Tests.Updates;

// The threads of devices and of the guest. They go on across updates, as a guest does.
public sealed partial class UpdateLitmus
{
    private const int LineCpu = Virqs, LinePin = 21, FirstVector = 0x20, Vectors = 0xC0;
    private const byte LineVector = 0xE1;
    private const ulong IndexRegister = 0xFEC00000, DataRegister = 0xFEC00010;
    // The driver does something after about this many triggers.
    private const int Pace = 40;
    // A device lets others run after about so many triggers: otherwise most of them merge in the eventfds.
    private const int Burst = 8;

    /// <summary>What the handler of the line has still to do.</summary>
    private enum LineStage
    {
        Idle,
        /// <summary>The device is served, and the EOI is owed.</summary>
        InService,
        /// <summary>The pin is masked and the EOI given, so the acknowledge waits for the unmask.</summary>
        Held,
    }

    private readonly AutoResetEvent _interrupted = new(false);
    private readonly ManualResetEventSlim _runs = new(true);
    private readonly Lock _taking = new(), _driving = new();
    private readonly int[] _handles = new int[Virqs];
    private LineStage _stage;
    private long _interrupts, _steps;
    private volatile bool _driverEnds;

    private void SetUp()
    {
        FabricHost host = _machine.Host;
        var virqs = new List<Virq>();
        for (int i = 0; i < Virqs; i++)
        {
            _guest.Put(2 * i, FirstVector, (uint)i);
            _guest.Put(2 * i + 1, FirstVector, (uint)i);
            Virq virq = host.Register($"virq {i}", RemappedGuest.Requester);
            virq.SetMessage(RemappedGuest.Handle(2 * i));
            virq.Attach(_ledgers[i].EventFd);
            virqs.Add(virq);
        }
        virqs.Add(host.RegisterOnLine("line", LinePin, Routing.VirqKind.Level, _line.EventFd, _line.Resample));
        _machine.Register(virqs);
        for (int slot = 0; slot < virqs.Count; slot++)
            Trace.Assert(virqs[slot].Handle.Slot == slot);
        WritePin(masked: false);
    }

    private void Interrupt(int device, Random random)
    {
        while (AwaitLeave())
        {
            int one = random.Next(Virqs + 1);
            if (one == Virqs)
                _line.Trigger();
            else
                _ledgers[one].Trigger();
            if (random.Next(Burst) == 0)
                Thread.Sleep(0);
        }
    }

    private void Take(Random random)
    {
        while (!_stop)
        {
            _interrupted.WaitOne(1);
            while (!_stop && TakeOne(random))
                _runs.Wait();
        }
    }

    private bool TakeOne(Random random)
    {
        lock (_taking)
        {
            if (_stage != LineStage.Idle && random.Next(4) == 0)
                FinishLine();
            if (!_machine.Cpus.TryTake(out Request taken))
                return false;
            _interrupts++;
            _steps++;
            if (taken.Cpu == LineCpu)
                BeginLine(random.Next(2) == 0);
            else
                Settle(_ledgers[taken.Cpu], taken.Numbers);
            return true;
        }
    }

    private void BeginLine(bool oneShot)
    {
        if (_stage != LineStage.Idle)
            Fail($"the line came again while its handler is {_stage}");
        if (oneShot)
        {
            WritePin(masked: true);
            _machine.Host.Eoi(LineCpu, LineVector);
        }
        else
        {
            ServeLine();
        }
        _stage = oneShot ? LineStage.Held : LineStage.InService;
    }

    private void FinishLine()
    {
        _steps++;
        LineStage stage = _stage;
        _stage = LineStage.Idle;
        if (stage == LineStage.InService)
        {
            _machine.Host.Eoi(LineCpu, LineVector);
            return;
        }
        ServeLine();
        WritePin(masked: false);
    }

    private void ServeLine()
    {
        if (_line.Serve() == 0)
            Fail("the line came twice: its device wants nothing");
    }

    private void WritePin(bool masked)
    {
        var entry = RedirectionEntry.Create(LineVector, LineCpu, level: true, masked: masked);
        FabricHost host = _machine.Host;
        host.TryWrite(0, IndexRegister, sizeof(uint), 0x11 + LinePin * 2);
        host.TryWrite(0, DataRegister, sizeof(uint), entry.High);
        host.TryWrite(0, IndexRegister, sizeof(uint), 0x10 + LinePin * 2);
        host.TryWrite(0, DataRegister, sizeof(uint), entry.Low);
    }

    private void Program(Random random)
    {
        while (!_stop && !_driverEnds)
        {
            _runs.Wait();
            lock (_driving)
            {
                Program(random.Next(Virqs), random);
                _machine.Host.Advance((long)Stopwatch.GetElapsedTime(_start).TotalNanoseconds);
            }
            long until = Volatile.Read(ref _claimed) + random.Next(2 * Pace);
            var spin = new SpinWait();
            while (!_stop && Volatile.Read(ref _claimed) < until && spin.Count < 50)
                spin.SpinOnce(sleep1Threshold: 40);
        }
    }

    private void Program(int index, Random random)
    {
        Virq virq = _machine.Virqs[index];
        switch (random.Next(32))
        {
            case < 6:
                virq.Mask();
                break;
            case < 14:
                virq.Unmask();
                break;
            case < 19:
                _handles[index] ^= 1;
                virq.SetMessage(RemappedGuest.Handle(EntryOf(index)));
                break;
            case < 31:
                _guest.Put(EntryOf(index), (byte)(FirstVector + random.Next(Vectors)), (uint)index, present: random.Next(6) != 0);
                Invalidate(_guest.Invalidate(EntryOf(index)));
                break;
            default:
                Invalidate(_guest.InvalidateAll());
                break;
        }
    }

    /// <summary>Every interrupt may be delivered.</summary>
    private void OpenAll()
    {
        for (int i = 0; i < Virqs; i++)
        {
            _guest.Put(EntryOf(i), FirstVector, (uint)i);
            Invalidate(_guest.Invalidate(EntryOf(i)));
            _machine.Virqs[i].Unmask();
        }
    }

    private int EntryOf(int index) => 2 * index + _handles[index];

    private void Invalidate(bool done)
    {
        if (!done)
            Fail("an invalidation has returned before it was done");
    }
}
