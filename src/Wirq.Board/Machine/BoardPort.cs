using Wirq.Board.Cpus;
using Wirq.Board.Historic;
using Wirq.Events;
using Wirq.Host;
using Wirq.Linux;

namespace Wirq.Board.Machine;

/// <summary>Carries the fabric's effects to the vCPUs, and passes events to the observers.</summary>
/// <remarks>An SMI has no effect: the board has no firmware to handle one.</remarks>
internal sealed class BoardPort(Action<Event>? observer, ServiceBeforeRoute? design = null) : IEventObserver, ICpuPort
{
    private VcpuThread[] _threads = [];
    private VcpuSignals[] _signals = [];
    private BoardChips? _chips;
    private Action<bool>? _intr;

    /// <summary>Sets the vCPUs, after they were created.</summary>
    /// <param name="threads">Their threads.</param>
    /// <param name="signals">Their events besides interrupts.</param>
    /// <param name="chips">The interrupt system, as they access it.</param>
    /// <param name="intr">Called with the level of the 8259s' INTR; null if no vCPU needs it.</param>
    internal void Connect(VcpuThread[] threads, VcpuSignals[] signals, BoardChips chips, Action<bool>? intr) =>
        (_threads, _signals, _chips, _intr) = (threads, signals, chips, intr);

    public bool Observes(in Event happened) => observer is not null || design is not null || _intr is not null && happened.Kind == EventKind.PicIntrChanged;

    public void Observe(in Event happened)
    {
        if (happened.Kind == EventKind.PicIntrChanged)
            _intr?.Invoke(PicIntrChanged.Of(happened).High);
        observer?.Invoke(happened);
        design?.Observe(happened);
    }

    public void Interrupt(int cpu) => Leave(cpu, static _ => { });

    public void Nmi(int cpu) => Leave(cpu, static signals => signals.Nmi());

    public void Smi(int cpu) { }

    public void Init(int cpu) => Leave(cpu, static signals => signals.Init());

    public void StartUp(int cpu, byte vector) => Leave(cpu, signals => signals.StartUp(vector));

    private void Leave(int cpu, Action<VcpuSignals> what)
    {
        // A machine with local APICs in the kernel has no signals here.
        if (cpu >= _signals.Length)
            return;
        what(_signals[cpu]);
        _chips!.Changed(cpu);
        Kick(cpu);
    }

    /// <summary>Makes a vCPU check its events and interrupts.</summary>
    internal void Kick(int cpu)
    {
        // On its own thread no kick is needed: it checks before it enters again.
        if (!_threads[cpu].IsCurrent)
            _threads[cpu].Kick();
    }
}
