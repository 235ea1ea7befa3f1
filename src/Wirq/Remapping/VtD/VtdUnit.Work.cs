using System.Buffers.Binary;
using Wirq.Events;

namespace Wirq.Remapping.VtD;

/// <content>The work that writes leave behind: commands and the invalidation queue.</content>
internal sealed partial class VtdUnit
{
    private bool QueueRuns => Status.Has(GlobalCommand.Queue)
        && !new FaultStatus(Word(VtdRegister.FaultStatus)).Has(FaultStatus.QueueError)
        && Word(VtdRegister.QueueHead) != Word(VtdRegister.QueueTail);

    /// <summary>Does one piece of the work that writes left behind: a command, or a descriptor of the queue. Before the
    /// next piece is done, and before the guest goes on, the owner drops what it has cached of
    /// <paramref name="ended"/>.</summary>
    /// <param name="memory">Where the queue is.</param>
    /// <param name="events">Where effects go: <see cref="EventKind.MemoryWrite"/> and
    /// <see cref="EventKind.UnitMessage"/>.</param>
    /// <param name="ended">The entries that this piece invalidated.</param>
    /// <returns>False when there was nothing left. A write leaves at most six commands and one queue, of at most 32768
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

    /// <summary>Carries one command out. Several at once are more than the manual lets software ask for (11.4,
    /// GCMD_REG); they are taken in the order that a driver would give them in.</summary>
    /// <returns>Whether it invalidates everything.</returns>
    private bool Carry(GlobalCommand pending, EventBuffer events)
    {
        if (pending.Has(GlobalCommand.SetTable))
        {
            // CAP_REG.ESIRTPS: with the pointer, what is cached of the old table goes.
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
            // Disabled, the head is reset (11.4, IQH_REG); so a queue always begins at its first descriptor.
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

    /// <summary>Fetches the descriptor at the head and carries it out (6.5.2). The head moves on when it is done; where
    /// it cannot be done the head stays, and the queue stops until software clears IQE (6.5.2.10).</summary>
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

    /// <summary>A wait descriptor: all before it is done, for each was a step of its own (6.5.2.8, 6.5.2.9).</summary>
    private void Complete(QueuedDescriptor wait, EventBuffer events)
    {
        if (wait.WritesStatus)
            events.Emit(new MemoryWrite(_unit, Origin.RemappingUnit(_unit), wait.StatusAddress, wait.StatusData).ToEvent());
        if (!wait.Interrupts)
            return;
        ref ulong status = ref Word(VtdRegister.CompletionStatus);
        // Set already, it is no new interrupt condition (11.4, IECTL_REG.IP).
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
