using System.Runtime.InteropServices;
using Wirq.Events;
using Wirq.Xen;
using static Wirq.Tests.Xen.PirqWorld;

namespace Wirq.Tests.Xen;

/// <summary>Random calls of physdev_op, domctl and event_channel_op with random arguments from all domains, wires that change,
/// and guests that end interrupts. <c>WIRQ_LONG=1</c> makes two million of them.</summary>
public class PirqFuzzTests(ITestOutputHelper output)
{
    private const int Usual = 60_000, Long = 1_000_000;
    private static readonly bool s_long = Environment.GetEnvironmentVariable("WIRQ_LONG") == "1";
    private static readonly ushort[] s_domains = [Dom0, Guest, Pv, Pvh, Model, NoIommu];

    [Theory]
    [InlineData(1, XenVersion.Current)]
    [InlineData(2, XenVersion.Xen417)]
    public void No_call_throws_or_loops_and_access_is_gained_only_from_who_has_it(int seed, XenVersion version)
    {
        int calls = s_long ? Long : Usual;
        output.WriteLine($"{calls} calls; WIRQ_LONG=1 makes them {Long}");
        var xen = new PirqWorld(version);
        var random = new Random(seed);
        var access = new Access(xen);
        var answers = new Dictionary<string, int>();
        int effects = 0;
        for (int i = 0; i < calls; i++)
        {
            string made = One(xen, random);
            answers[made] = answers.GetValueOrDefault(made) + 1;
            List<Event> seen = xen.TakeAll();
            effects += seen.Count(e => e.IsEffect);
            // Bounded work: no call tells more than there are bindings, domains and ports.
            Assert.InRange(seen.Count, 0, 400);
            access.Check(seen, made);
        }
        output.WriteLine(string.Join('\n', answers.OrderBy(answer => answer.Key).Select(answer => $"{answer.Value,6} {answer.Key}")));
        // It was no run along the errors.
        Assert.True(effects > calls / 100, $"only {effects} effects");
        Assert.True(answers.Count > 40, $"only {answers.Count} kinds of answers");
    }

    private static string One(PirqWorld xen, Random random)
    {
        ushort caller = random.Next(3) == 0 ? s_domains[random.Next(s_domains.Length)] : Dom0;
        switch (random.Next(20))
        {
            case < 8:
                PhysdevOperation[] operations = Enum.GetValues<PhysdevOperation>();
                var physdev = random.Next(50) == 0 ? (PhysdevOperation)random.Next() : operations[random.Next(operations.Length)];
                return $"{Name(physdev)} {xen.Pirqs.Hypercall(caller, physdev, Physdev(physdev, random), is64Bit: random.Next(4) != 0)}";
            case < 14:
                DomctlOperation[] controls = Enum.GetValues<DomctlOperation>();
                DomctlOperation control = random.Next(50) == 0 ? (DomctlOperation)random.Next() : controls[random.Next(controls.Length)];
                byte[] argument = Control(xen.Options.Version, control, random);
                return $"{Name(control)} {xen.Passthrough.Domctl(caller, argument.AsSpan(0, random.Next(30) == 0 ? random.Next(argument.Length) : argument.Length))}";
            case 14:
                byte[] channel = new byte[24];
                MemoryMarshal.Write(channel, Small(random));
                EventChannelOperation operation = random.Next(3) == 0 ? EventChannelOperation.Close : EventChannelOperation.BindPirq;
                return $"{operation} {xen.Channels.Hypercall(caller, operation, channel)}";
            case 15:
                // Now and then the guest begins anew.
                if (random.Next(100) == 0)
                    xen.Passthrough.Destroy(s_domains[random.Next(1, s_domains.Length)]);
                if (random.Next(4) == 0)
                    xen.Callback = new CallbackVia((ulong)random.Next(3) << 56 | (uint)random.Next(1 << 16));
                xen.Routes[random.Next(4)] = random.Next(16);
                return "guest";
            case 16:
                var entry = new RedirectionEntry((ulong)random.NextInt64() & 0xFFFF);
                return $"entry {xen.Passthrough.EntryWritten(caller, random.Next(-2, 50), entry, new RedirectionEntry((ulong)random.NextInt64() & 0x1FFFF))}";
            case 17:
                xen.Pirqs.SendMessage(24 + random.Next(4));
                return "message";
            case 18:
                xen.Passthrough.GuestEoi(caller, random.Next(-2, 50));
                return "EOI";
            default:
                xen.Pirqs.SetWire(random.Next(24), random.Next(2) == 0);
                return "wire";
        }
    }

    private static string Name<T>(T operation) where T : struct, Enum => Enum.IsDefined(operation) ? operation.ToString() : "another";

    private static byte[] Physdev(PhysdevOperation operation, Random random)
    {
        byte[] bytes = new byte[random.Next(30) == 0 ? random.Next(40) : 40];
        byte[] full = new byte[40];
        switch (operation)
        {
            case PhysdevOperation.MapPirq:
                MemoryMarshal.Write(full, new MapPirqArgument64
                {
                    DomainId = Domain(random), MapType = random.Next(4) == 0 ? (int)Small(random) : random.Next(2), Gsi = random.Next(3) == 0 ? -1 : (int)Small(random),
                    PirqNumber = random.Next(2) == 0 ? -1 : (int)Small(random), DeviceFunction = random.Next(2) == 0 ? (int)Nic : (int)Disk,
                });
                break;
            case PhysdevOperation.UnmapPirq:
                MemoryMarshal.Write(full, new UnmapPirqArgument { Domain = Domain(random), Pirq = (int)Small(random) });
                break;
            default:
                for (int i = 0; i < 10; i++)
                    MemoryMarshal.Write(full.AsSpan(i * 4), Small(random));
                break;
        }
        full.AsSpan(0, bytes.Length).CopyTo(bytes);
        return bytes;
    }

    private static byte[] Control(XenVersion version, DomctlOperation operation, Random random)
    {
        byte[] bytes = Domctl.Make(version, operation, Domain(random), 0);
        for (int i = 0; i < 5; i++)
            MemoryMarshal.Write(bytes.AsSpan(16 + i * 4), Small(random));
        if (operation is DomctlOperation.BindPtIrq or DomctlOperation.UnbindPtIrq)
            MemoryMarshal.Write(bytes.AsSpan(20), random.Next(8) == 0 ? (uint)random.Next(5) : random.Next(4) == 0 ? 2u : 0);
        if (operation is DomctlOperation.BindPtIrq or DomctlOperation.UnbindPtIrq && random.Next(3) != 0)
            MemoryMarshal.Write(bytes.AsSpan(24), (uint)(random.Next(3) << 8));
        if (operation is DomctlOperation.GsiPermission && random.Next(3) != 0)
            MemoryMarshal.Write(bytes.AsSpan(20), (uint)random.Next(5) == 0 ? 0u : 1u);
        if (operation is DomctlOperation.AssignDevice or DomctlOperation.DeassignDevice)
        {
            MemoryMarshal.Write(bytes.AsSpan(16), random.Next(8) == 0 ? 1 : 0);
            MemoryMarshal.Write(bytes.AsSpan(24), random.Next(2) == 0 ? Nic : Disk);
        }
        if (random.Next(30) == 0)
            MemoryMarshal.Write(bytes.AsSpan(4), Small(random));
        return bytes;
    }

    private static ushort Domain(Random random) => random.Next(10) switch
    {
        0 => XenDomainOptions.SelfId,
        1 => (ushort)random.Next(ushort.MaxValue),
        < 6 => Guest,
        _ => s_domains[random.Next(s_domains.Length)],
    };

    private static uint Small(Random random) => random.Next(12) switch
    {
        0 => uint.MaxValue,
        1 => (uint)random.Next(),
        2 => 64,
        < 6 => (uint)random.Next(16, 30),
        _ => (uint)random.Next(0, 66),
    };

    /// <summary>Who has access to what, by what calls say; compared with what the hypervisor has.</summary>
    private sealed class Access
    {
        private readonly PirqWorld _xen;
        private readonly bool[,] _has;

        internal Access(PirqWorld xen)
        {
            _xen = xen;
            _has = new bool[s_domains.Length, xen.Options.Gsis + xen.Options.MessageIrqs];
            for (int gsi = 1; gsi < xen.Options.Gsis; gsi++)
                _has[Dom0, gsi] = true;
        }

        internal void Check(List<Event> seen, string made)
        {
            foreach (Event e in seen)
            {
                if (e.Kind == EventKind.XenAccessChanged && XenAccessChanged.Of(e) is { Answer: XenError.None } changed)
                {
                    bool isNew = changed.Caller == XenDomainOptions.XenId && changed.Irq >= _xen.Options.Gsis;
                    Assert.True(!changed.Granted || isNew || _has[changed.Caller, changed.Irq], $"after {made}: {e}");
                    _has[changed.Domain, changed.Irq] = changed.Granted;
                }
                // A pin that nobody set up may be bound, as in Xen: only the rest of the law is asked.
                if (e.Kind == EventKind.XenPirqBound && XenPirqBound.Of(e).Call is { Answer: XenError.None } bound)
                    Assert.True(_has[bound.Caller, bound.Irq], $"after {made}: {e}");
                if (e.Kind == EventKind.XenPirqMapped && XenPirqMapped.Of(e).Call is { Answer: XenError.None, Emulated: false } mapped)
                    Assert.True(_has[mapped.Caller, mapped.Irq] && _has[mapped.Domain, mapped.Irq], $"after {made}: {e}");
            }
            for (int domain = 0; domain < s_domains.Length; domain++)
            {
                for (int irq = 0; irq < _has.GetLength(1); irq++)
                {
                    if (_has[domain, irq] != _xen.Pirqs.HasAccess((ushort)domain, irq))
                        Assert.Fail($"after {made}: domain {domain} and interrupt {irq}");
                }
            }
        }
    }
}
