using System.Diagnostics;
using System.Runtime.CompilerServices;
using Wirq.Events;
using Wirq.Routing;
using Wirq.State;

namespace Wirq.Host;

/// <summary>Carries the effects of a fabric out, one at a time, in order. Everything that drives a machine drives this: a
/// host with threads, an emulator's loop, a laboratory, a replay.</summary>
/// <remarks>
/// A step machine: it has no lock and no thread. <see cref="Begin(out HostCall)"/> takes the oldest event. An effect
/// that stays inside the fabric has then been done; for one that leaves it, there is one <see cref="HostCall"/>.
/// Whoever drives makes that call, in its own time, and hands the answer to <see cref="Complete"/>, which may ask for
/// one call more. Inputs may come in between; they only queue. <see cref="Run"/> does all of that on one thread.
/// <para>The call in flight is part of the machine's state, and with it the routes that a commit copied. So a machine
/// can be copied between any two steps, and before any answer.</para>
/// </remarks>
internal sealed partial class Carrier
{
    private readonly Fabric _fabric;
    private readonly EventBuffer _events;
    private readonly LineTable _lines;
    private readonly RouteCache? _virqs;
    private readonly Block<CarrierState> _state;
    private readonly Block<KernelRoute> _routes;
    // The second is set where a drain has more to look at than the queue: with the first, or with a call in flight.
    private bool _isDriven, _isSpecial;

    internal Carrier(Fabric fabric)
    {
        _fabric = fabric;
        _events = fabric.Events;
        _lines = fabric.Lines;
        _virqs = fabric.RouteCache;
        _state = fabric.Arena.Reserve<CarrierState>(1, MakeCanonical);
        _routes = fabric.Arena.ReserveDerived<KernelRoute>(Math.Max(1, fabric.Options.Routing?.Kernel?.Routes ?? 0));
    }

    private void MakeCanonical(Span<CarrierState> copy, long now)
    {
        if (InFlight)
            copy[0].Effect = CanonicalEvent.Of(copy[0].Effect, _fabric, now);
    }

    /// <summary>Whether a call was begun and has no answer yet.</summary>
    internal bool InFlight => _state.Value.Kind != HostCallKind.None;

    /// <summary>The call in flight.</summary>
    internal HostCall Call => new(_state.Value.Kind, _state.Value.Effect, _state.Value.EventFd);

    /// <summary>What the kernel's table is to be, of a <see cref="HostCallKind.Commit"/> in flight.</summary>
    internal ReadOnlySpan<KernelRoute> Routes => _routes.Span[.._state.Value.Routes];

    /// <summary>The event that is next.</summary>
    internal bool TryPeek(out Event next)
    {
        bool any = !_events.IsEmpty;
        next = any ? _events.Peek(0) : default;
        return any;
    }

    /// <summary>Takes the oldest event and does nothing about it.</summary>
    internal void Skip() => _events.TryTake(out _);

    /// <summary>Takes the oldest event, and carries it out as far as it stays inside.</summary>
    /// <param name="call">What the host has to do about it.</param>
    /// <returns>Whether it has to do anything.</returns>
    internal bool Begin(out HostCall call)
    {
        if (_events.TryTake(out Event next))
            return Begin(next, out call);
        call = default;
        return false;
    }

    /// <summary>As <see cref="Begin(out HostCall)"/>, of an effect that was taken before.</summary>
    internal bool Begin(in Event next, out HostCall call)
    {
        Debug.Assert(!InFlight, "a call is in flight");
        if (next.IsEffect && !DoInside(next))
            return Open(next, out call);
        call = default;
        return false;
    }

    /// <summary>The call in flight has its answer.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="next">What the host has to do next about the same effect.</param>
    /// <returns>Whether it has to do anything.</returns>
    internal bool Complete(in HostAnswer answer, out HostCall next)
    {
        HostCall call = Call;
        Close();
        Take(call, answer);
        // Its source may have left meanwhile, and its slot be another's.
        if (call.IsResample && _lines.IsCurrent(call.Effect.Source, call.Generation))
            return Open(call.Effect, HostCallKind.Acknowledge, EventFd.None, out next);
        next = default;
        return false;
    }

    /// <summary>Whether somebody carries effects out already: a host that has taken the fabric over, or a drain further up on
    /// the stack. No state of the machine.</summary>
    internal bool IsDriven
    {
        get => _isDriven;
        set => (_isDriven, _isSpecial) = (value, value);
    }

    /// <summary>The machine took over the state of another, perhaps before an answer.</summary>
    internal void Copied() => _isSpecial |= InFlight;

    /// <summary>Carries out everything that waits. Called from within an effect, or where a host drives, it only leaves it to
    /// whoever does.</summary>
    /// <typeparam name="TPorts">Who carries out what leaves the fabric. A type for each, so that where there is nobody
    /// nothing is asked.</typeparam>
    /// <exception cref="KernelException">The host refused something. It is thrown once all has run, and it is the first
    /// one.</exception>
    internal void Run<TPorts>(TPorts ports) where TPorts : struct, ICallPorts
    {
        if (_isSpecial || ports.Observes)
        {
            if (!IsDriven)
                RunOn(default, ports);
            return;
        }
        while (!_events.IsEmpty)
        {
            // What is done inside reads its effect before it appends any, which might take its place.
            ref readonly Event next = ref _events.TakeInPlace();
            if (DoInside(next) || !next.IsEffect || !ports.Wants(next.Kind))
                continue;
            RunOn(next, ports);
            return;
        }
    }

    /// <summary>As <see cref="Run"/>, from where somebody outside is called: they may call back, and may throw.</summary>
    /// <param name="first">An effect that was taken and leaves the fabric; none where its kind is 0.</param>
    /// <param name="ports">Who carries out what leaves the fabric.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void RunOn<TPorts>(Event first, TPorts ports) where TPorts : struct, ICallPorts
    {
        KernelException? failure = null;
        IsDriven = true;
        try
        {
            if (InFlight)
                Make(Call, ports, ref failure);
            else if (first.Kind != EventKind.None)
                Carry(first, ports, ref failure);
            // While it is observed, an event stands in the queue: a fork that is made then has it.
            while (TryPeek(out Event next))
                CarryObserved(next, ports, ref failure);
        }
        finally
        {
            IsDriven = false;
        }
        if (failure is not null)
            throw failure;
    }

    private void CarryObserved<TPorts>(in Event next, TPorts ports, ref KernelException? failure) where TPorts : struct, ICallPorts
    {
        try
        {
            if (ports.Observes)
                ports.Observe(next);
        }
        finally
        {
            // An observer that throws keeps no effect from being carried out.
            _events.TryTake(out _);
            if (next.IsEffect && !DoInside(next) && ports.Wants(next.Kind))
                Carry(next, ports, ref failure);
        }
    }

    private void Carry<TPorts>(in Event effect, TPorts ports, ref KernelException? failure) where TPorts : struct, ICallPorts
    {
        if (Open(effect, out HostCall call))
            Make(call, ports, ref failure);
    }

    private void Make<TPorts>(HostCall call, TPorts ports, ref KernelException? failure) where TPorts : struct, ICallPorts
    {
        for (bool due = true; due;)
        {
            HostAnswer answer = HostAnswer.Refused;
            bool answered = false;
            try
            {
                answer = ports.Make(call, Routes);
                answered = true;
            }
            finally
            {
                // A port that throws something else has not done it, and the step is complete all the same.
                for (due = Complete(answer, out call); due && !answered;)
                    due = Complete(HostAnswer.Refused, out call);
            }
            failure ??= answer.Failure;
        }
    }

    /// <summary>Carries out what stays inside the fabric. An acknowledge whose source has left stays there, too: whoever
    /// has its slot by now is not meant.</summary>
    /// <returns>False where it is for the world outside, or no effect.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool DoInside(in Event effect)
    {
        EventKind kind = effect.Kind;
        if (kind == EventKind.Deliver)
            _fabric.SendOfPin(effect);
        else if (kind == EventKind.EoiBroadcast)
            _fabric.Eoi(effect.Vector, level: !EoiBroadcast.Of(effect).Edge);
        else if (kind == EventKind.Ack)
            return !_lines.IsCurrent(effect.Source, Ack.Of(effect).Generation);
        // What a local APIC has for its CPU always leaves.
        else if (kind.Subsystem == Subsystem.LocalApic)
            return false;
        else
            return DoRouting(effect);
        return true;
    }

    private bool DoRouting(in Event effect)
    {
        switch (effect.Kind)
        {
            case EventKind.RouteChanged:
                _fabric.FollowRoute(effect.IoApic, effect.Pin, effect.Entry);
                return true;
            case EventKind.VirqBound:
                return !_virqs!.MayBind(effect);
            case EventKind.VirqRead:
                return !_virqs!.MayRead(effect);
            case EventKind.VirqInjected:
                return !_virqs!.Claim(effect) || _fabric.SendOfVirq(effect);
            case EventKind.UnitMessage:
                _fabric.SendOfUnit(effect);
                return true;
            default:
                return false;
        }
    }
}
