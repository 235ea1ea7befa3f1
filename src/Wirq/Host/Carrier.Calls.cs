using System.Diagnostics;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Wirq.Events;
using Wirq.Routing;

namespace Wirq.Host;

/// <content>Which effect requests which call, and what its answer does.</content>
internal sealed partial class Carrier
{
    /// <summary>The one table that maps each effect that leaves the fabric to its call.</summary>
    private bool Open(in Event effect, out HostCall call) => effect.Kind switch
    {
        EventKind.RoutesCommitted => OpenCommit(effect, out call),
        EventKind.VirqBound => Open(effect, HostCallKind.Bind, effect.EventFd, out call),
        EventKind.VirqUnbound => Open(effect, HostCallKind.Unbind, effect.EventFd, out call),
        EventKind.VirqWatched => Open(effect, HostCallKind.Watch, effect.EventFd, out call),
        EventKind.VirqUnwatched => Open(effect, HostCallKind.Unwatch, effect.EventFd, out call),
        EventKind.VirqRead => Open(effect, HostCallKind.Read, effect.EventFd, out call),
        EventKind.VirqWritten => Open(effect, HostCallKind.Write, effect.EventFd, out call),
        EventKind.VirqInjected or EventKind.PinInjected or EventKind.MessageInjected =>
            Open(effect, HostCallKind.Signal, EventFd.None, out call),
        EventKind.KernelLine => Open(effect, HostCallKind.SetLine, EventFd.None, out call),
        EventKind.MemoryWrite => Open(effect, HostCallKind.WriteMemory, EventFd.None, out call),
        EventKind.Ack => OpenAck(effect, out call),
        EventKind.CpuInterrupt => Open(effect, HostCallKind.Interrupt, EventFd.None, out call),
        EventKind.CpuNmi => Open(effect, HostCallKind.Nmi, EventFd.None, out call),
        EventKind.CpuSmi => Open(effect, HostCallKind.Smi, EventFd.None, out call),
        EventKind.CpuInit => Open(effect, HostCallKind.Init, EventFd.None, out call),
        EventKind.CpuStartUp => Open(effect, HostCallKind.StartUp, EventFd.None, out call),
        EventKind.XenUpcall or EventKind.XenPollerWoken or EventKind.XenConsumerTold
            or EventKind.XenGuestIntx or EventKind.XenGuestGsi or EventKind.XenGuestMessage => Open(effect, HostCallKind.TellXen, EventFd.None, out call),
        _ => OpenNothing(effect, out call),
    };

    private static bool OpenNothing(in Event effect, out HostCall call)
    {
        Debug.Fail($"no code carries {effect.Kind} out");
        call = default;
        return false;
    }

    private bool Open(in Event effect, HostCallKind kind, EventFd fd, out HostCall call)
    {
        ref CarrierState state = ref _state.Value;
        (state.Effect, state.Kind, state.EventFd) = (effect, kind, fd);
        call = new HostCall(kind, effect, fd);
        return true;
    }

    /// <summary>Copies the table as it is now. What another thread changes during the kernel's call belongs to the next
    /// commit.</summary>
    private bool OpenCommit(in Event effect, out HostCall call)
    {
        int count = _virqs!.CopyRoutes(_routes.Span);
        _state.Value.Routes = count;
        _state.Value.RoutesHash = XxHash3.HashToUInt64(MemoryMarshal.AsBytes(Routes));
        return Open(new Event(EventKind.RoutesCommitted, 0, (uint)count) { Time = effect.Time },
            HostCallKind.Commit, EventFd.None, out call);
    }

    /// <summary>Every holder of the line gets the acknowledge: first by its resample eventfd, if it has one, then by a
    /// call.</summary>
    private bool OpenAck(in Event effect, out HostCall call)
    {
        EventFd resample = _virqs?.ResampleOf(_lines.VirqOf(effect.Source)) ?? EventFd.None;
        return Open(effect, resample.Exists ? HostCallKind.Write : HostCallKind.Acknowledge, resample, out call);
    }

    private void Close()
    {
        _routes.Span[.._state.Value.Routes].Clear();
        _state.Value = default;
    }

    private void Take(in HostCall call, in HostAnswer answer, bool stale)
    {
        switch (call.Kind)
        {
            case HostCallKind.Commit when answer.IsRefused:
                _virqs!.CommitFailed();
                break;
            case HostCallKind.Commit:
                _virqs!.CommitDone();
                break;
            case HostCallKind.Bind when answer.IsRefused:
                _virqs!.BindFailed(call.Effect);
                break;
            case HostCallKind.Read when answer.IsYes:
                _virqs!.ReadDone(call.Effect);
                break;
            // A pin may have sent again since a reset, and would take this answer for that message's.
            case HostCallKind.Signal when !answer.IsNobody && !(stale && call.Effect.Kind == EventKind.PinInjected):
                Answered(call.Effect, answer.IsYes);
                break;
            case HostCallKind.Write when call.IsResample && answer.IsYes:
                if (_lines.IsCurrent(call.Effect.Source, call.Generation))
                    _virqs!.NoteResampled(_lines.VirqOf(call.Effect.Source), call.Effect.Source);
                break;
        }
    }

    private void Answered(in Event injected, bool accepted)
    {
        switch (injected.Kind)
        {
            case EventKind.VirqInjected:
                _virqs!.Answer(injected, accepted);
                break;
            case EventKind.PinInjected:
                _fabric.PinAnswered(injected.IoApic, injected.Pin, accepted);
                break;
            case EventKind.MessageInjected:
                _fabric.MessageAnswered(injected, accepted);
                break;
        }
    }

    /// <summary>Answers a <see cref="EventKind.Deliver"/> that was skipped: it was carried out elsewhere, or is
    /// dropped.</summary>
    internal void AnswerDeliver(in Event deliver, RefusalReason reason) =>
        _fabric.Answer(deliver.IoApic, deliver.Pin, deliver.Msi, reason);
}
