using System.Diagnostics;
using Wirq.Events;
using Wirq.Routing;

namespace Wirq.Host;

/// <content>Carrying effects out.</content>
public sealed partial class FabricHost
{
    private void CarryOut(in Event next)
    {
        if (_port is not null)
            Outside(next, static (host, e) => host._port!.Observe(e));
        if (!next.IsEffect || _fabric.Execute(next))
            return;
        switch (next.Kind)
        {
            case EventKind.RoutesCommitted:
                Commit();
                break;
            case EventKind.VirqBound when _fabric.Virqs!.MayBind(next):
                if (!Outside(next, static (host, e) => host._kernel!.Bind(
                    (int)e.Index, new EventFd((int)e.A), new EventFd((int)(long)e.B))))
                    _fabric.Virqs.BindFailed(next.Unit);
                break;
            case EventKind.VirqBound:
                break;
            case EventKind.VirqUnbound:
                Outside(next, static (host, e) => host._kernel!.Unbind((int)e.Index, new EventFd((int)e.A)));
                break;
            case EventKind.VirqWatched:
                Outside(next, static (host, e) => host._eventPort!.Watch(new EventFd((int)e.A), e.Unit));
                break;
            case EventKind.VirqUnwatched:
                Outside(next, static (host, e) => host._eventPort!.Unwatch(new EventFd((int)e.A)));
                break;
            case EventKind.VirqRead:
                if (Asks(next, static (host, e) => host._eventPort!.Read(new EventFd((int)e.A))))
                    _fabric.Virqs!.ReadDone(next);
                break;
            case EventKind.VirqWritten:
                Outside(next, static (host, e) => host._eventPort!.Write(new EventFd((int)e.A)));
                break;
            case EventKind.VirqInjected:
                bool taken = Asks(next, static (host, e) => host._kernel!.Signal(e.Message));
                _fabric.Virqs!.Answer(next.Unit, next.Message, taken ? RefusalReason.None : RefusalReason.Kernel);
                break;
            case EventKind.PinInjected:
                _fabric.PinAnswered(next.IoApic, next.Pin, Asks(next, static (host, e) => host._kernel!.Signal(e.Message)));
                break;
            case EventKind.MessageInjected:
                Asks(next, static (host, e) => host._kernel!.Signal(e.Message));
                break;
            case EventKind.KernelLine:
                Outside(next, static (host, e) => host._kernel!.SetLine((int)e.Index, e.A != 0));
                break;
            case EventKind.MemoryWrite:
                Outside(next, static (host, e) => host._fabric.WriteMemory(e));
                break;
            case EventKind.Ack:
                CarryAck(next);
                break;
            default:
                if (_port is not null)
                    Outside(next, static (host, e) => host._port!.Carry(e));
                break;
        }
    }

    private void Commit()
    {
        int count = _fabric.Virqs!.CopyRoutes(_routes);
        if (Outside(new Event(EventKind.RoutesCommitted, 0, (uint)count),
            static (host, e) => host._kernel!.Commit(host._routes.AsSpan(0, (int)e.Index))))
            _fabric.CommitDone();
        else
            _fabric.Virqs.CommitFailed();
    }

    /// <summary>Every holder of the line hears: those who asked for a callback, and those who have a resample
    /// eventfd.</summary>
    private void CarryAck(in Event ack)
    {
        if (ack.Source >= _onLines.Length || _onLines[ack.Source] is not { } holder)
        {
            if (_port is not null)
                Outside(ack, static (host, e) => host._port!.Carry(e));
            return;
        }
        if (holder is not Virq virq)
        {
            Outside(ack, static (host, e) => host._onLines[e.Source]?.Acknowledged());
            return;
        }
        EventFd resample = _fabric.Virqs!.ResampleOf(virq.Handle);
        bool written = Outside(ack with { A = (ulong)(long)resample.Number }, static (host, e) =>
        {
            var fd = new EventFd((int)(long)e.A);
            if (fd.Exists)
                host._eventPort!.Write(fd);
            host._onLines[e.Source]?.Acknowledged();
        });
        if (written && resample.Exists)
            _fabric.Virqs.NoteResampled(virq.Handle);
    }

    /// <summary>Does something outside the lock.</summary>
    /// <returns>Whether it was done.</returns>
    private bool Outside(in Event e, Action<FabricHost, Event> action) => Unlocked(e, action, null);

    /// <summary>Asks something outside the lock.</summary>
    /// <returns>The answer; false where the host refused.</returns>
    private bool Asks(in Event e, Func<FabricHost, Event, bool> question) => Unlocked(e, null, question);

    /// <summary>What the host refuses is kept, for a call to throw.</summary>
    private bool Unlocked(Event e, Action<FabricHost, Event>? action, Func<FabricHost, Event, bool>? question)
    {
        Debug.Assert(Monitor.IsEntered(_lock));
        Monitor.Exit(_lock);
        try
        {
            if (question is not null)
                return question(this, e);
            action!(this, e);
            return true;
        }
        catch (KernelException failure)
        {
            Interlocked.CompareExchange(ref _failure, failure, null);
            return false;
        }
        finally
        {
            Monitor.Enter(_lock);
        }
    }
}
