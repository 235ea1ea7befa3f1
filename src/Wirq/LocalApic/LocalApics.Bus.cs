using System.Runtime.CompilerServices;
using Wirq.Events;

namespace Wirq;

// The bus: which CPUs are addressed, which one wins, which ones accept.
public sealed partial class LocalApics
{
    private const int LowestVector = 16;

    /// <summary>Delivers a message that arrives on the bus.</summary>
    /// <returns><see cref="RefusalReason.None"/> if at least one local APIC accepted it. An INIT level de-assert is
    /// accepted and has no effect (Intel SDM vol. 3, 11.4.7.4). A Fixed or LowestPriority message with trigger level
    /// and the level bit clear says that an input was withdrawn. It is refused as
    /// <see cref="RefusalReason.ReservedMode"/>, because a vector cannot be removed from IRR.</returns>
    internal RefusalReason Deliver(InterruptMessage message, Origin origin, EventBuffer events)
    {
        uint destination = message.Destination;
        if (!message.IsPlain || _bus.Value.Renumbered != 0 || destination is ByteBroadcast or WideBroadcast)
            return RouteByDestination(message, origin, events);

        // Each local APIC still has the id that it was built with, so one look-up is enough.
        RefusalReason reason = Nobody(listed: true);
        int cpu = CpuOf(destination);
        if (cpu >= 0)
        {
            ref ApicState s = ref _state[cpu];
            if (IsOnBus(in s))
                reason = AcceptVector(cpu, ref s, message, origin, events);
        }
        if (events.Observing)
            Report(message, origin, reason, 1, events);
        return reason;
    }

    /// <summary>Sets an edge in the IRR of one CPU, whatever its id is. A local APIC that is disabled does not take
    /// it.</summary>
    internal RefusalReason Inject(int cpu, byte vector, EventBuffer events)
    {
        InterruptMessage message = InterruptMessage.Create(vector, DeliveryMode.Fixed, destination: 0);
        ref ApicState s = ref _state[cpu];
        RefusalReason reason = IsOnBus(in s) ? AcceptVector(cpu, ref s, message, default, events) : RefusalReason.NoDestination;
        if (events.Observing)
            Report(message, default, reason, 1, events);
        return reason;
    }

    private RefusalReason RouteByDestination(InterruptMessage message, Origin origin, EventBuffer events)
    {
        if (!_quirks.DestinationTable)
            return Route(message, AddressedBy(message, origin), origin, events);
        Targets winners = LookUp(ref message, origin, out bool listed);
        return Route(message, winners, origin, events, listed);
    }

    /// <summary>The result if no CPU is addressed.</summary>
    private RefusalReason Nobody(bool listed) =>
        listed && _quirks.DestinationTable ? RefusalReason.NotListed : RefusalReason.NoDestination;

    private RefusalReason Route(InterruptMessage message, Targets targets, Origin origin, EventBuffer events,
        bool listed = false)
    {
        int accepted = 0;
        RefusalReason reason = Distribute(message, targets, listed, origin, events, ref accepted);
        if (events.Observing)
            Report(message, origin, reason, accepted, events);
        return reason;
    }

    /// <param name="message">The message.</param>
    /// <param name="targets">The CPUs that are addressed.</param>
    /// <param name="listed">Whether they were looked up in a table.</param>
    /// <param name="origin">The cause.</param>
    /// <param name="events">Receives the effects.</param>
    /// <param name="accepted">The number of CPUs that accepted it.</param>
    private RefusalReason Distribute(InterruptMessage message, Targets targets, bool listed, Origin origin,
        EventBuffer events, ref int accepted)
    {
        DeliveryMode mode = message.Mode;
        if (mode == DeliveryMode.ExtInt && _quirks.ExtIntIsFixed)
            mode = DeliveryMode.Fixed;
        bool withdrawn = message.Level && !message.Assert
            && !(_quirks.AssertOfIpiOnly && origin.Kind != OriginKind.Ipi);
        if (mode == DeliveryMode.Reserved && !_quirks.FormatUnchecked)
            return RefusalReason.ReservedMode;
        if (mode == DeliveryMode.ExtInt && _quirks.ExtIntDropped)
            return targets.Next() < 0 ? Nobody(listed) : RefusalReason.ReservedMode;
        if (mode == DeliveryMode.Init && withdrawn)
            return RefusalReason.None;

        if (mode is not (DeliveryMode.Fixed or DeliveryMode.LowestPriority))
        {
            for (int cpu; (cpu = targets.Next()) >= 0; accepted++)
                Signal(cpu, ref _state[cpu], mode, message.Vector, origin, events);
            if (mode == DeliveryMode.Init && accepted > 0)
                RemakeTable();
            return accepted == 0 ? Nobody(listed) : RefusalReason.None;
        }

        if (withdrawn && (!_quirks.DeassertDelivers || _quirks.AssertOfIpiOnly))
            return RefusalReason.ReservedMode;
        // RH has an effect with a logical destination only: a physical one names one processor (SDM vol. 3, 11.11.1).
        bool hinted = message.Hint && message.Logical && !_quirks.HintIgnored;
        if (!_quirks.VectorPicksWinner && (mode == DeliveryMode.LowestPriority || hinted))
        {
            RefusalReason none = Arbitrate(ref targets);
            if (none != RefusalReason.None)
                return none;
        }

        RefusalReason refusal = Nobody(listed);
        for (int cpu; (cpu = targets.Next()) >= 0;)
        {
            RefusalReason reason = AcceptVector(cpu, ref _state[cpu], message, origin, events);
            if (reason == RefusalReason.None)
                accepted++;
            // An illegal vector is the more specific reason: it does not depend on the state of one receiver.
            else if (refusal != RefusalReason.IllegalVector)
                refusal = reason;
        }
        return accepted > 0 ? RefusalReason.None : refusal;
    }

    /// <summary>Narrows the targets to the one that wins the arbitration for the lowest priority (Intel SDM vol. 3,
    /// 11.6.2.4): the software-enabled one with the lowest PPR. If several have the lowest PPR, the next one after the
    /// last winner wins.</summary>
    private RefusalReason Arbitrate(ref Targets targets)
    {
        if (_quirks.LowestIndexWins)
        {
            int first = targets.Next();
            targets = Targets.Only(this, first);
            return first < 0 ? RefusalReason.NoDestination : RefusalReason.None;
        }

        Targets candidates = targets;
        bool addressed = false;
        int winner = -1, best = int.MaxValue;
        for (int cpu; (cpu = candidates.Next()) >= 0;)
        {
            addressed = true;
            ref ApicState s = ref _state[cpu];
            if (!s.Spurious.Enabled)
                continue;
            int distance = cpu - _bus.Value.LastWinner - 1;
            int rank = s.Ppr * Count + (distance < 0 ? distance + Count : distance);
            if (rank < best)
                (best, winner) = (rank, cpu);
        }
        if (winner < 0)
            return addressed ? RefusalReason.SoftwareDisabled : RefusalReason.NoDestination;

        _bus.Value.LastWinner = winner;
        targets = Targets.Only(this, winner);
        return RefusalReason.None;
    }

    /// <summary>One local APIC receives a Fixed message, or a LowestPriority message that it won (Intel SDM vol. 3,
    /// 11.8.4).</summary>
    private RefusalReason AcceptVector(int cpu, ref ApicState s, InterruptMessage message, Origin origin,
        EventBuffer events)
    {
        RefusalReason reason = Refusal(in s, message.Vector);
        if (reason == RefusalReason.None)
            SetPending(cpu, ref s, message.Vector, message.Level, origin, events);
        else if (reason == RefusalReason.IllegalVector)
            RecordError(cpu, ref s, ErrorStatus.ReceiveIllegalVector, events);
        return reason;
    }

    /// <summary>Why one local APIC does not accept a vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private RefusalReason Refusal(in ApicState s, byte vector)
    {
        if (!s.Spurious.Enabled && !_quirks.AcceptsWhileDisabled)
            return RefusalReason.SoftwareDisabled;
        return vector < LowestVector && !_quirks.AnyVectorAccepted ? RefusalReason.IllegalVector : RefusalReason.None;
    }

    /// <summary>What a message would meet now, without sending it.</summary>
    /// <param name="message">As the local APICs see it.</param>
    /// <param name="cpus">The CPUs that it addresses, in their order; of lowest priority, those that may win.</param>
    /// <param name="sender">The CPU of an interprocessor interrupt; negative for a device's message.</param>
    /// <returns>Why none of them would accept it; <see cref="RefusalReason.None"/> where one would.</returns>
    internal RefusalReason Foresee(InterruptMessage message, List<int> cpus, int sender = -1)
    {
        Origin origin = sender < 0 ? Origin.Device(0) : Origin.Ipi(sender);
        if (message.Mode == DeliveryMode.Reserved && !_quirks.FormatUnchecked)
            return RefusalReason.ReservedMode;
        bool listed = false;
        Targets targets = _quirks.DestinationTable ? LookUp(ref message, origin, out listed) : AddressedBy(message, origin);
        bool vectored = message.Mode is DeliveryMode.Fixed or DeliveryMode.LowestPriority;
        RefusalReason refusal = Nobody(listed);
        bool accepted = false;
        for (int cpu; (cpu = targets.Next()) >= 0;)
        {
            cpus.Add(cpu);
            RefusalReason one = vectored ? Refusal(in _state[cpu], message.Vector) : RefusalReason.None;
            accepted |= one == RefusalReason.None;
            if (refusal != RefusalReason.IllegalVector)
                refusal = one;
        }
        return accepted ? RefusalReason.None : refusal;
    }

    private void SetPending(int cpu, ref ApicState s, byte vector, bool level, Origin origin, EventBuffer events)
    {
        bool wakes = Passes(in s, vector) && !Deliverable(in s);
        if (events.Observing)
            ObserveAccepted(cpu, in s, vector, level, origin, events);
        s.Irr.Add(vector);
        if (level)
            s.Tmr.Add(vector);
        else
            s.Tmr.Remove(vector);
        if (wakes)
            Wake(cpu, events);
    }

    /// <summary>Delivers a message that does not go through IRR. Every local APIC that is not hardware-disabled passes
    /// it on, even if it is software-disabled (Intel SDM vol. 3, 11.4.7.2). After an INIT the caller rebuilds the table
    /// of destinations.</summary>
    private void Signal(int cpu, ref ApicState s, DeliveryMode mode, byte vector, Origin origin, EventBuffer events)
    {
        switch (mode)
        {
            case DeliveryMode.Nmi:
                events.Emit(new Event(EventKind.CpuNmi, (ushort)cpu, origin.Bits));
                break;
            case DeliveryMode.Smi:
                events.Emit(new Event(EventKind.CpuSmi, (ushort)cpu, origin.Bits));
                break;
            case DeliveryMode.Init:
                InitBesidesTable(cpu, events);
                events.Emit(new Event(EventKind.CpuInit, (ushort)cpu, origin.Bits));
                break;
            case DeliveryMode.StartUp:
                events.Emit(new Event(EventKind.CpuStartUp, (ushort)cpu, origin.Bits, vector));
                break;
            case DeliveryMode.Reserved:
                // A profile accepts it as a remote read, which has no effect here.
                break;
            case DeliveryMode.ExtInt:
                if (s.ExtIntPending == 0)
                    Wake(cpu, events);
                s.ExtIntPending = 1;
                break;
        }
    }

    private static void Report(InterruptMessage message, Origin origin, RefusalReason reason, int accepted,
        EventBuffer events) => events.Observe(reason == RefusalReason.None
            ? new MessageAccepted(origin, message, (ulong)accepted).ToEvent()
            : new MessageRefused(origin, message, reason).ToEvent());

    private static void ObserveAccepted(int cpu, in ApicState s, byte vector, bool level, Origin origin,
        EventBuffer events) => events.Observe(new VectorAccepted(cpu, origin, vector, level, Merged: s.Irr.Has(vector)).ToEvent());
}
