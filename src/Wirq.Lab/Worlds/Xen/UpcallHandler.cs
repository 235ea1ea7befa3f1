using System.Numerics;
using System.Runtime.CompilerServices;
using Wirq.Xen;

namespace Wirq.Lab.Worlds;

/// <summary>How a guest handles the events of a vCPU, as Linux does. Each access to a word that the hypervisor changes is
/// one step.</summary>
/// <remarks>
/// In the 2-level ABI it takes the selector, reads each selected word, and handles what is pending there, not masked, and
/// bound to this vCPU. In the FIFO ABI it takes one event from the queue of the highest priority that is ready, and looks
/// at the ready bits again. Then it looks at its flag again.
/// </remarks>
internal static class UpcallHandler
{
    /// <summary>What a step did.</summary>
    internal enum Outcome
    {
        /// <summary>There is more to do.</summary>
        GoesOn,
        /// <summary>It handled the port.</summary>
        Handled,
        /// <summary>A queue leads to a port without a word.</summary>
        Lost,
        /// <summary>Nothing is left.</summary>
        Ends,
    }

    /// <summary>Does the next access.</summary>
    /// <param name="domain">The guest.</param>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="port">The port that it handled or found.</param>
    internal static Outcome Step(GuestDomain domain, int vcpu, out uint port)
    {
        port = 0;
        ref UpcallState state = ref domain.UpcallOf(vcpu);
        switch (state.Phase)
        {
            case UpcallPhase.Begin:
                domain.WriteFlag(vcpu, 0);
                state.Phase = UpcallPhase.Select;
                return Outcome.GoesOn;
            case UpcallPhase.Again when domain.ReadFlag(vcpu):
                state = default;
                return Outcome.GoesOn;
            case UpcallPhase.Again:
                state = default;
                return Outcome.Ends;
            default:
                return domain.IsFifo ? TakeOne(domain, vcpu, ref state, out port) : Scan(domain, vcpu, ref state, out port);
        }
    }

    private static Outcome Scan(GuestDomain domain, int vcpu, ref UpcallState state, out uint port)
    {
        port = 0;
        switch (state.Phase)
        {
            case UpcallPhase.Select:
                state.Waiting = domain.ReadSelector(vcpu);
                domain.WriteSelector(vcpu, 0);
                break;
            case UpcallPhase.Look:
                state.Place = (uint)BitOperations.TrailingZeroCount(state.Waiting);
                state.Waiting &= state.Waiting - 1;
                state.Ports = Bound(domain, vcpu, (int)state.Place, domain.ReadUnmasked((int)state.Place));
                break;
            default:
                port = state.Place * (uint)domain.WordBits + (uint)BitOperations.TrailingZeroCount(state.Ports);
                state.Ports &= state.Ports - 1;
                break;
        }
        state.Phase = state.Ports != 0 ? UpcallPhase.Handle : state.Waiting != 0 ? UpcallPhase.Look : UpcallPhase.Again;
        if (state.Ports == 0)
            state.Place = 0;
        return port != 0 && Clear(domain, port) ? Outcome.Handled : Outcome.GoesOn;
    }

    private static ulong Bound(GuestDomain domain, int vcpu, int word, ulong ports)
    {
        ulong bound = 0;
        for (ulong left = ports; left != 0; left &= left - 1)
        {
            int bit = BitOperations.TrailingZeroCount(left);
            if (domain.HandlerOf((uint)(word * domain.WordBits + bit)) == vcpu)
                bound |= 1ul << bit;
        }
        return bound;
    }

    private static Outcome TakeOne(GuestDomain domain, int vcpu, ref UpcallState state, out uint port)
    {
        port = 0;
        Span<byte> control = domain.ControlOf(vcpu);
        switch (state.Phase)
        {
            case UpcallPhase.Select:
                if (!control.IsEmpty)
                {
                    ref uint ready = ref GuestWords.U32(control, ControlBlock.Ready);
                    (state.Waiting, ready) = (state.Waiting | ready, 0);
                }
                state.Phase = state.Waiting == 0 ? UpcallPhase.Again : UpcallPhase.Look;
                return Outcome.GoesOn;
            case UpcallPhase.Look:
                state.Place = (uint)BitOperations.TrailingZeroCount(state.Waiting) % ControlBlock.Queues;
                state.Port = state.Heads[(int)state.Place] is not 0 and var known ? known
                    : GuestWords.U32(control, ControlBlock.HeadOf((int)state.Place));
                state.Phase = UpcallPhase.Unlink;
                return Outcome.GoesOn;
            case UpcallPhase.Unlink:
                ref uint word = ref domain.EventWordOf(state.Port);
                bool isLost = state.Port == 0 || Unsafe.IsNullRef(ref word);
                uint next = 0;
                if (!isLost)
                {
                    next = new EventWord(word).Link;
                    word &= ~(EventWord.LinkedBit | EventWord.LinkMask);
                }
                state.Heads[(int)state.Place] = next;
                if (next == 0)
                    state.Waiting &= ~(1ul << (int)state.Place);
                state.Place = 0;
                port = state.Port;
                state.Phase = isLost ? UpcallPhase.Select : UpcallPhase.Test;
                if (isLost)
                    state.Port = 0;
                return isLost ? Outcome.Lost : Outcome.GoesOn;
            case UpcallPhase.Test:
                state.Phase = domain.IsPending(state.Port) && !domain.IsMasked(state.Port) ? UpcallPhase.Handle : UpcallPhase.Select;
                if (state.Phase == UpcallPhase.Select)
                    state.Port = 0;
                return Outcome.GoesOn;
            default:
                (port, state.Port, state.Phase) = (state.Port, 0, UpcallPhase.Select);
                return Clear(domain, port) ? Outcome.Handled : Outcome.GoesOn;
        }
    }

    /// <returns>Whether the port was pending.</returns>
    private static bool Clear(GuestDomain domain, uint port)
    {
        bool was = domain.IsPending(port);
        domain.SetPending(port, false);
        return was;
    }
}
