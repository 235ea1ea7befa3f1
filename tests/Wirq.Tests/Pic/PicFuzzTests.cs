using Wirq.Events;
using Wirq.State;

namespace Wirq.Tests.Pic;

/// <summary>Random operations without a model: only invariants of any 8259 pair are checked.</summary>
public class PicFuzzTests(ITestOutputHelper output)
{
    // Nine combinations of profile and policy: a million operations in all.
    private const int Operations = 1_000_000 / 9 + 1;
    private static readonly ushort[] Ports = [0x20, 0x21, 0xA0, 0xA1, 0x4D0, 0x4D1], Commands = [0x20, 0xA0];

    public static TheoryData<Profile, AckPolicy> Combinations()
    {
        var data = new TheoryData<Profile, AckPolicy>();
        foreach (Profile profile in Enum.GetValues<Profile>())
        {
            foreach (AckPolicy ack in Enum.GetValues<AckPolicy>())
                data.Add(profile, ack);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public void Whatever_a_guest_does_the_pair_stays_sound_and_its_fork_alike(Profile profile, AckPolicy ack)
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("WIRQ_PIC_SEED"), out int given)
            ? given : 8259 + (int)profile * 16 + (int)ack;
        output.WriteLine($"seed {seed}");
        var run = new Run(profile, ack, seed);
        for (int i = 0; i < Operations; i++)
        {
            try
            {
                run.Step(i);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}, operation {i}: {run.Last}", e);
            }
        }
        output.WriteLine($"{run.Real} taken, {run.Spurious} spurious, {run.Acks} acknowledged, "
            + $"{run.Deferrals} deferred, {run.Resamples} resampled");
        // The run went where it was meant to go.
        Assert.True(run.Real > Operations / 20, $"only {run.Real} interrupts");
        Assert.True(run.Spurious > 100, $"only {run.Spurious} spurious ones");
        Assert.True(run.Acks > 100, $"only {run.Acks} acknowledges");
        Assert.Equal(ack == AckPolicy.Done, run.Deferrals > 100);
        Assert.Equal(ack != AckPolicy.Eoi, run.Resamples > 100);
    }

    private sealed class Run(Profile profile, AckPolicy ack, int seed)
    {
        private readonly Random _random = new(seed);
        private readonly PicBench _bench = new(profile, ack), _fork = new(profile, ack), _probe = new(profile, ack);
        private int _pins;
        private bool _intr;
        private ushort _mask, _triggers;

        private (Operation, ushort, int) _last;

        internal string Last => _last.ToString();
        internal int Real, Spurious, Acks, Deferrals, Resamples;

        internal void Step(int i)
        {
            if (i % 100 == 0)
            {
                _fork.Arena.CopyFrom(_bench.Arena);
                _fork.Events.CopyFrom(_bench.Events);
            }
            ushort owed = (ushort)(_bench.Pair.InServiceRegister | _bench.Pair.DeferredAcks);
            (Operation operation, ushort a, int b) = Choose();
            _last = (operation, a, b);
            bool lowers = _random.Next(2) == 0;
            PinWork work = Apply(_bench, operation, a, b, lowers, out byte result);
            PinWork again = Apply(_fork, operation, a, b, lowers, out byte same);
            Assert.True(result == same && work == again);
            Assert.True(_bench.Arena.HasSameBytes(_fork.Arena));

            bool endsAtInta = operation is Operation.Take or Operation.Read;
            Check(work, endsAtInta ? (ushort)0xFFFF : owed);
            Heed();
            _fork.Events.Clear();
            Probe();
        }

        private enum Operation { Pin, Take, Write, Read, Program }

        private (Operation, ushort, int) Choose()
        {
            int pick = _random.Next(1000);
            ushort chip = _random.Next(2) == 0 ? (ushort)0x20 : (ushort)0xA0;
            return pick switch
            {
                < 450 => (Operation.Pin, (ushort)_random.Next(16), _random.Next(2)),
                < 650 when _bench.Pair.Intr || pick < 465 => (Operation.Take, 0, 0),
                < 650 => (Operation.Pin, (ushort)_random.Next(16), 1),
                < 730 => (Operation.Write, chip, Ocw2.Create(Ocw2Command.NonSpecificEoi).Bits),
                < 800 => (Operation.Write, chip, Ocw2.Create((Ocw2Command)_random.Next(8), _random.Next(8)).Bits),
                < 870 => (Operation.Write, (ushort)(chip + 1), _random.Next(256) & _random.Next(256)),
                < 900 => (Operation.Write, chip, _random.Next(256) & 0x6F | 0x08),
                < 920 => (Operation.Write, Ports[4 + _random.Next(2)], _random.Next(256)),
                < 980 => (Operation.Read, Ports[_random.Next(6)], 0),
                < 990 => (Operation.Write, Ports[_random.Next(6)], _random.Next(256)),
                _ => (Operation.Program, 0, _random.Next(4) & _random.Next(4)),
            };
        }

        private PinWork Apply(PicBench bench, Operation operation, ushort a, int b, bool lowers, out byte result)
        {
            result = 0;
            PinWork work = default;
            switch (operation)
            {
                case Operation.Pin:
                    bench.Pair.SetPin(a, b != 0, bench.Events);
                    Keep(bench, a, b != 0);
                    return default;
                case Operation.Take:
                    result = bench.Pair.Take(bench.Events, out work);
                    break;
                case Operation.Write:
                    work = bench.Pair.Write(a, (byte)b, bench.Events);
                    break;
                case Operation.Read:
                    result = bench.Pair.Read(a, bench.Events, out work);
                    break;
                case Operation.Program:
                    Initialise(bench, Icw4.Create((b & 1) != 0, (b & 2) != 0));
                    return default;
            }
            // Sampled sources fall before INTR follows.
            PinSet lowered = lowers ? work.Acked | work.Resampled : default;
            for (int pin; (pin = PinSet.Next(ref lowered)) >= 0;)
            {
                bench.Pair.SetPin(pin, false, bench.Events);
                Keep(bench, pin, false);
            }
            bench.Pair.Update(bench.Events);
            return work;
        }

        private static void Initialise(PicBench bench, Icw4 modes)
        {
            foreach (ushort port in (ReadOnlySpan<ushort>)Commands)
            {
                bench.Pair.Write(port, Icw1.Create().Bits, bench.Events);
                bench.Pair.Write((ushort)(port + 1), (byte)port, bench.Events);
                bench.Pair.Write((ushort)(port + 1), port == 0x20 ? (byte)4 : (byte)2, bench.Events);
                bench.Pair.Write((ushort)(port + 1), modes.Bits, bench.Events);
            }
            bench.Pair.Update(bench.Events);
        }

        private void Keep(PicBench bench, int pin, bool high)
        {
            if (bench == _bench && pin != 2)
                _pins = high ? _pins | 1 << pin : _pins & ~(1 << pin);
        }

        private void Check(PinWork work, ushort owed)
        {
            PicPair pair = _bench.Pair;
            Assert.Equal(0, pair.DeferredAcks & ~pair.MaskRegister);
            if (ack != AckPolicy.Done)
                Assert.Equal(0, pair.DeferredAcks);
            Assert.True(work.Service.IsEmpty);
            PinSet both = work.Acked | work.Resampled;
            Assert.Equal(0ul, both.High | both.Low & ~0xFFFBul);
            if (profile != Profile.Kvm)
                Assert.Equal(0ul, work.Acked.Low & ~(ulong)owed);
            if (ack == AckPolicy.Eoi)
                Assert.True(work.Resampled.IsEmpty);
            Assert.True((work.Acked & work.Resampled).IsEmpty);
            if (profile == Profile.Manual)
                Assert.Equal(0, pair.RequestRegister & ~4 & ~_pins);
            Acks += work.Acked.IsEmpty ? 0 : 1;
            Resamples += work.Resampled.IsEmpty ? 0 : 1;
        }

        /// <summary>Checks that the events agree with the registers.</summary>
        private void Heed()
        {
            while (_bench.Events.TryTake(out Event e))
            {
                switch (e.Kind)
                {
                    case EventKind.PicIntrChanged:
                        Assert.NotEqual(_intr, e.A != 0);
                        _intr = e.A != 0;
                        break;
                    case EventKind.PicMaskChanged:
                        Assert.Equal(_mask, e.B);
                        _mask = (ushort)e.A;
                        break;
                    case EventKind.PicTriggerChanged:
                        Assert.Equal(_triggers, e.B);
                        _triggers = (ushort)e.A;
                        break;
                    case EventKind.PicAckDeferred:
                        Deferrals++;
                        break;
                    case EventKind.PicTaken:
                        (Real, Spurious) = (e.B & PicBench.Spurious) == 0 ? (Real + 1, Spurious) : (Real, Spurious + 1);
                        break;
                }
                Assert.False(e.IsEffect);
            }
            Assert.Equal(_intr, _bench.Pair.Intr);
            Assert.Equal(_mask, _bench.Pair.MaskRegister);
            Assert.Equal(_triggers, _bench.Pair.LevelTriggered);
        }

        /// <summary>What an INTA at this moment would do, on a copy.</summary>
        private void Probe()
        {
            _probe.Arena.CopyFrom(_bench.Arena);
            ushort inService = _probe.Pair.InServiceRegister;
            byte vector = _probe.Pair.Take(_probe.Events, out _);
            Assert.True(_probe.Events.TryTake(out Event taken));
            _probe.Events.Clear();
            Assert.Equal(EventKind.PicTaken, taken.Kind);
            Assert.Equal(vector, taken.Vector);
            bool spurious = (taken.B & PicBench.Spurious) != 0;
            // In a profile with words that do not change INT, INTA reads the registers, and INTR may differ from them.
            if (profile == Profile.Manual && !_bench.Pair.Intr)
                Assert.Equal((true, 7), (spurious, taken.Irq));
            if (spurious && taken.Irq == 7)
                Assert.Equal(inService, _probe.Pair.InServiceRegister);
            if (!spurious)
                Assert.Equal(0, _bench.Pair.MaskRegister & 1 << taken.Irq);
            if (vector != 0xFF || !spurious)
                Assert.Equal(taken.Irq & 7, vector & 7);
        }
    }
}
