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
                    _fabric.Virqs.BindFailed(next);
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
                _fabric.Virqs!.Answer(next, Asks(next, static (host, e) => host._kernel!.Signal(e.Message)));
                break;
            case EventKind.PinInjected:
                _fabric.PinAnswered(next.IoApic, next.Pin, Asks(next, static (host, e) => host._kernel!.Signal(e.Message)));
                break;
            case EventKind.MessageInjected:
                _fabric.MessageAnswered(next, Asks(next, static (host, e) => host._kernel!.Signal(e.Message)));
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
        if (HolderOf(ack) is not { } holder)
        {
            if (_port is not null)
                Outside(ack, static (host, e) => host._port!.Carry(e));
            return;
        }
        // It is looked up before the lock is left: by the time that it is told, its slot may be another's.
        EventFd resample = holder is Virq virq ? _fabric.Virqs!.ResampleOf(virq.Handle) : EventFd.None;
        bool told = Outside((holder, resample), static (host, hears) =>
        {
            if (hears.resample.Exists)
                host._eventPort!.Write(hears.resample);
            hears.holder.Acknowledged();
        });
        if (told && resample.Exists)
            _fabric.Virqs!.NoteResampled(((Virq)holder).Handle);
    }

    /// <summary>Who holds the source that an acknowledge is meant for; null where it is nobody that we know.</summary>
    private ILineHolder? HolderOf(in Event ack)
    {
        if (ack.Source >= _onLines.Length)
            return null;
        (ILineHolder? holder, uint generation) = _onLines[ack.Source];
        return generation == (uint)ack.A ? holder : null;
    }

    /// <summary>Does something outside the lock.</summary>
    /// <returns>Whether it was done.</returns>
    private bool Outside<T>(T what, Action<FabricHost, T> action) => Unlocked(what, action, null);

    /// <summary>Asks something outside the lock.</summary>
    /// <returns>The answer; false where the host refused.</returns>
    private bool Asks(Event e, Func<FabricHost, Event, bool> question) => Unlocked(e, null, question);

    /// <summary>What the host refuses is kept, for a call to throw.</summary>
    private bool Unlocked<T>(T what, Action<FabricHost, T>? action, Func<FabricHost, T, bool>? question)
    {
        Debug.Assert(Monitor.IsEntered(_lock));
        Monitor.Exit(_lock);
        try
        {
            if (question is not null)
                return question(this, what);
            action!(this, what);
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
