using Wirq.Lab.Scenarios;
using Wirq.Remapping.VtD;

namespace Wirq.Lab.Worlds;

/// <summary>A guest's driver of a VT-d unit: tables and queue in memory, commands by registers.</summary>
internal sealed class RemappingDriver(Fabric fabric, RegisterAccess registers)
{
    /// <summary>The address of the table at the start; with 65536 entries it has 1 MiB.</summary>
    internal const ulong Table = 0x100000;
    /// <summary>The address of the queue at the start; it has 256 descriptors.</summary>
    internal const ulong Queue = 0x10000;
    /// <summary>The smallest memory that contains both.</summary>
    internal const int MemoryBytes = 0x200000;

    /// <summary>Sets up the unit like the driver of an operating system.</summary>
    internal void Prepare(RemappingSpec spec)
    {
        Write(0, VtdOffset.TableAddress, sizeof(ulong), Table | spec.TableSize | (spec.Extended ? TableAddress.Extended : 0));
        Command(0, GlobalCommand.SetTable, on: true);
        Write(0, VtdOffset.QueueAddress, sizeof(ulong), Queue);
        Command(0, GlobalCommand.Queue, on: true);
        if (spec.Compatibility)
            Command(0, GlobalCommand.Compatibility, on: true);
        if (spec.On)
            Command(0, GlobalCommand.Remapping, on: true);
    }

    /// <summary>Gives one command; the other enabled features stay enabled.</summary>
    internal void Command(int cpu, ulong command, bool on)
    {
        var switches = new GlobalCommand(Read(cpu, VtdOffset.GlobalStatus, sizeof(uint)) & GlobalCommand.Switches);
        Write(cpu, VtdOffset.GlobalCommand, sizeof(uint), switches.With(command, on).Bits);
    }

    /// <summary>Writes entries of the table.</summary>
    /// <exception cref="WorldException">The entry is not in memory, or its destination does not fit.</exception>
    internal void Write(int cpu, IrteCommand command)
    {
        var table = new TableAddress(Read(cpu, VtdOffset.TableAddress, sizeof(ulong)));
        if (!table.IsExtended && command.Message.Destination > byte.MaxValue)
            throw new WorldException($"destination {command.Message.Destination} needs extended interrupt mode");
        Irte entry = Irte.For(command.Message, table.IsExtended)
            .WithSource(command.Validation, command.Source, command.Qualifier)
            .WithFaultsSuppressed(command.FaultsSuppressed).WithPresent(command.Present);
        for (int index = command.First; index <= command.Last; index++)
            Put(cpu, table.EntryAddress(index), entry.Low, entry.High);
    }

    /// <summary>Puts descriptors into the queue, and moves the tail once.</summary>
    internal void Invalidate(int cpu, InvalidateCommand command)
    {
        ulong tail = Read(cpu, VtdOffset.QueueTail, sizeof(ulong));
        var queue = new QueueAddress(Read(cpu, VtdOffset.QueueAddress, sizeof(ulong)));
        if (command.Does)
        {
            Submit(cpu, command.Index < 0 ? QueuedDescriptor.AllEntries
                : QueuedDescriptor.Entries((ushort)command.Index, command.Mask), queue, ref tail);
        }
        if (command.Wait is { } wait)
        {
            Submit(cpu, wait.Address < 0 ? QueuedDescriptor.WaitInterrupt
                : QueuedDescriptor.Wait((ulong)wait.Address, wait.Data, wait.Interrupt), queue, ref tail);
        }
        Write(cpu, VtdOffset.QueueTail, sizeof(ulong), tail);
    }

    private void Submit(int cpu, QueuedDescriptor descriptor, QueueAddress queue, ref ulong tail)
    {
        Put(cpu, queue.DescriptorAddress(tail), descriptor.Low, descriptor.High);
        tail = queue.Next(tail);
    }

    private void Put(int cpu, ulong address, ulong low, ulong high)
    {
        Span<byte> there = stackalloc byte[2 * sizeof(ulong)];
        if (!fabric.Memory.TryRead(address, there))
            throw new WorldException($"there is no memory at 0x{address:x}");
        registers.WriteMemory(cpu, address, sizeof(ulong), low);
        registers.WriteMemory(cpu, address + sizeof(ulong), sizeof(ulong), high);
    }

    private ulong Read(int cpu, uint offset, int size) => registers.ReadUnit(cpu, offset, size);
    private void Write(int cpu, uint offset, int size, ulong value) => registers.WriteUnit(cpu, offset, size, value);
}
