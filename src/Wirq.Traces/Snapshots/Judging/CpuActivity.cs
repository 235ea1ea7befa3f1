using Wirq.Events.Shadows;

namespace Wirq.Traces.Snapshots.Judging;

/// <summary>What a CPU does, as far as the file tells.</summary>
internal enum Doing : byte { NotKnown, Runs, RunsWithInterruptsOff, Halted, HaltedWithInterruptsOff, Woken }

/// <summary>What follows from what a CPU does, for what waits for it.</summary>
internal static class CpuActivity
{
    internal static Doing Of(SavedCpu cpu)
    {
        Fact halted = cpu.Halted.Is(yes => yes), flag = cpu.InterruptFlag.Is(yes => yes);
        if (!halted.IsKnown || !flag.IsKnown)
            return Doing.NotKnown;
        if (!halted.IsYes)
            return flag.IsYes ? Doing.Runs : Doing.RunsWithInterruptsOff;
        if (!flag.IsYes)
            return Doing.HaltedWithInterruptsOff;
        return cpu.Signalled.Is(yes => yes).IsYes ? Doing.Woken : Doing.Halted;
    }

    internal static string Words(SavedCpu cpu) => Of(cpu) switch
    {
        Doing.Runs => $"{cpu.Name} runs with interrupts on",
        Doing.RunsWithInterruptsOff => $"{cpu.Name} runs with interrupts off, as in a handler",
        Doing.Halted => $"{cpu.Name} is halted with interrupts on",
        Doing.HaltedWithInterruptsOff => $"{cpu.Name} is halted with interrupts off",
        Doing.Woken => $"{cpu.Name} is halted with interrupts on, and an interrupt is signalled to it already",
        _ => $"whether {cpu.Name} is halted, and whether its interrupts are on, the file does not tell",
    };

    /// <summary>What is said of an EOI that is owed: a CPU that runs may be in the handler that will give it, or have left it
    /// without an EOI, and both look the same in one state.</summary>
    internal static string Outlook(SavedCpu cpu) => Of(cpu) switch
    {
        Doing.Runs or Doing.RunsWithInterruptsOff => "; if a file that is saved a second later shows the same, no handler is about to end it",
        _ => "",
    };

    /// <summary>What becomes of an interrupt that waits until another one's handler on this CPU ends it. A halted CPU has
    /// left that handler, or never will.</summary>
    internal static Standing OfWaiting(SavedCpu cpu) => Of(cpu) switch
    {
        Doing.Halted or Doing.HaltedWithInterruptsOff or Doing.Woken => Standing.Owed,
        _ => Standing.NotKnown,
    };

    /// <summary>What becomes of an interrupt that nothing but the CPU itself still holds. One that runs with interrupts off may
    /// turn them on in a moment, or never.</summary>
    internal static Standing OfTaking(SavedCpu cpu) => Of(cpu) switch
    {
        Doing.Halted or Doing.HaltedWithInterruptsOff => Standing.Owed,
        Doing.Runs or Doing.Woken => Standing.InFlight,
        _ => Standing.NotKnown,
    };

    internal static Gate GateOfTaking(SavedCpu cpu) => Of(cpu) switch
    {
        Doing.HaltedWithInterruptsOff or Doing.RunsWithInterruptsOff => Gate.InterruptsOff,
        Doing.Halted => Gate.NotWoken,
        Doing.NotKnown => Gate.CpuUnknown,
        _ => Gate.None,
    };
}
