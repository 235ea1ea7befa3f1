using Wirq.Events;

namespace Wirq;

// Interprocessor interrupts (Intel SDM vol. 3, 11.6).
public sealed partial class LocalApics
{
    /// <summary>Sends the message of an ICR. This works while the local APIC is software-disabled too
    /// (11.4.7.2).</summary>
    private void Send(int cpu, InterruptCommand command, uint destination, EventBuffer events)
    {
        ref ApicState s = ref _state[cpu];
        DeliveryMode mode = command.Mode;
        if (mode == DeliveryMode.LowestPriority && !_options.LowestPriorityIpi)
        {
            // Only bit 4 is set, for any vector (11.5.3, bits 4 and 5).
            RecordError(cpu, ref s, ErrorStatus.RedirectableIpi, events);
            return;
        }
        bool bearsVector = mode is DeliveryMode.Fixed or DeliveryMode.LowestPriority;
        if (bearsVector && command.Vector < LowestVector && !_quirks.AnyVectorAccepted)
        {
            events.NoteMisuse(cpu, Misuse.Vector, (ulong)ApicRegister.CommandLow, command.Bits);
            RecordError(cpu, ref s, ErrorStatus.SendIllegalVector, events);
            return;
        }
        // Table 11-3: shorthands that include the sender are valid in Fixed mode only. ExtINT and 011 are reserved in
        // an ICR.
        bool includesSender = command.Shorthand is DestinationShorthand.Self or DestinationShorthand.AllIncludingSelf;
        if (includesSender && mode != DeliveryMode.Fixed && !_quirks.ShorthandAnyMode
            || mode == DeliveryMode.Reserved || mode == DeliveryMode.ExtInt && !_quirks.ExtIntIsFixed)
        {
            events.NoteMisuse(cpu, Misuse.Message, (ulong)ApicRegister.CommandLow, command.Bits);
            return;
        }

        // Level and trigger have a meaning in the INIT level de-assert only (11.6.1).
        bool keeps = _quirks.IpiKeepsTrigger || mode == DeliveryMode.Init;
        Origin origin = Origin.Ipi(cpu);
        InterruptMessage To(uint to, bool logical) => InterruptMessage.Create(command.Vector, mode, to, logical,
            keeps && command.Level, !keeps || command.Assert);
        // For a shorthand every local APIC is checked. The destination field matters only if it is physical 0xFF.
        Targets Sharing(int except = -1)
        {
            var all = Targets.All(this, except);
            bool one = _quirks.VectorPicksWinner && mode == DeliveryMode.LowestPriority
                && (command.Logical || destination != ByteBroadcast);
            return one ? EnabledWinner(all, command.Vector) : all;
        }
        switch (command.Shorthand)
        {
            case DestinationShorthand.Self:
                Route(To(_ids[cpu], false), Targets.Only(this, cpu), origin, events);
                break;
            case DestinationShorthand.AllIncludingSelf:
                Route(To(WideBroadcast, false), Sharing(), origin, events);
                break;
            case DestinationShorthand.AllExcludingSelf:
                Route(To(WideBroadcast, false), Sharing(except: cpu), origin, events);
                break;
            default:
                Deliver(To(destination, command.Logical), origin, events);
                break;
        }
    }
}
