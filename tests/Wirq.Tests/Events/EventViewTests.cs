using System.Reflection;
using Wirq.Events;
using Wirq.Remapping;
using Wirq.Routing;
using Wirq.Xen;

namespace Wirq.Tests.Events;

public class EventViewTests
{
    private const int Rounds = 200;

    public static TheoryData<Type> Views => [.. typeof(Event).Assembly.GetTypes().Where(IsView)];

    /// <summary>A view reads the same fields that it wrote, for any values.</summary>
    [Theory, MemberData(nameof(Views))]
    public void What_went_in_comes_out(Type view) =>
        typeof(EventViewTests).GetMethod(nameof(GoThrough), BindingFlags.Static | BindingFlags.NonPublic)!.MakeGenericMethod(view).Invoke(null, null);

    /// <summary>Each flag bit has one meaning, at its position.</summary>
    [Fact]
    public void Flags_stand_where_recordings_have_them()
    {
        Assert.Equal(new Event(EventKind.PicTaken, 0, 5, 0x0D, 0b001), new PicTaken(5, 0x0D, Spurious: true, Level: false, ByPoll: false).ToEvent());
        Assert.Equal(new Event(EventKind.PicTaken, 0, 5, 0x0D, 0b010), new PicTaken(5, 0x0D, Spurious: false, Level: true, ByPoll: false).ToEvent());
        Assert.Equal(new Event(EventKind.PicTaken, 0, 5, 0x0D, 0b100), new PicTaken(5, 0x0D, Spurious: false, Level: false, ByPoll: true).ToEvent());
        Assert.Equal(new Event(EventKind.PicEoi, 0, 5, 1, 0), new PicEoi(5, Level: true, Automatic: false).ToEvent());
        Assert.Equal(new Event(EventKind.PicEoi, 0, 5, 0, 1), new PicEoi(5, Level: false, Automatic: true).ToEvent());
        Assert.Equal(new Event(EventKind.PinChanged, 1, 5, 0, 1), new PinChanged(1, 5, Asserted: false, ByPolarity: true).ToEvent());
        Assert.Equal(new Event(EventKind.PinChanged, 1, 5, 1, 0), new PinChanged(1, 5, Asserted: true, ByPolarity: false).ToEvent());
        Assert.Equal(new Event(EventKind.VectorAccepted, 1, 7, 0x51, 0b01), new VectorAccepted(1, new Origin(7), 0x51, Level: true, Merged: false).ToEvent());
        Assert.Equal(new Event(EventKind.VectorAccepted, 1, 7, 0x51, 0b10), new VectorAccepted(1, new Origin(7), 0x51, Level: false, Merged: true).ToEvent());
        Assert.Equal(new Event(EventKind.VectorTaken, 1, 0, 0x51, 1), new VectorTaken(1, 0x51, VectorGiver.Pic).ToEvent());
        Assert.Equal(new Event(EventKind.VectorTaken, 1, 0, 0x51, 2), new VectorTaken(1, 0x51, VectorGiver.Spurious).ToEvent());
        Assert.Equal(new Event(EventKind.CpuEoi, 1, 0, 0x51, 0b01), new CpuEoi(1, 0x51, Level: true, Suppressed: false).ToEvent());
        Assert.Equal(new Event(EventKind.CpuEoi, 1, 0, 0x51, 0b10), new CpuEoi(1, 0x51, Level: false, Suppressed: true).ToEvent());
        Assert.Equal(new Event(EventKind.EoiBroadcast, 1, 0, 0x51, 1), new EoiBroadcast(1, 0x51, Edge: true).ToEvent());
        Assert.Equal(new Event(EventKind.RemapFaulted, 1, 0x10, 0x22, 7 | 1 << 16),
            new RemapFaulted(1, 0x10, 0x22, 7, Suppressed: true, Lost: false).ToEvent());
        Assert.Equal(new Event(EventKind.RemapFaulted, 1, 0x10, 0x22, 7 | 1 << 17),
            new RemapFaulted(1, 0x10, 0x22, 7, Suppressed: false, Lost: true).ToEvent());
        Assert.Equal(new Event(EventKind.LogParted, 0, 3, 99, 1), new LogParted(99, Undecided: true, Lacking: 3).ToEvent());
        Assert.Equal(new Event(EventKind.MsrWrite, 1, 1, 0x1B, 5), new MsrAccess(1, IsWrite: true, Faulted: true, 0x1B, 5).ToEvent());
        Assert.Equal(new Event(EventKind.VirqBound, 3, 26, 7 | 2ul << 32, ulong.MaxValue),
            new VirqBound(3, 26, new OwnedEventFd(new EventFd(7), 2), EventFd.None).ToEvent());
    }

    private static void GoThrough<T>() where T : struct, IEventView<T>
    {
        var random = new Random(1);
        var kinds = new HashSet<EventKind>();
        ConstructorInfo constructor = typeof(T).GetConstructors(BindingFlags.Instance | BindingFlags.Public)
            .Single(one => one.GetParameters().Length > 0);
        for (int round = 0; round < Rounds; round++)
        {
            var made = (T)constructor.Invoke([.. constructor.GetParameters().Select(field => Value(field.ParameterType, field.Name!, random))]);
            Event told = made.ToEvent();
            Assert.Equal(made, T.Of(told));
            Assert.Equal(told, T.Of(told).ToEvent());
            kinds.Add(told.Kind);
        }
        Assert.DoesNotContain(EventKind.None, kinds);
        Assert.InRange(kinds.Count, 1, 2);
    }

    private static object Value(Type type, string name, Random random)
    {
        if (type.IsEnum)
        {
            Array values = Enum.GetValues(type);
            return values.GetValue(random.Next(values.Length))!;
        }
        ulong bits = random.Next(4) switch { 0 => 0, 1 => 1, _ => (ulong)random.NextInt64() };
        return type.Name switch
        {
            nameof(Boolean) => random.Next(2) == 0,
            nameof(Byte) => (byte)bits,
            nameof(UInt16) => (ushort)bits,
            nameof(UInt32) => (uint)bits,
            nameof(UInt64) => bits,
            nameof(Int64) => (long)bits,
            // Units have 16 bits; the rest have more.
            nameof(Int32) => (int)(ushort)bits,
            nameof(InterruptMessage) => new InterruptMessage(bits),
            nameof(Origin) => new Origin((uint)bits),
            nameof(Msi) => new Wirq.Msi(bits, (uint)(bits >> 7)),
            nameof(RouteCookie) => new RouteCookie(bits),
            nameof(OwnedEventFd) => new OwnedEventFd(bits),
            nameof(EventFd) => new EventFd((int)(bits & int.MaxValue)),
            nameof(RedirectionEntry) => new RedirectionEntry(bits),
            nameof(ApicBase) => new ApicBase(bits),
            nameof(SpuriousVector) => new SpuriousVector((uint)bits),
            nameof(CallbackVia) => new CallbackVia(bits),
            nameof(XenPirqCall) => new XenPirqCall((ushort)bits, (int)(bits >> 5 & 0xFFFF), random.Next(-1, 256), (ushort)(bits >> 9),
                (XenError)(random.Next(2) * 17), random.Next(2) == 0),
            nameof(ErrorStatus) => new ErrorStatus((byte)bits),
            _ => throw new InvalidOperationException($"{name} is a {type}; say here how one is made"),
        };
    }

    private static bool IsView(Type type) => type.IsValueType
        && type.GetInterfaces().Any(one => one.IsGenericType && one.GetGenericTypeDefinition() == typeof(IEventView<>));
}
