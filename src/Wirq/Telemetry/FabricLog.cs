using Microsoft.Extensions.Logging;
using Wirq.Events;
using Wirq.Host;
using Wirq.Remapping;
using Wirq.Routing;

namespace Wirq.Telemetry;

/// <summary>Writes to a log what an operator should hear of: misuse by a guest, calls that the host refused, pressure on the
/// GSIs of a kernel, resets. It only looks.</summary>
/// <remarks>
/// <para><see cref="TelemetryHostBuilder.UseLogging"/> adds one to a host. A fabric without a host has it as its <see
/// cref="FabricPorts.Observer"/>, with <see cref="EventBuffer.Observing"/> set.</para>
/// <para>Categories are <c>Wirq.Guest</c>, <c>Wirq.Host</c>, <c>Wirq.Routing</c> and <c>Wirq.Machine</c>; event ids are those of
/// <see cref="FabricLogEvents"/>. Of each kind of message the 1st, 2nd, 4th, 8th, … is written, with its count: a guest may
/// do the same without end. Nothing is allocated for what is not written.</para>
/// <para>Not thread-safe: events come one at a time, in order.</para>
/// </remarks>
public sealed class FabricLog : IEventObserver
{
    // Failures by call and error; what is beyond that shares one limit.
    private const int MostFailures = 64;

    private readonly ILogger _guest, _host, _routing, _machine;
    private readonly LogLimit[] _misuses = new LogLimit[Enum.GetValues<Misuse>().Length];
    private readonly LogLimit[] _refusals = new LogLimit[Enum.GetValues<RefusalReason>().Length];
    private readonly Dictionary<(string Call, int Errno), LogLimit> _failures = [];
    private readonly int _budget;
    private LogLimit _errors, _msrs, _faults, _storms, _reclaims, _otherFailures;
    private long _waiting, _toldWaiting;

    /// <summary>Makes one.</summary>
    /// <param name="loggers">Where its loggers come from.</param>
    /// <param name="budget">How many GSIs virqs have, for its messages: <see cref="RouteCache.Budget"/>.</param>
    public FabricLog(ILoggerFactory loggers, int budget = 0)
    {
        ArgumentNullException.ThrowIfNull(loggers);
        (_guest, _host) = (loggers.CreateLogger("Wirq.Guest"), loggers.CreateLogger("Wirq.Host"));
        (_routing, _machine) = (loggers.CreateLogger("Wirq.Routing"), loggers.CreateLogger("Wirq.Machine"));
        _budget = budget;
    }

    /// <inheritdoc/>
    public bool Observes(in Event happened) => happened.Kind is EventKind.GuestMisuse or EventKind.ApicError or EventKind.MsrWrite
        or EventKind.MsrRead or EventKind.MessageRefused or EventKind.PinRefused or EventKind.RemapFaulted or EventKind.StormBraked
        or EventKind.VirqReclaimed or EventKind.VirqStateChanged or EventKind.MachineReset;

    /// <inheritdoc/>
    public void Observe(in Event happened)
    {
        switch (happened.Kind)
        {
            case EventKind.GuestMisuse:
                Tell(GuestMisuse.Of(happened));
                break;
            case EventKind.ApicError when _errors.Tells():
                FabricLogMessages.ApicError(_guest, happened.Cpu, ApicError.Of(happened).Fresh, _errors.Count);
                break;
            case EventKind.MsrWrite or EventKind.MsrRead when MsrAccess.Of(happened) is { Faulted: true } access && _msrs.Tells():
                FabricLogMessages.MsrFault(_guest, access.Cpu, access.Msr, access.Value, _msrs.Count);
                break;
            case EventKind.MessageRefused:
                Refuse(happened.Origin, happened.Message.Vector, happened.Reason);
                break;
            // Of other refusals of a pin, the message's own event tells.
            case EventKind.PinRefused when happened.Reason == RefusalReason.Kernel:
                Refuse(Origin.Pin(happened.IoApic, happened.Pin), 0, happened.Reason);
                break;
            case EventKind.RemapFaulted when _faults.Tells():
                RemapFaulted fault = RemapFaulted.Of(happened);
                FabricLogMessages.RemappingFault(_guest, Origin.Device(fault.Requester), fault.Unit, fault.Reason, _faults.Count);
                break;
            case EventKind.StormBraked when _storms.Tells():
                FabricLogMessages.Storm(_guest, happened.IoApic, happened.Pin, StormBraked.Of(happened).Deadline, _storms.Count);
                break;
            case EventKind.VirqReclaimed when _reclaims.Tells():
                FabricLogMessages.RouteReclaimed(_routing, happened.Unit, happened.Gsi, _budget, _reclaims.Count);
                break;
            case EventKind.VirqStateChanged:
                Follow(VirqStateChanged.Of(happened));
                break;
            case EventKind.MachineReset:
                FabricLogMessages.MachineReset(_machine);
                break;
        }
    }

    /// <inheritdoc/>
    public void Failed(KernelException failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        ref LogLimit limit = ref _otherFailures;
        (string, int) kind = (failure.Call, failure.Errno);
        if (_failures.ContainsKey(kind) || _failures.Count < MostFailures)
            limit = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_failures, kind, out _)!;
        if (limit.Tells())
            FabricLogMessages.HostRefused(_host, failure.Call, failure.Gsi, failure.Errno, failure.Advice, limit.Count);
    }

    private void Tell(GuestMisuse misuse)
    {
        ref LogLimit limit = ref _misuses[(int)misuse.What];
        if (limit.Tells())
            FabricLogMessages.GuestMisuse(_guest, misuse.Cpu, misuse.What, misuse.Where, misuse.Value, limit.Count);
    }

    private void Refuse(Origin origin, byte vector, RefusalReason reason)
    {
        ref LogLimit limit = ref _refusals[(int)reason];
        if (limit.Tells())
            FabricLogMessages.MessageRefused(_guest, origin, vector, reason, limit.Count);
    }

    /// <summary>The waiting list is told of as it doubles, anew after it was empty.</summary>
    private void Follow(VirqStateChanged change)
    {
        const long Worth = 64;
        if (change.Before == VirqState.Waiting && _waiting > 0 && --_waiting == 0)
            _toldWaiting = 0;
        if (change.State != VirqState.Waiting || ++_waiting < Math.Max(Worth, 2 * _toldWaiting))
            return;
        _toldWaiting = _waiting;
        FabricLogMessages.RoutesWaitedFor(_routing, _waiting, _budget);
    }
}
