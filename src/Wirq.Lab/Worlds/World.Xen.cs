using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Xen;

namespace Wirq.Lab.Worlds;

/// <content>The guests of a Xen hypervisor.</content>
/// <remarks>
/// A hypercall of a CPU leaves its guest, as an access to a chip does, and returns when its effects have run. An access to a
/// guest word leaves nothing. With the policy that looks at every entry, a CPU that was outside first enters its guest: that
/// is a step of its own.
/// </remarks>
public sealed partial class World
{
    private readonly XenGuests? _xen;

    internal XenGuests? Xen => _xen;

    /// <summary>Whether a CPU that waits in SCHEDOP_poll does nothing else.</summary>
    private bool IsPolling(int cpu) => _xen is not null && _xen.IsPolling(cpu);

    /// <summary>Whether the hypervisor looks at the callback's flag before a CPU goes on.</summary>
    private bool LooksFirst(int cpu) => _xen is not null && _xen.Looks(cpu);

    internal bool TakesInterrupts(int cpu) => _cpus[cpu].Interrupts != 0;

    /// <summary>A CPU enters its guest.</summary>
    private void EnterGuest(int cpu)
    {
        Spend(Worker.Cpus, 1);
        _xen!.Enter(cpu);
        if (IsConcurrent)
            WaitOfCpu(cpu) = Waiting;
    }

    /// <summary>A CPU does the next access of a handler that handles its events.</summary>
    /// <returns>Whether it has ended.</returns>
    private bool StepUpcall(int cpu, Step step)
    {
        StepWatcher?.Invoke(step);
        if (_xen!.IsBeginning(cpu))
            Timeline.Add(step, Fabric.Now, ofScenario: false);
        Spend(Worker.Cpus, 1);
        return _xen.Handle(cpu, wholly: false);
    }

    /// <summary>A CPU, another domain or the hypervisor does something.</summary>
    private string? Do(int place, int vcpu, XenCommand command)
    {
        string? wrong = _xen!.Do(place, vcpu, command, out StepOutcome outcome);
        _outcome = outcome;
        return wrong;
    }

    /// <summary>The answer of a historic design to a hypercall; null if it leaves it to the hypervisor.</summary>
    internal XenError? AnswerOfDesign(ushort domain, int vcpu, EventChannelOperation operation, Span<byte> argument) =>
        _design?.Answers(this, domain, vcpu, operation, argument);

    internal void SpendUpcall() => Spend(Worker.Cpus, 1);

    internal void NoteHandled(int handler, uint port, string text)
    {
        Journal.NotePort(handler, port);
        Timeline.Add(text, Fabric.Now);
    }

    internal void FailHandling(string text) => Fail(_at, text);
}
