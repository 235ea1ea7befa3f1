using System.Buffers.Binary;
using Wirq.Events;
using Wirq.Remapping;
using Wirq.Remapping.VtD;
using Wirq.State;

namespace Wirq.Tests.Remapping;

/// <summary>Guest memory from address 0 on, which checks the accesses of a unit: it reads whole, aligned entries and
/// descriptors below its address width, and writes nothing itself.</summary>
internal sealed class BenchMemory(int bytes) : IGuestMemory
{
    internal byte[] Bytes { get; } = new byte[bytes];
    internal int Reads { get; private set; }
    internal int Refused { get; private set; }
    internal ulong LastRead { get; private set; }

    public bool TryRead(ulong address, Span<byte> destination)
    {
        if (destination.Length != 16 || address % 16 != 0 || address >= 1ul << 52)
            Assert.Fail($"a read of {destination.Length} bytes at 0x{address:x}");
        Reads++;
        LastRead = address;
        if (address >= (ulong)Bytes.Length || (ulong)Bytes.Length - address < (ulong)destination.Length)
        {
            Refused++;
            return false;
        }
        Bytes.AsSpan((int)address, destination.Length).CopyTo(destination);
        return true;
    }

    public bool TryWrite(ulong address, ReadOnlySpan<byte> source)
    {
        Assert.Fail("a unit asks for a write by an effect, and never writes itself");
        return false;
    }

    internal void Put(ulong address, ulong low, ulong high)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Bytes.AsSpan((int)address), low);
        BinaryPrimitives.WriteUInt64LittleEndian(Bytes.AsSpan((int)address + 8), high);
    }
}

/// <summary>A unit alone. The test acts as the guest's driver and as the owner of the unit.</summary>
internal sealed class VtdBench
{
    internal const uint Version = 0x00, Cap = 0x08, Ecap = 0x10, Gcmd = 0x18, Gsts = 0x1C, RtAddr = 0x20, Ccmd = 0x28, Fsts = 0x34,
        Fectl = 0x38, Fedata = 0x3C, Feaddr = 0x40, Feuaddr = 0x44, Iqh = 0x80, Iqt = 0x88, Iqa = 0x90, Ics = 0x9C, Iectl = 0xA0,
        Iedata = 0xA4, Ieaddr = 0xA8, Ieuaddr = 0xAC, Iqercd = 0xB0, Irta = 0xB8, Iva = 0xF0, Iotlb = 0xF8, Frcd = 0x220;
    internal const uint TE = 1u << 31, SRTP = 1 << 30, QIE = 1 << 26, IRE = 1 << 25, SIRTP = 1 << 24, CFI = 1 << 23;
    internal const uint Pfo = 1, Ppf = 2, Iqe = 1 << 4, Masked = 1u << 31, Pending = 1 << 30;
    internal const ulong Table = 0x10000, Queue = 0x20000, Status = 0x30000;
    internal const int MemoryBytes = 0x40000;
    internal const ushort Nic = 0x0310;

    internal VtdBench(VtdOptions? options = null, int unit = 0)
    {
        Arena = new StateArena();
        Unit = new VtdUnit(options ?? new(), Arena, unit);
    }

    internal StateArena Arena { get; }
    internal VtdUnit Unit { get; }
    internal BenchMemory Memory { get; } = new(MemoryBytes);
    internal EventBuffer Events { get; } = new() { Observing = true };
    /// <summary>What each step invalidated, in order; empty for none.</summary>
    internal List<CookieRange> Steps { get; } = [];

    internal static InterruptMessage To(uint destination, byte vector = 0x41) =>
        InterruptMessage.Create(vector, DeliveryMode.Fixed, destination);
    internal static Msi Handle(ushort handle) => new(MsiAddress.ForHandle(handle), new MsiData(0));
    internal static Msi Handle(ushort handle, ushort subhandle) => new(MsiAddress.ForHandle(handle, subhandleValid: true), new MsiData(subhandle));

    internal uint Read(uint offset) => (uint)Unit.Read(offset, 4);
    internal ulong Read64(uint offset) => Unit.Read(offset, 8);
    /// <summary>A write, without the work that it leaves.</summary>
    internal void Put(uint offset, uint value) => Unit.Write(offset, 4, value, Events);
    internal void Put64(uint offset, ulong value) => Unit.Write(offset, 8, value, Events);

    internal void Write(uint offset, uint value)
    {
        Put(offset, value);
        Run();
    }

    internal void Write64(uint offset, ulong value)
    {
        Put64(offset, value);
        Run();
    }

    internal int Run()
    {
        int steps = 0;
        while (Unit.TryStep(Memory, Events, out CookieRange invalidated))
        {
            Steps.Add(invalidated);
            Assert.InRange(++steps, 1, 32768 + 6);
        }
        return steps;
    }

    /// <summary>One bit of GCMD on top of what is on, as a driver does it.</summary>
    internal void Command(uint bit, bool on = true)
    {
        uint switches = Read(Gsts) & (TE | QIE | IRE | CFI);
        Write(Gcmd, on ? switches | bit : switches & ~bit);
    }

    /// <summary>Remapping on, with a table of 2^(size+1) entries.</summary>
    internal VtdBench Remap(bool extended = false, int size = 7, bool compatibility = false, ulong table = Table)
    {
        Write64(Irta, table | (extended ? 0x800u : 0) | (uint)size);
        Command(SIRTP);
        if (compatibility)
            Command(CFI);
        Command(IRE);
        Forget();
        return this;
    }

    internal VtdBench EnableQueue(int size = 0, ulong queue = Queue)
    {
        Write64(Iqa, queue | (uint)size);
        Command(QIE);
        Forget();
        return this;
    }

    internal VtdBench Unmask(uint control, uint address, uint data, uint upper = 0)
    {
        Write(control + 4, data);
        Write(control + 8, address);
        Write(control + 12, upper);
        Write(control, 0);
        return this;
    }

    internal void Entry(int index, Irte entry) => Memory.Put(Table + (ulong)index * 16, entry.Low, entry.High);

    /// <summary>Puts descriptors at the tail and moves it, once.</summary>
    internal void Submit(params ReadOnlySpan<QueuedDescriptor> descriptors)
    {
        ulong tail = Read64(Iqt), bytes = 0x1000ul << (int)(Read64(Iqa) & 7);
        foreach (QueuedDescriptor descriptor in descriptors)
        {
            Memory.Put((Read64(Iqa) & ~0xFFFul) + tail, descriptor.Low, descriptor.High);
            tail = (tail + 16) % bytes;
        }
        Write64(Iqt, tail);
    }

    internal RefusalReason Deliver(Msi message, out InterruptMessage translated, ushort requester = Nic) =>
        Unit.Translate(message, requester, delivering: true, Memory, Events, out translated, out _);

    internal RefusalReason Prefetch(Msi message, out InterruptMessage translated, out RouteCookie cookie, ushort requester = Nic) =>
        Unit.Translate(message, requester, delivering: false, Memory, Events, out translated, out cookie);

    /// <summary>Delivers what is going to be blocked.</summary>
    internal void Blocked(Msi message, ushort requester = Nic) =>
        Assert.Equal(RefusalReason.RemappingFault, Deliver(message, out _, requester));

    internal (ulong Low, ulong High) Record(int index) => (Read64(Frcd + (uint)index * 16), Read64(Frcd + (uint)index * 16 + 8));
    internal void ClearRecord(int index) => Write(Frcd + (uint)index * 16 + 12, 1u << 31);

    internal List<Event> Seen()
    {
        var seen = new List<Event>();
        while (Events.TryTake(out Event e))
            seen.Add(e with { Time = 0 });
        return seen;
    }

    internal List<Event> Effects() => [.. Seen().Where(e => e.IsEffect)];

    internal void Forget()
    {
        Events.Clear();
        Steps.Clear();
    }

    internal static Event Faulted(int reason, ulong index, bool suppressed = false, bool lost = false, ushort requester = Nic) =>
        new(EventKind.RemapFaulted, 0, requester, (ulong)reason, index | (suppressed ? 1u << 16 : 0) | (lost ? 1u << 17 : 0));
    internal static Event Message(ulong address, uint data) => new(EventKind.UnitMessage, 0, 0, address, data);
    internal static Event Written(ulong address, uint data) => new(EventKind.MemoryWrite, 0, Origin.RemappingUnit(0).Bits, address, data);
    internal static CookieRange Range(int first, int last, int unit = 0) => new(new RouteCookie(unit, first), new RouteCookie(unit, last));
}
