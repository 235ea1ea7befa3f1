using System.Buffers.Binary;
using Wirq.Host;
using Wirq.Remapping;
using Wirq.Remapping.VtD;
using Wirq.Routing;
using Wirq.Tests.Host;
using Wirq.Tests.Shared;
using static Wirq.Tests.Remapping.VtdBench;

namespace Wirq.Tests.Remapping;

/// <summary>A machine whose messages go through a unit: devices, I/OAPIC pins, the guest's driver, and a kernel.</summary>
public sealed class RemappedMachineTests
{
    private const ulong Unit = 0xFED90000;
    private static readonly EventFd Trigger = new(7), Other = new(8);

    private readonly FakeKernel _kernel = new();
    private readonly PlainMemory _memory;
    private readonly FabricHost _host;
    private uint _tail;

    public RemappedMachineTests()
    {
        FabricOptions options = FabricOptions.Pc() with
        {
            Routing = new RoutingOptions { Virqs = 16, BatchCount = 1, BatchDelay = 0, Kernel = _kernel.Limits },
            Vtd = new VtdOptions(),
            Pic = null,
        };
        _memory = new PlainMemory(_kernel);
        _host = new FabricHost(new Fabric(options) { Memory = _memory }, PortsOf.One(_kernel));
        Write(Irta, 8, Table | 7);
        Write(Gcmd, 4, SIRTP);
        Write(Iqa, 8, Queue);
        Write(Gcmd, 4, QIE);
        Write(Gcmd, 4, QIE | IRE);
    }

    [Fact]
    public void A_devices_message_becomes_what_its_entry_says()
    {
        Entry(5, 0x45);
        using Virq virq = Device(5);
        virq.Trigger();
        Assert.Equal(0x45, Assert.Single(_kernel.Signalled).Vector);
    }

    [Fact]
    public void A_missing_entry_faults_when_the_interrupt_happens_and_not_before()
    {
        using Virq virq = Device(5, prefault: true);
        Assert.Equal(0u, Read(Fsts));
        virq.Trigger();
        Assert.Equal(Ppf, Read(Fsts) & Ppf);
        Assert.Equal(VirqState.Faulted, virq.State);
        // The record: reason, index and source id.
        Assert.Equal(5ul << 48, Read64(Frcd));
        Assert.Equal(1ul << 63 | 0x22ul << 32 | Nic, Read64(Frcd + 8));
        Assert.Empty(_kernel.Signalled);
    }

    [Fact]
    public void An_invalidation_unbinds_whom_it_names_and_the_guest_hears_of_it_afterwards()
    {
        Entry(5, 0x45);
        Entry(6, 0x46);
        using Virq first = Hot(5, Trigger), second = Hot(6, Other);
        Entry(5, 0x55);
        _kernel.Take();
        Submit(QueuedDescriptor.Entries(5), QueuedDescriptor.Wait(Status, 0xD0E));
        Assert.Equal(["unbind 7", "watch 7", $"memory 0x{Status:x}"], _kernel.Take());
        Assert.Equal((VirqState.Stale, VirqState.Hot), (first.State, second.State));
        _host.EventArrived(_kernel.DeviceWrites(Trigger));
        Assert.Equal(0x55, _kernel.Signalled.Last().Vector);
        Assert.Equal(VirqState.Hot, first.State);
    }

    [Fact]
    public void Switching_remapping_on_ends_what_was_cached_before()
    {
        Write(Gcmd, 4, QIE);
        Virq virq = _host.Register("early", Nic, Trigger);
        virq.SetMessage(Msi.Encode(InterruptMessage.Create(0x31, DeliveryMode.Fixed, 0)));
        _host.EventArrived(_kernel.DeviceWrites(Trigger));
        Assert.Equal(VirqState.Hot, virq.State);
        Write(Gcmd, 4, QIE | IRE);
        Assert.Equal(VirqState.Stale, virq.State);
        _host.EventArrived(_kernel.DeviceWrites(Trigger));
        // Compatibility format is blocked once remapping is on (CFI clear): reason 0x25, and no index.
        Assert.Equal(VirqState.Faulted, virq.State);
        Assert.Equal(0ul, Read64(Frcd));
        Assert.Equal(1ul << 63 | 0x25ul << 32 | Nic, Read64(Frcd + 8));
        virq.Dispose();
    }

    [Fact]
    public void A_level_pin_whose_entry_is_missing_faults_and_is_tried_again_at_its_next_write()
    {
        using Virq line = _host.RegisterOnLine("disk", 20);
        ProgramPin(20, handle: 9, vector: 0x49);
        line.Trigger();
        Assert.Equal(1ul << 63 | 0x22ul << 32 | 0xFF00, Read64(Frcd + 8));
        Assert.Empty(_kernel.Signalled);
        Entry(9, 0x49, source: 0xFF00, level: true);
        ProgramPin(20, handle: 9, vector: 0x49);
        Assert.Equal(0x49, Assert.Single(_kernel.Signalled).Vector);
        _host.Eoi(0, 0x49);
        line.Trigger();
        Assert.Equal(2, _kernel.Signalled.Count);
    }

    [Fact]
    public void A_fault_event_is_a_message_of_the_unit_that_goes_past_the_remapping()
    {
        Write(Feaddr, 4, 0xFEE00000);
        Write(Fedata, 4, 0x71);
        Write(Fectl, 4, 0);
        using Virq virq = Device(5);
        virq.Trigger();
        Assert.Equal(0x71, Assert.Single(_kernel.Signalled).Vector);
    }

    [Fact]
    public void Several_virqs_of_one_entry_and_the_whole_unit()
    {
        Entry(5, 0x45);
        Entry(6, 0x46);
        using Virq first = Hot(5, Trigger), second = Hot(6, Other);
        Submit(QueuedDescriptor.AllEntries);
        Assert.Equal((VirqState.Stale, VirqState.Stale), (first.State, second.State));
    }

    private Virq Device(int entry, EventFd? trigger = null, bool prefault = false)
    {
        Virq virq = _host.Register($"device {entry}", Nic, trigger, prefault);
        virq.SetMessage(Handle((ushort)entry));
        return virq;
    }

    private Virq Hot(int entry, EventFd trigger)
    {
        Virq virq = Device(entry, trigger);
        _host.EventArrived(_kernel.DeviceWrites(trigger));
        Assert.Equal(VirqState.Hot, virq.State);
        return virq;
    }

    private void Entry(int index, byte vector, ushort source = Nic, bool level = false)
    {
        Irte entry = Irte.For(InterruptMessage.Create(vector, DeliveryMode.Fixed, 0, level: level), extended: false)
            .WithSource(SourceValidation.Id, source);
        _memory.Put(Table + (ulong)index * 16, entry.Low, entry.High);
    }

    private void ProgramPin(int pin, ushort handle, byte vector)
    {
        ulong entry = (ulong)(handle & 0x7FFF) << 49 | 1ul << 48 | 1 << 15 | vector;
        foreach ((uint index, uint value) in new[] { (0x11u + (uint)pin * 2, (uint)(entry >> 32)), (0x10u + (uint)pin * 2, (uint)entry) })
        {
            _host.TryWrite(0, 0xFEC00000, 4, index);
            _host.TryWrite(0, 0xFEC00010, 4, value);
        }
    }

    private void Submit(params QueuedDescriptor[] descriptors)
    {
        foreach (QueuedDescriptor descriptor in descriptors)
        {
            _memory.Put(Queue + _tail, descriptor.Low, descriptor.High);
            _tail += 16;
        }
        Write(Iqt, 8, _tail);
    }

    private void Write(uint offset, int size, ulong value) => Assert.True(_host.TryWrite(0, Unit + offset, size, value));

    private uint Read(uint offset)
    {
        Assert.True(_host.TryRead(0, Unit + offset, 4, out ulong value));
        return (uint)value;
    }

    private ulong Read64(uint offset)
    {
        Assert.True(_host.TryRead(0, Unit + offset, 8, out ulong value));
        return value;
    }

    /// <summary>Memory that tells when it is written.</summary>
    private sealed class PlainMemory(FakeKernel kernel) : IGuestMemory
    {
        private readonly byte[] _bytes = new byte[MemoryBytes];

        public bool TryRead(ulong address, Span<byte> destination)
        {
            if (address + (ulong)destination.Length > (ulong)_bytes.Length)
                return false;
            _bytes.AsSpan((int)address, destination.Length).CopyTo(destination);
            return true;
        }

        public bool TryWrite(ulong address, ReadOnlySpan<byte> source)
        {
            kernel.Log.Enqueue($"memory 0x{address:x}");
            source.CopyTo(_bytes.AsSpan((int)address));
            return true;
        }

        internal void Put(ulong address, ulong low, ulong high)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(_bytes.AsSpan((int)address), low);
            BinaryPrimitives.WriteUInt64LittleEndian(_bytes.AsSpan((int)address + 8), high);
        }
    }
}
