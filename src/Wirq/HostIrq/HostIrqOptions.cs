namespace Wirq.HostIrq;

/// <summary>The flow handler of a line.</summary>
public enum HostFlow : byte
{
    /// <summary><c>handle_level_irq</c>: masks and acks before the handlers, and unmasks after them.</summary>
    Level,
    /// <summary><c>handle_edge_irq</c>: acks before the handlers, and runs them again for edges that came meanwhile.</summary>
    Edge,
    /// <summary><c>handle_fasteoi_irq</c>: one EOI after the handlers.</summary>
    FastEoi,
    /// <summary><c>handle_percpu_irq</c>: without a lock, and never disabled.</summary>
    PerCpu,
}

/// <summary>Whether a host has the defects of Linux that leave a line off for ever.</summary>
public enum HostProfile : byte
{
    /// <summary>What Linux does, without them.</summary>
    Sound,
    /// <summary>What Linux does. Two things differ (docs/forwarding.md): a line whose chip has <c>IRQCHIP_EOI_THREADED</c> gets
    /// no EOI if it is disabled when that EOI is due; and vfio-pci's handler of a line that cannot be shared disables it also
    /// if it was masked while the handler was on its way.</summary>
    Linux,
}

/// <summary>What a line's chip can do, and its flags. Every chip can mask and unmask.</summary>
public sealed record IrqChipOptions
{
    /// <summary>Whether it has one call for mask and ack.</summary>
    public bool HasMaskAck { get; init; }
    /// <summary>Whether it has <c>irq_disable</c> and <c>irq_enable</c> of its own. If so, no line is disabled lazily.</summary>
    public bool HasDisable { get; init; }
    /// <summary>Whether it can raise an edge again by itself. If not, the kernel calls the flow handler later.</summary>
    public bool HasRetrigger { get; init; }
    /// <summary><c>IRQCHIP_ONESHOT_SAFE</c>: a request's ONESHOT is dropped.</summary>
    public bool OneshotSafe { get; init; }
    /// <summary><c>IRQCHIP_EOI_THREADED</c>: the EOI of a ONESHOT line comes after its threads.</summary>
    public bool EoiThreaded { get; init; }
    /// <summary><c>IRQCHIP_EOI_IF_HANDLED</c>: no EOI for an interrupt whose handlers did not run.</summary>
    public bool EoiIfHandled { get; init; }
    /// <summary><c>IRQD_RESEND_WHEN_IN_PROGRESS</c>: what comes while the handlers run on another CPU runs them again.</summary>
    public bool ResendsInProgress { get; init; }
    /// <summary>Whether the destination can be changed at any time. If not, it changes at the next ack or EOI, while the
    /// line is masked.</summary>
    public bool MovesAtOnce { get; init; }
    /// <summary>Whether the EOI of a disabled line is not passed to the pin, which then waits for an unmask: POWER's XIVE
    /// (<c>xive_irq_eoi</c>).</summary>
    public bool EoiNeedsEnabled { get; init; }
    /// <summary>Whether an edge is kept that comes while the line is masked.</summary>
    public bool LatchesWhileMasked { get; init; }
}

/// <summary>A line of the host.</summary>
public sealed record HostLineOptions
{
    /// <summary>Its flow handler.</summary>
    public HostFlow Flow { get; init; } = HostFlow.FastEoi;
    /// <summary>Whether it is level-triggered.</summary>
    public bool IsLevel { get; init; } = true;
    /// <summary>Its chip.</summary>
    public IrqChipOptions Chip { get; init; } = new();
}

/// <summary>How a host kernel's interrupts are built.</summary>
public sealed record HostIrqOptions
{
    /// <summary>The most lines.</summary>
    public const int MaxLines = 1024;
    /// <summary>The most CPUs.</summary>
    public const int MaxCpus = 256;
    /// <summary>The most actions of a line: the bits of a thread mask.</summary>
    public const int MaxActions = 64;

    /// <summary>The lines, 1 to <see cref="MaxLines"/>.</summary>
    public IReadOnlyList<HostLineOptions> Lines { get; init; } = [new()];
    /// <summary>How many CPUs, 1 to <see cref="MaxCpus"/>.</summary>
    public int Cpus { get; init; } = 1;
    /// <summary>Whether it has the defects of Linux.</summary>
    public HostProfile Profile { get; init; }
    /// <summary>Whether a line is disabled if nobody handles its interrupts (<see cref="HostIrqs.SpuriousCount"/>). Linux does
    /// this unless it was started with <c>noirqdebug</c>.</summary>
    public bool WatchesUnhandled { get; init; } = true;
    /// <summary>How many actions fit on one line, 1 to <see cref="MaxActions"/>.</summary>
    public int Actions { get; init; } = 8;

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionException">One is outside its range.</exception>
    public void Validate() => Validate(OptionCheck.Whole);

    internal void Validate(OptionCheck check)
    {
        check.Present(Lines);
        check.Range(Lines.Count, 1, MaxLines);
        check.Range(Cpus, 1, MaxCpus);
        check.Range(Actions, 1, MaxActions);
        check.Defined(Profile);
        for (int i = 0; i < Lines.Count; i++)
        {
            check.Present(Lines[i], $"Lines[{i}]");
            OptionCheck line = check.Of($"Lines[{i}]");
            line.Defined(Lines[i].Flow, nameof(HostLineOptions.Flow));
            line.Present(Lines[i].Chip, nameof(HostLineOptions.Chip));
            line.That(Lines[i].Flow is not (HostFlow.Level or HostFlow.Edge) || Lines[i].IsLevel == (Lines[i].Flow == HostFlow.Level),
                Lines[i].IsLevel ? "true" : "false", Lines[i].Flow == HostFlow.Level ? "true, which the level flow is for" : "false, which the edge flow is for", nameof(HostLineOptions.IsLevel));
        }
    }
}
