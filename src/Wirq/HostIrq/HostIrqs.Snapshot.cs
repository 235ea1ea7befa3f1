using Wirq.Snapshots;
using Wirq.State;

namespace Wirq.HostIrq;

/// <content>Saving and restoring a host's interrupts.</content>
public sealed partial class HostIrqs
{
    /// <summary>What the actions of a line say about it.</summary>
    private readonly record struct ActionSum(int Active, ulong Threads, bool Finishing);

    private const HostRequestBits Kept = HostRequestBits.Shared | HostRequestBits.Oneshot | HostRequestBits.PerCpu | Triggers;

    /// <summary>Writes a snapshot: every line, action, thread and pin. docs/snapshots.md describes the format.</summary>
    /// <returns>The snapshot. The same state gives the same bytes.</returns>
    /// <remarks>A hard handler or a thread that its owner has taken and not answered is in it: the owner of the restored host
    /// answers.</remarks>
    /// <exception cref="InvalidOperationException">Effects wait: take them first.</exception>
    public byte[] Save() => HostSnapshot.Write(Events, Move);

    /// <summary>Takes over the state of a snapshot of a host that was built from equal options. Nothing is called or run.</summary>
    /// <param name="snapshot">The snapshot. It may be anything: everything is checked before anything changes.</param>
    /// <exception cref="SnapshotException">The snapshot cannot be restored. The host is as before.</exception>
    /// <exception cref="InvalidOperationException">Effects wait: take them first. Or devices have lines of this
    /// host.</exception>
    public void Restore(ReadOnlySpan<byte> snapshot)
    {
        HostSnapshot.DemandRest(Events);
        if (HasOwned())
            throw new InvalidOperationException("devices have lines of this host: restore it with its devices");
        var read = new HostIrqs(Options);
        HostSnapshot.Read(snapshot, Events.Now, read.Move);
        if (read.HasOwned())
            throw new SnapshotException(snapshot.Length, "owner", "a device", "none: only a host with devices has those");
        Arena.CopyFrom(read.Arena, read._firstBlock, _firstBlock, Blocks);
        Events.Now = read.Events.Now;
    }

    private bool HasOwned()
    {
        foreach (ref readonly HostActionState action in _actions.Span)
        {
            if (action.Owner != 0)
                return true;
        }
        return false;
    }

    private void Move(SnapshotFields f)
    {
        f.Section(SectionId.HostShape, "hostShape", () => HostShape.Move(f, Options));
        f.Section(SectionId.HostIrqs, "hostIrqs", () => MoveState(f));
    }

    /// <summary>Moves the state as fields of a snapshot.</summary>
    internal void MoveState(Fields f)
    {
        HostSnapshot.MoveTime(f, Events);
        f.Row("lines", _lines.Count, line => MoveLine(f, line));
    }

    private void MoveLine(Fields f, int line)
    {
        HostLineState its = _lines[line];
        MoveBits(f, ref its);
        its.Depth = (uint)f.Number("depth", (int)its.Depth, 0, int.MaxValue);
        its.Disabled = its.Depth != 0 ? (byte)1 : (byte)0;
        its.PinMasked = its.Masked;
        its.Cpu = (ushort)f.Number("cpu", its.Cpu, 0, Options.Cpus - 1);
        its.MoveTo = (ushort)f.Number("moveTo", its.MoveTo, 0, Chip(line).MovesAtOnce ? 0 : Options.Cpus);
        its.Flags = (HostRequestBits)f.U16("flags", (ushort)its.Flags, (ushort)Kept);
        its.Count = (uint)f.Number("count", (int)its.Count, 0, SpuriousCount - 1);
        its.Unhandled = (uint)f.Number("unhandled", (int)its.Unhandled, 0, (int)its.Count);
        its.LastUnhandled = f.Time("lastUnhandled", its.Unhandled == 0 ? long.MinValue : its.LastUnhandled, never: long.MinValue);
        if (its.Unhandled == 0)
            its.LastUnhandled = 0;
        its.First = (byte)f.Number("first", its.First, 0, Options.Actions);
        MoveRuns(f, line, ref its);
        f.Row("actions", Options.Actions, slot => MoveAction(f, line, slot));
        ActionSum sum = Sum(f, line);
        its.Threads = sum.Threads;
        if (f.IsReading)
            _lines[line] = its;
        CheckActions(f, line, its, sum);
        CheckLine(f, line, its);
    }

    private static void MoveBits(Fields f, ref HostLineState its)
    {
        its.Masked = f.Flag("masked", its.Masked);
        its.Pending = f.Flag("pending", its.Pending);
        its.Replay = f.Flag("replay", its.Replay);
        its.SpuriousDisabled = f.Flag("spuriousDisabled", its.SpuriousDisabled);
        its.Polling = f.Flag("polling", its.Polling);
        its.Started = f.Flag("started", its.Started);
        its.Unlazy = f.Flag("unlazy", its.Unlazy);
        its.PinHigh = f.Flag("pinHigh", its.PinHigh);
        its.PinInService = f.Flag("pinInService", its.PinInService);
        its.PinLatched = f.Flag("pinLatched", its.PinLatched);
        its.EoiOwed = f.Flag("eoiOwed", its.EoiOwed);
        its.JudgesLater = f.Flag("judgesLater", its.JudgesLater);
        its.ThreadHandled = f.Flag("threadHandled", its.ThreadHandled);
    }

    private void MoveRuns(Fields f, int line, ref HostLineState its)
    {
        bool perCpu = Flow(line) == HostFlow.PerCpu;
        f.Row("handlers", perCpu ? Options.Cpus : 1, cpu =>
        {
            ref HostRunState run = ref _runs[line * Options.Cpus + cpu];
            run.Cursor = (byte)f.Number("action", run.Cursor, 0, Options.Actions);
            if (run.Cursor == 0)
                return;
            run.Answers = f.U8("answers", run.Answers, (byte)(HandlerAnswer.Handled | HandlerAnswer.WakeThread));
            run.Cpu = perCpu ? (ushort)cpu : (ushort)f.Number("cpu", run.Cpu, 0, Options.Cpus - 1);
        });
        its.InProgress = !perCpu && _runs[line * Options.Cpus].Cursor != 0 ? (byte)1 : (byte)0;
    }

    private void MoveAction(Fields f, int line, int slot)
    {
        ref HostActionState its = ref Action(line, slot);
        its.Use = f.Choice("use", its.Use);
        if (its.Use == ActionUse.Free)
        {
            if (f.IsReading)
                its = default;
            return;
        }
        its.Next = (byte)f.Number("next", its.Next, 0, Options.Actions);
        its.Phase = f.Choice("thread", its.Phase);
        its.RunAgain = f.Flag("runAgain", its.RunAgain);
        its.HasHandler = f.Flag("hasHandler", its.HasHandler);
        its.HasThread = f.Flag("hasThread", its.HasThread);
        its.Bit = (byte)f.Number("bit", its.Bit, 0, MaxBits);
        its.Owner = f.U16("owner", its.Owner);
        f.Demand(its.Next != slot + 1, "next", $"{its.Next}", "another action");
        f.Demand(its.HasHandler != 0 || its.HasThread != 0, "hasThread", "no", "a handler or a thread");
        f.Demand(its.HasThread != 0 || its.Phase == ThreadPhase.Idle, "thread", $"{its.Phase}", "none");
        f.Demand(its.RunAgain == 0 || its.Phase is ThreadPhase.Running or ThreadPhase.Finishing, "runAgain", "yes", "no: the thread does not run");
        f.Demand(its.Use == ActionUse.Active || its.Phase != ThreadPhase.Idle || Runs(line, slot), "use", $"{its.Use}", "Free: nothing of it runs any more");
    }

    /// <summary>Whether an action's hard handler runs somewhere.</summary>
    private bool Runs(int line, int slot)
    {
        foreach (ref readonly HostRunState run in _runs.Span.Slice(line * Options.Cpus, Options.Cpus))
        {
            if (run.Cursor == slot + 1)
                return true;
        }
        return false;
    }
}
