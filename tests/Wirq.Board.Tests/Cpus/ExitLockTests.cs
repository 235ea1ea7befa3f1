using System.Buffers.Binary;
using Wirq.Board.Machine;
using Wirq.Board.Memory;
using Wirq.Linux;
using Wirq.Linux.Probes;
using Wirq.Linux.Tests;

namespace Wirq.Board.Tests.Cpus;

/// <summary>An exit, from the guest to the next entry, takes the lock of the interrupt system once, if no effect leaves
/// the fabric.</summary>
public sealed class ExitLockTests
{
    // struct kvm_run: exit_reason, and of KVM_EXIT_MMIO phys_addr, data, len and is_write; of KVM_EXIT_IOAPIC_EOI the vector.
    private const int ReasonAt = 8, AddressAt = 32, DataAt = 40, LengthAt = 48, WriteAt = 52, EoiVectorAt = 32;
    private const byte Mmio = 6, IoApicEoi = 26;

    [Theory]
    [InlineData(DeliveryConfiguration.User, ApicBase.DefaultPage + (uint)ApicRegister.TaskPriority, true)]
    [InlineData(DeliveryConfiguration.User, ApicBase.DefaultPage + (uint)ApicRegister.Version, false)]
    [InlineData(DeliveryConfiguration.User, IoApicOptions.DefaultAddress + IoApic.WindowOffset, true)]
    [InlineData(DeliveryConfiguration.User, 0xD0000000, false)]
    [InlineData(DeliveryConfiguration.Split, IoApicOptions.DefaultAddress + IoApic.SelectOffset, true)]
    [InlineData(DeliveryConfiguration.Split, 0xD0000000, true)]
    public void An_access(DeliveryConfiguration configuration, ulong address, bool write) => Run(configuration, page =>
    {
        page[ReasonAt] = Mmio;
        BinaryPrimitives.WriteUInt64LittleEndian(page[AddressAt..], address);
        page[DataAt..(DataAt + 8)].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(page[LengthAt..], 4);
        page[WriteAt] = write ? (byte)1 : (byte)0;
    });

    [Fact]
    public void An_EOI() => Run(DeliveryConfiguration.Split, page =>
    {
        page[ReasonAt] = IoApicEoi;
        page[EoiVectorAt] = 0x51;
    });

    /// <summary>Between a CPU's access and its entry another thread has an event for the CPU, so what it read at the
    /// access is stale.</summary>
    [Fact]
    public void What_comes_behind_the_access_is_seen_before_the_entry() => KvmHost.Run(system =>
    {
        using var memory = new BoardMemory(BoardMemory.MinBytes);
        using var board = new Board.Machine.Board(system, new BoardOptions { Configuration = DeliveryConfiguration.User }, memory);
        IVcpuHandler handler = board.Handlers[0];
        KvmVcpu vcpu = board.Vm.Vcpus[0];
        board.Host.TryWrite(0, ApicBase.DefaultPage + (uint)ApicRegister.SpuriousVector, 4, 0x1FF);
        Span<byte> page = vcpu.RunPage.AsSpan();
        page[ReasonAt] = Mmio;
        BinaryPrimitives.WriteUInt64LittleEndian(page[AddressAt..], ApicBase.DefaultPage + (uint)ApicRegister.Version);
        BinaryPrimitives.WriteUInt32LittleEndian(page[LengthAt..], 4);
        handler.Exited(vcpu, vcpu.Exit);
        board.Host.Do(fabric => fabric.Send(Msi.Encode(InterruptMessage.Create(0x41, DeliveryMode.Fixed, destination: 0))));
        handler.BeforeEntry(vcpu);
        Assert.True(vcpu.RequestInterruptWindow);
    });

    private delegate void Writer(Span<byte> page);

    private static void Run(DeliveryConfiguration configuration, Writer exit) => KvmHost.Run(system =>
    {
        using var memory = new BoardMemory(BoardMemory.MinBytes);
        using var board = new Board.Machine.Board(system, new BoardOptions { Configuration = configuration }, memory);
        IVcpuHandler handler = board.Handlers[0];
        KvmVcpu vcpu = board.Vm.Vcpus[0];
        handler.BeforeEntry(vcpu);
        exit(vcpu.RunPage.AsSpan());
        long before = board.LockAcquisitions;
        Assert.Equal(VcpuNext.Enter, handler.Exited(vcpu, vcpu.Exit));
        handler.BeforeEntry(vcpu);
        Assert.Equal(1, board.LockAcquisitions - before);
    });
}
