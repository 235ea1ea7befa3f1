using Wirq.State;

namespace Wirq.HostIrq;

/// <content>What a state must hold, so that nothing throws and no line stays masked with nobody to unmask it.</content>
public sealed partial class HostIrqs
{
    private const int MaxBits = 64;

    // --- what whoever forwards asks of an action

    internal bool IsHigh(int line) => _lines[line].PinHigh != 0;

    internal bool IsActive(int line, int action) => HasAction(line, action) && Action(line, action).Use == ActionUse.Active;

    /// <summary>Whether an action and its line are as a device's are.</summary>
    internal bool IsForwarded(int line, int action, bool thread, bool shared)
    {
        HostActionState its = Action(line, action);
        HostRequestBits flags = _lines[line].Flags;
        return its.HasHandler != 0 && (its.HasThread != 0) == thread && (flags & HostRequestBits.Shared) != 0 == shared
            && (flags & HostRequestBits.Oneshot) != 0 == (thread && !Chip(line).OneshotSafe);
    }

    internal bool ThreadRuns(int line, int action) => Action(line, action).Phase is ThreadPhase.Woken or ThreadPhase.Running;

    /// <summary>Whether nobody has to answer for it before something else happens.</summary>
    internal bool IsAtRest(int line, int action) => Action(line, action).Phase != ThreadPhase.Woken && !Runs(line, action);

    // --- a line and its actions

    private ActionSum Sum(Fields f, int line)
    {
        int active = 0;
        ulong bits = 0, threads = 0;
        bool finishing = false;
        for (int slot = 0; slot < Options.Actions; slot++)
        {
            ref HostActionState action = ref Action(line, slot);
            if (action.Use == ActionUse.Free)
                continue;
            active += action.Use == ActionUse.Active ? 1 : 0;
            f.Demand((bits & action.Mask) == 0, $"actions[{slot}].bit", $"{action.Bit}", "a bit of its own");
            bits |= action.Mask;
            finishing |= action.Phase == ThreadPhase.Finishing;
            if (action.Phase != ThreadPhase.Idle)
                threads |= action.Mask;
        }
        return new(active, threads, finishing);
    }

    private void CheckActions(Fields f, int line, HostLineState its, ActionSum sum)
    {
        f.Demand(sum.Active == 0 == (its.First == 0), "first", $"{its.First}", "the first of the actions, if there are any");
        // The list has each active action once.
        int listed = 0;
        for (byte next = its.First; next != 0 && listed <= sum.Active; next = Action(line, next - 1).Next, listed++)
        {
            HostActionState action = Action(line, next - 1);
            f.Demand(action.Use == ActionUse.Active, "first", $"a list with action {next - 1}", "only active ones in it");
            f.Demand((action.Bit != 0) == its.IsOneshot, $"actions[{next - 1}].bit", $"{action.Bit}", its.IsOneshot ? "one: the line is ONESHOT" : "none: the line is not ONESHOT");
            f.Demand(action.HasHandler != 0 || action.Bit != 0 || Chip(line).OneshotSafe, $"actions[{next - 1}].hasHandler", "no", "a hard handler, or ONESHOT");
        }
        f.Demand(listed == sum.Active, "first", "a list that does not have each active action once", "one that does");
        for (int slot = 0; slot < Options.Actions; slot++)
        {
            HostActionState action = Action(line, slot);
            if (action.Use == ActionUse.Leaving)
                f.Demand(action.Next == 0 || Action(line, action.Next - 1).Use == ActionUse.Active, $"actions[{slot}].next", $"{action.Next - 1}", "an active action");
        }
        for (int cpu = 0; cpu < Options.Cpus; cpu++)
        {
            byte cursor = _runs[line * Options.Cpus + cpu].Cursor;
            bool runs = cursor == 0 || Action(line, cursor - 1) is { Use: not ActionUse.Free, HasHandler: not 0 };
            f.Demand(runs, $"handlers[{cpu}].action", $"{cursor - 1}", "one that has a hard handler");
        }
        f.Demand(!sum.Finishing || its.InProgress != 0, "thread", $"{ThreadPhase.Finishing}", "hard handlers that run: a thread waits for them");
    }

    private void CheckLine(Fields f, int line, in HostLineState its)
    {
        bool isLevel = Options.Lines[line].IsLevel;
        HostRequestBits trigger = its.Flags & Triggers;
        f.Demand(its.Flags == 0 && its.First == 0 || trigger == (isLevel ? HostRequestBits.TriggerLevel : HostRequestBits.TriggerEdge), "flags", $"{its.Flags}",
            isLevel ? "a level" : "an edge");
        f.Demand(!its.IsOneshot || !Chip(line).OneshotSafe, "flags", $"{its.Flags}", "no ONESHOT: the chip is safe without it");
        f.Demand((its.Flags & HostRequestBits.Shared) != 0 || its.First == 0 || Action(line, its.First - 1).Next == 0, "flags", $"{its.Flags}", "Shared: it has several actions");
        f.Demand(its.Depth != 0 || its.Started != 0, "started", "no", "yes: the line is enabled");
        f.Demand(its.Started != 0 || its.Masked != 0, "masked", "no", "yes: the line is not started");
        f.Demand(its.Polling == 0 || its.InProgress != 0, "polling", "yes", "no: no handler runs");
        f.Demand(its.Masked == 0 || its.Depth != 0 || its.InProgress != 0 || its.Threads != 0 || its.First == 0, "masked", "yes",
            "no: nobody would unmask it");
        f.Demand(!isLevel || its is { PinLatched: 0, Replay: 0 }, "pinLatched", "an edge", "none: the line is a level");
        f.Demand(its.EoiOwed == 0 || Flow(line) == HostFlow.FastEoi && Chip(line).EoiThreaded && its.Threads != 0, "eoiOwed", "yes",
            "no: no thread would do it");
        bool inService = Flow(line) == HostFlow.FastEoi
            && (its.InProgress != 0 || its.EoiOwed != 0 || Chip(line).EoiIfHandled || Chip(line).EoiNeedsEnabled
                || Chip(line).EoiThreaded && Options.Profile == HostProfile.Linux);
        f.Demand(its.PinInService == 0 || inService, "pinInService", "yes", "no: nobody would end it");
    }
}
