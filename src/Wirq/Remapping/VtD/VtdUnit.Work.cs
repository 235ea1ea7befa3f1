using System.Buffers.Binary;
using Wirq.Events;

namespace Wirq.Remapping.VtD;

/// <content>The pending work of writes: commands and the invalidation queue.</content>
internal sealed partial class VtdUnit
{
    private bool QueueRuns => Status.Has(GlobalCommand.Queue)
        && !new FaultStatus(Word(VtdRegister.FaultStatus)).Has(FaultStatus.QueueError)
        && Word(VtdRegister.QueueHead) != Word(VtdRegister.QueueTail);

    /// <summary>Does one piece of the pending work of writes: a command, or a descriptor of the queue. Before the next
    /// piece is done, and before the guest continues, the owner drops the cached translations of
    /// <paramref name="ended"/>.</summary>
    /// <param name="memory">The memory of the queue.</param>
    /// <param name="events">Where effects go: <see cref="EventKind.MemoryWrite"/> and
    /// <see cref="EventKind.UnitMessage"/>.</param>
    /// <param name="ended">The entries that this piece invalidated.</param>
    /// <returns>False if no work was left. A write leaves at most six commands and one queue, of at most 32768
    /// descriptors.</returns>
    public bool TryStep(IGuestMemory memory, EventBuffer events, out CookieRange ended)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(events);
        ended = CookieRange.Empty;
        var pending = new GlobalCommand(S.Command.Pending(Status));
        if (pending.Bits != 0)
        {
            if (Carry(pending, events))
                ended = CookieRange.AllOf(_unit);
            return true;
        }
        if (!QueueRuns)
            return false;
        ended = CarryDescriptor(memory, events);
        return true;
    }

    /// <summary>Carries out one command. The manual does not let software give several at once (11.4, GCMD_REG); they
    /// are carried out in the order in which a driver would give them.</summary>
    /// <returns>Whether it invalidates everything.</returns>
    private bool Carry(GlobalCommand pending, EventBuffer events)
    {
        if (pending.Has(GlobalCommand.SetTable))
        {
            // CAP_REG.ESIRTPS: setting the pointer also invalidates everything cached from the old table.
            S.Table = new TableAddress(Word(VtdRegister.TableAddress));
            Complete(GlobalCommand.SetTable);
            return true;
        }
        if (pending.Has(GlobalCommand.Compatibility))
        {
            Switch(GlobalCommand.Compatibility);
            return true;
        }
        if (pending.Has(GlobalCommand.Remapping))
        {
            bool on = Switch(GlobalCommand.Remapping);
            RewindRecords();
            if (events.Observing)
                events.Observe(new RemapSwitched(_unit, on).ToEvent());
            return true;
        }
        if (pending.Has(GlobalCommand.Queue))
        {
            // Disabling the queue resets the head (11.4, IQH_REG), so a queue always starts at its first descriptor.
            if (Switch(GlobalCommand.Queue))
                S.Queue = new QueueAddress(Word(VtdRegister.QueueAddress));
            else
                Word(VtdRegister.QueueHead) = 0;
        }
        else if (pending.Has(GlobalCommand.SetRoot))
            Complete(GlobalCommand.SetRoot);
        else
        {
            Switch(GlobalCommand.Translation);
            RewindRecords();
        }
        return false;
    }

    private void Complete(ulong command)
    {
        S.Command = S.Command.With(command, false);
        Word(VtdRegister.GlobalStatus) = Status.With(command, true).Bits;
    }

    private bool Switch(ulong which)
    {
        bool on = S.Command.Has(which);
        Word(VtdRegister.GlobalStatus) = Status.With(which, on).Bits;
        return on;
    }

    /// <summary>With both kinds of remapping off, the next record is the first (7, "Primary Fault Logging").</summary>
    private void RewindRecords()
    {
        if (!Status.Has(GlobalCommand.Remapping | GlobalCommand.Translation))
            S.NextRecord = 0;
    }

    /// <summary>Fetches the descriptor at the head and carries it out (6.5.2). The head advances when it is done. If it
    /// cannot be done, the head stays, and the queue stops until software clears IQE (6.5.2.10).</summary>
    private CookieRange CarryDescriptor(IGuestMemory memory, EventBuffer events)
    {
        ulong head = Word(VtdRegister.QueueHead);
        if (Word(VtdRegister.QueueTail) >= S.Queue.Bytes)
            return Stop(QueueError.Tail, events);
        Span<byte> bytes = stackalloc byte[QueuedDescriptor.Size];
        ulong address = S.Queue.DescriptorAddress(head);
        if (address > _addressMask || !memory.TryRead(address, bytes))
            return Stop(QueueError.Fetch, events);
        var descriptor = new QueuedDescriptor(BinaryPrimitives.ReadUInt64LittleEndian(bytes),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[sizeof(ulong)..]));
        QueueError error = descriptor.Check();
        if (error != QueueError.None)
            return Stop(error, events);
        Word(VtdRegister.QueueHead) = S.Queue.Next(head);
        switch (descriptor.Type)
        {
            case DescriptorType.InterruptEntries:
                return descriptor.Selective
                    ? new(new RouteCookie(_unit, descriptor.FirstEntry), new RouteCookie(_unit, descriptor.LastEntry))
                    : CookieRange.AllOf(_unit);
            case DescriptorType.Wait:
                Complete(descriptor, events);
                break;
        }
        return CookieRange.Empty;
    }

    /// <summary>A wait descriptor: all earlier descriptors are done, because each was a separate step (6.5.2.8,
    /// 6.5.2.9).</summary>
    private void Complete(QueuedDescriptor wait, EventBuffer events)
    {
        if (wait.WritesStatus)
            events.Emit(new MemoryWrite(_unit, Origin.RemappingUnit(_unit), wait.StatusAddress, wait.StatusData).ToEvent());
        if (!wait.Interrupts)
            return;
        ref ulong status = ref Word(VtdRegister.CompletionStatus);
        // If it is already set, this is not a new interrupt condition (11.4, IECTL_REG.IP).
        if (status != 0)
            return;
        status = 1;
        Raise(VtdRegister.CompletionControl, events);
    }

    private CookieRange Stop(QueueError error, EventBuffer events)
    {
        ref ulong word = ref Word(VtdRegister.FaultStatus);
        var before = new FaultStatus(word);
        word = before.With(FaultStatus.QueueError, true).Bits;
        Word(VtdRegister.QueueErrorRecord) = (ulong)error;
        RaiseFault(before, events);
        return CookieRange.Empty;
    }
}
