using Wirq.Events;
using Wirq.HostIrq;

namespace Wirq.Tests.HostIrq;

/// <summary>One line of a host, and what it makes in few words.</summary>
internal sealed class HostWorld
{
    internal HostWorld(HostFlow flow = HostFlow.FastEoi, IrqChipOptions? chip = null, int cpus = 2, int actions = 8) : this(new HostIrqOptions
    {
        Lines = [new() { Flow = flow, IsLevel = flow != HostFlow.Edge, Chip = chip ?? new() }], Cpus = cpus, Actions = actions,
    })
    {
    }

    internal HostWorld(HostIrqOptions options) => Irqs = new HostIrqs(options);

    internal HostIrqs Irqs { get; }

    /// <summary>Requests line 0, and drops what follows.</summary>
    internal int Request(HostRequestBits flags = HostRequestBits.None, bool handler = true, bool thread = false)
    {
        Assert.Equal(LinuxError.None, Irqs.Request(0, new(flags, handler, thread), out int action));
        Said();
        return action;
    }

    internal LinuxError Try(HostRequestBits flags = HostRequestBits.None, bool handler = true, bool thread = false) =>
        Irqs.Request(0, new(flags, handler, thread), out _);

    /// <summary>All effects that wait, in words.</summary>
    internal string Said()
    {
        var said = new List<string>();
        while (Irqs.Events.TryTake(out Event e))
        {
            if (e.IsEffect)
                said.Add(Word(e));
        }
        return string.Join(' ', said);
    }

    private static string Word(in Event e) => e.Kind switch
    {
        EventKind.HostChipCall when HostChipCall.Of(e) is { Call: ChipCall.Move } moved => $"move{moved.Cpu}",
        EventKind.HostChipCall => HostChipCall.Of(e).Call.ToString().ToLowerInvariant(),
        EventKind.HostHardHandler => $"hard{e.Unit}",
        EventKind.HostThreadWoken => $"wake{e.Unit}",
        EventKind.HostResend => "resend",
        _ => e.ToString(),
    };

    /// <summary>The interrupt arrives, and what follows up to the first handler.</summary>
    internal string Fire(int cpu = 0)
    {
        Assert.True(Irqs.Interrupt(0, cpu));
        return Said();
    }

    internal string Answer(int action, HandlerAnswer answer = HandlerAnswer.Handled, int cpu = 0)
    {
        Assert.True(Irqs.Answer(0, action, answer, cpu));
        return Said();
    }

    internal string EndThread(int action)
    {
        Assert.True(Irqs.ThreadEnded(0, action));
        return Said();
    }
}
