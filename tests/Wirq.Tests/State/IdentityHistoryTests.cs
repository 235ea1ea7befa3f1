using System.Globalization;
using Wirq.Events;
using Wirq.Host;
using Wirq.Laws;
using Wirq.Routing;
using Wirq.Tests.Host;
using Wirq.Tests.Shared;

namespace Wirq.Tests.State;

/// <summary>Random histories in pairs. One of a pair takes detours that leave no trace: after each step both have the
/// same identity. Then one of the pair does something visible, and the identities differ.</summary>
public sealed class IdentityHistoryTests
{
    private const int Steps = 12;

    /// <param name="watched">Whether all laws lie in the arenas, too.</param>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Histories_that_end_alike_have_one_identity_and_one_that_differs_has_another(bool watched)
    {
        int seed = int.Parse(Environment.GetEnvironmentVariable("WIRQ_SEED") ?? "20262", CultureInfo.InvariantCulture);
        int pairs = Environment.GetEnvironmentVariable("WIRQ_LONG") is null ? 2_000 : 20_000;
        var detours = new int[Guest.Operations];
        var seen = new int[Guest.Differences];
        for (int pair = 0; pair < pairs; pair++)
        {
            var random = new Random(seed + pair);
            var one = new Guest(watched);
            var other = new Guest(watched);
            for (int step = 0; step < Steps; step++)
            {
                int operation = random.Next(Guest.Operations), draw = random.Next();
                one.Do(operation, draw, detour: false);
                bool detoured = random.Next(2) == 0;
                other.Do(operation, draw, detoured);
                detours[operation] += detoured ? 1 : 0;
                Assert.True(one.Identity() == other.Identity(), $"seed {seed + pair}: step {step}, operation {operation}, makes a difference");
            }
            Assert.All(other.Laws?.Laws ?? [], law => Assert.True(law.Break is null, $"seed {seed + pair}: {law.Describe()}"));
            int difference = random.Next(Guest.Differences);
            if (!other.Differ(difference, random.Next()))
                continue;
            seen[difference]++;
            Assert.True(one.Identity() != other.Identity(), $"seed {seed + pair}: difference {difference} is not in the identity");
        }
        Assert.DoesNotContain(0, detours);
        Assert.DoesNotContain(0, seen);
    }

    private sealed class Guest
    {
        internal const int Operations = 9, Differences = 8;
        private const int Lines = 4, Devices = 4;

        private readonly FakeKernel _kernel = new();
        private readonly FabricPorts _ports;
        private readonly Fabric _fabric;
        private readonly Source?[] _sources = new Source?[Lines];
        private readonly VirqHandle?[] _virqs = new VirqHandle?[Devices];

        internal Guest(bool watched)
        {
            _fabric = new Fabric(FabricOptions.Pc(cpus: 2) with
            {
                Routing = new RoutingOptions { Virqs = 8, BatchCount = 2, BatchDelay = 1000, Kernel = _kernel.Limits with { Routes = 56 } },
                Pic = null,
            });
            _ports = PortsOf.One(_kernel);
            if (watched)
            {
                Laws = new LawSet(_fabric.Options, _fabric.Gsis, _fabric.Arena);
                _ports = _ports with { Observer = new LawFeeder(Laws) };
            }
            for (int pin = 0; pin < Lines; pin++)
                _fabric.IoApics[0].WriteEntry(16 + pin, RedirectionEntry.Create((byte)(0x50 + pin), 0, level: true), _fabric.Events);
            Drain();
        }

        internal LawSet? Laws { get; }

        internal UInt128 Identity() => _fabric.Identity();

        internal void Do(int operation, int draw, bool detour)
        {
            int line = draw % Lines, device = draw % Devices;
            switch (operation)
            {
                case 0:
                    Connect(line, (line + 1) % Lines, swapped: detour);
                    break;
                case 1:
                    if (detour)
                        _fabric.Connect(16 + line, "passing").Dispose();
                    _sources[line]?.Dispose();
                    _sources[line] = null;
                    break;
                case 2:
                    if (detour && _sources[line] is null)
                        _fabric.Connect(16 + line, "passing").Dispose();
                    _sources[line]?.Set(draw / Lines % 2 == 0);
                    break;
                case 3:
                    if (detour)
                        _fabric.DisposeVirq(_fabric.RouteCache!.Register("passing", 0x10));
                    Register(device);
                    break;
                case 4 when _virqs[device] is { } virq:
                    // Another one first: a message that is programmed again ends nothing.
                    _fabric.RouteCache!.SetMessage(virq, Message(0x70));
                    if (detour)
                    {
                        Drain();
                        _fabric.RouteCache.SetMessage(virq, Message(0x72));
                    }
                    _fabric.RouteCache!.SetMessage(virq, Message((byte)(0x40 + draw / Devices % 3)));
                    break;
                case 5 when _virqs[device] is { } virq:
                    if (detour)
                        _fabric.DisposeVirq(_fabric.ConnectVirq(16 + line, "passing", VirqKind.Level));
                    _fabric.RouteCache!.Trigger(virq);
                    break;
                case 6 when _virqs[device] is { } virq:
                    if (detour)
                        _fabric.RouteCache!.Unmask(virq);
                    if (draw / Devices % 2 == 0)
                        _fabric.RouteCache!.Mask(virq);
                    else
                        _fabric.RouteCache!.Unmask(virq);
                    break;
                case 7 when _virqs[device] is { } virq && draw % 3 == 0:
                    _fabric.DisposeVirq(virq);
                    _virqs[device] = null;
                    break;
                case 8:
                    if (detour)
                        _fabric.TryRead(0, 0xFEC00010, 4, out _);
                    _fabric.Events.Emit(new EoiBroadcast(0, (byte)(0x50 + line), Edge: false).ToEvent());
                    Drain();
                    _fabric.Advance(_fabric.Now + draw % 3000);
                    break;
            }
            Drain();
        }

        internal bool Differ(int difference, int draw)
        {
            int line = draw % Lines, device = draw % Devices;
            switch (difference)
            {
                case 0:
                    _fabric.TryWrite(0, 0xFEC00000, 4, (ulong)(0x30 + line * 2));
                    _fabric.TryRead(0, 0xFEC00010, 4, out ulong entry);
                    _fabric.TryWrite(0, 0xFEC00010, 4, entry ^ 0x10000);
                    return true;
                case 1 when _sources[line] is { } source:
                    source.Set(!source.IsAsserted);
                    return true;
                case 2:
                    _fabric.Connect(16 + line, "one more");
                    return true;
                case 3 when _virqs[device] is { } virq:
                    _fabric.RouteCache!.SetMessage(virq, Message(0x71));
                    return true;
                case 4 when _virqs[device] is { } virq:
                    _fabric.DisposeVirq(virq);
                    return true;
                case 5 when _virqs[device] is { } virq:
                    if (_fabric.RouteCache!.StateOf(virq) is VirqState.Masked or VirqState.Parked)
                        _fabric.RouteCache.Unmask(virq);
                    else
                        _fabric.RouteCache.Mask(virq);
                    return true;
                case 6:
                    _fabric.Eoi((byte)(0x50 + line));
                    return _fabric.Events.Count > 0;
                case 7:
                    _fabric.Events.Emit(new EoiBroadcast(0, 0x30, Edge: false).ToEvent());
                    return true;
                default:
                    return false;
            }
        }

        /// <summary>Two sources on two lines, in either order.</summary>
        private void Connect(int line, int another, bool swapped)
        {
            foreach (int gsi in swapped ? new[] { another, line } : [line, another])
                _sources[gsi] ??= _fabric.Connect(16 + gsi, $"line {gsi}", gsi % 2 == 0 ? SourceKind.Wired : SourceKind.Sampled);
        }

        private void Register(int device)
        {
            if (_virqs[device] is not null)
                return;
            VirqHandle virq = _fabric.RouteCache!.Register($"device {device}", 0x10);
            _fabric.RouteCache.Attach(virq, new EventFd(100 + device));
            _virqs[device] = virq;
        }

        private static Msi Message(byte vector) => Msi.Encode(InterruptMessage.Create(vector, DeliveryMode.Fixed, 0));

        private void Drain() => _fabric.Drain(_ports);
    }
}
