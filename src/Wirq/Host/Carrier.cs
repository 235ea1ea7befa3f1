using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Wirq.Events;
using Wirq.Routing;
using Wirq.State;
using Wirq.Xen;

namespace Wirq.Host;

/// <summary>Carries out the effects of a fabric, one at a time, in order. Everything that drives a machine drives this:
/// a host with threads, an emulator's loop, a laboratory, a replay.</summary>
/// <remarks>
/// A step machine: it has no lock and no thread. <see cref="Begin(out HostCall)"/> takes the oldest event. If its
/// effect stays inside the fabric, it is done when this returns; if it leaves the fabric, there is one
/// <see cref="HostCall"/>. The driver makes that call, at any later time, and passes the answer to
/// <see cref="Complete"/>, which may request one more call. Inputs may come in between; they only queue.
/// <see cref="Step"/> does this for one event, and <see cref="Run"/> for all of them, on one thread.
/// <para>The call in flight is part of the machine's state, and so are the routes that a commit copied. So a machine
/// can be copied between any two steps, and before any answer.</para>
/// </remarks>
internal sealed partial class Carrier
{
    private readonly Fabric _fabric;
    private readonly EventBuffer _events;
    private readonly LineTable _lines;
    private readonly RouteCache? _virqs;
    private readonly XenMachine? _xen;
    private readonly Block<CarrierState> _state;
    private readonly Block<KernelRoute> _routes;
    // The second flag is set when a drain must check more than the queue: the first flag is set, or a call is in
    // flight.
    private bool _isDriven, _isSpecial;

    internal Carrier(Fabric fabric)
    {
        _fabric = fabric;
        _events = fabric.Events;
        _lines = fabric.Lines;
        _virqs = fabric.RouteCache;
        _xen = fabric.Xen;
        _state = fabric.Arena.Reserve<CarrierState>(1, MakeCanonical);
        _routes = fabric.Arena.ReserveDerived<KernelRoute>(Math.Max(1, fabric.Options.Routing?.Kernel?.Routes ?? 0));
    }

    private void MakeCanonical(Span<CarrierState> copy, long now)
    {
        if (InFlight)
            copy[0].Effect = CanonicalEvent.OfCall(copy[0].Effect, _fabric, now);
    }

    /// <summary>Whether a call was begun and has no answer yet.</summary>
    internal bool InFlight => _state.Value.Kind != HostCallKind.None;

    /// <summary>The call in flight.</summary>
    internal HostCall Call => new(_state.Value.Kind, _state.Value.Effect, _state.Value.EventFd);

    /// <summary>The new table of the kernel, for a <see cref="HostCallKind.Commit"/> in flight.</summary>
    internal ReadOnlySpan<KernelRoute> Routes => _routes.Span[.._state.Value.Routes];

    /// <summary>The event that is next.</summary>
    internal bool TryPeek(out Event next)
    {
        next = default;
        if (_events.IsEmpty)
            return false;
        ref readonly Event oldest = ref _events.Oldest;
        Event.Copy(oldest, oldest.Time, out next);
        return true;
    }

    /// <summary>The event that is next, in place; there must be one. It stays there until it is taken and another is appended.</summary>
    internal ref readonly Event Next => ref _events.Oldest;

    /// <summary>Takes the oldest event without carrying it out.</summary>
    internal void Skip() => _events.TryTake(out _);

    /// <summary>Takes the oldest event, and carries out the part that stays inside.</summary>
    /// <param name="call">The call that the host has to make.</param>
    /// <returns>Whether the host has to make a call.</returns>
    internal bool Begin(out HostCall call)
    {
        if (_events.TryTake(out Event next))
            return Begin(next, out call);
        call = default;
        return false;
    }

    /// <summary>As <see cref="Begin(out HostCall)"/>, for an effect that was already taken.</summary>
    internal bool Begin(in Event next, out HostCall call)
    {
        Debug.Assert(!InFlight, "a call is in flight");
        if (next.IsEffect && !DoInside(next))
            return Open(next, out call);
        call = default;
        return false;
    }

    /// <summary>Gives the call in flight its answer.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="next">The next call for the same effect.</param>
    /// <returns>Whether there is a next call.</returns>
    internal bool Complete(in HostAnswer answer, out HostCall next)
    {
        HostCall call = Call;
        bool stale = _state.Value.Stale != 0;
        Close();
        Take(call, answer, stale);
        // Its source may have left in the meantime, and its slot may have another owner.
        if (call.IsResample && _lines.IsCurrent(call.Effect.Source, call.Generation))
            return Open(call.Effect, HostCallKind.Acknowledge, EventFd.None, out next);
        next = default;
        return false;
    }

    /// <summary>Whether effects are already carried out elsewhere: by a host that owns the fabric, or by a drain
    /// further up the stack. This is not state of the machine.</summary>
    internal bool IsDriven
    {
        get => _isDriven;
        set => (_isDriven, _isSpecial) = (value, value);
    }

    /// <summary>The machine was reset: the answer of a call in flight is not for its pins.</summary>
    internal void MachineReset() => _state.Value.Stale = InFlight ? 1u : 0;

    /// <summary>The machine took over the state of another, possibly with a call in flight.</summary>
    internal void Copied() => _isSpecial |= InFlight;

    /// <summary>Carries out everything in the queue. If it is called from within an effect, or if a host drives the
    /// fabric, it leaves the queue to that driver.</summary>
    /// <typeparam name="TPorts">The ports that carry out what leaves the fabric. Each kind of ports is a type, so that
    /// the code without ports makes no call.</typeparam>
    /// <exception cref="KernelException">The host refused a call. It is thrown after everything has run, and it is the
    /// first refusal.</exception>
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
            // An effect that stays inside is read before it appends others, which might overwrite its place.
            ref readonly Event next = ref _events.TakeInPlace();
            if (DoInside(next, ports.Wants(EventKind.Ack)) || !next.IsEffect || !ports.Wants(next.Kind))
                continue;
            RunOn(next, ports);
            return;
        }
    }

    /// <summary>As <see cref="Run"/>, from the first call to the outside on: ports may call back, and may
    /// throw.</summary>
    /// <param name="first">An effect that was taken and leaves the fabric; none if its kind is 0.</param>
    /// <param name="ports">The ports that carry out what leaves the fabric.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void RunOn<TPorts>(Event first, TPorts ports) where TPorts : struct, ICallPorts
    {
        KernelException? failure = null;
        IsDriven = true;
        try
        {
            if (InFlight)
                Finish(Call, ports, null, ref failure);
            else if (first.Kind != EventKind.None && Open(first, out HostCall call))
                Finish(call, ports, null, ref failure);
            while (!_events.IsEmpty)
                Step(ports, ref failure);
        }
        finally
        {
            IsDriven = false;
        }
        if (failure is not null)
            throw failure;
    }

    /// <summary>Carries out the oldest event: reports it, does it, and makes the calls that it requests. A failure of the
    /// host is an answer. Any other exception of a port is thrown when the step is complete.</summary>
    /// <param name="ports">The ports; a host with threads releases its lock in them.</param>
    /// <param name="failure">The first failure of the host.</param>
    internal void Step<TPorts>(TPorts ports, ref KernelException? failure) where TPorts : struct, ICallPorts
    {
        Exception? thrown = null;
        // While it is observed, an event is still in the queue: a fork that is made then has it.
        if (ports.Observes && TryPeek(out Event seen))
            Report(seen, ports, ref thrown, ref failure);
        if (_events.TryTake(out Event next) && next.IsEffect && !DoInside(next) && ports.Wants(next.Kind) && Open(next, out HostCall call))
            Finish(call, ports, thrown, ref failure);
        else if (thrown is not null)
            ExceptionDispatchInfo.Throw(thrown);
    }

    private static void Report<TPorts>(in Event next, TPorts ports, ref Exception? thrown, ref KernelException? failure)
        where TPorts : struct, ICallPorts
    {
        try
        {
            ports.Observe(next);
        }
        catch (KernelException refused)
        {
            failure ??= refused;
        }
        catch (Exception other)
        {
            thrown = other;
        }
    }

    /// <summary>Makes a call, and those that follow from its answer.</summary>
    private void Finish<TPorts>(HostCall call, TPorts ports, Exception? thrown, ref KernelException? failure)
        where TPorts : struct, ICallPorts
    {
        for (bool due = true; due;)
        {
            HostAnswer answer = HostAnswer.Refused;
            try
            {
                answer = ports.Make(call, Routes);
            }
            catch (Exception other)
            {
                thrown ??= other;
            }
            failure ??= answer.Failure;
            due = Complete(answer, out call);
        }
        if (thrown is not null)
            ExceptionDispatchInfo.Throw(thrown);
    }

    /// <summary>Carries out an effect that stays inside the fabric. An acknowledge whose source has left stays inside
    /// too: it is not meant for the new owner of the slot.</summary>
    /// <param name="effect">The event.</param>
    /// <param name="wantsAcks">Whether acknowledges are carried out at all; if not, it does not matter whom they are
    /// for.</param>
    /// <returns>False if it is for the outside, or is not an effect.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool DoInside(in Event effect, bool wantsAcks = true)
    {
        EventKind kind = effect.Kind;
        if (kind == EventKind.Deliver)
            _fabric.SendOfPin(effect);
        else if (kind == EventKind.EoiBroadcast)
            _fabric.Eoi(effect.Vector, level: !EoiBroadcast.Of(effect).Edge);
        else if (kind == EventKind.Ack)
            return IsXenAck(effect) || wantsAcks && !_lines.IsCurrent(effect.Source, Ack.Of(effect).Generation);
        // A local APIC's effect for its CPU always leaves the fabric.
        else if (kind.Subsystem == Subsystem.LocalApic)
            return false;
        else
            return DoRouting(effect);
        return true;
    }

    /// <summary>Whether an acknowledge was for the Xen callback, which has heard it.</summary>
    private bool IsXenAck(in Event effect) =>
        _xen is not null && _xen.Callback.TryAcknowledge(effect.Source, Ack.Of(effect).Generation);

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
            case EventKind.XenUpcall:
                return _xen!.TakeUpcall(XenUpcall.Of(effect));
            case EventKind.XenGuestMessage:
                return _xen!.TakeMessage(effect);
            default:
                return false;
        }
    }
}
