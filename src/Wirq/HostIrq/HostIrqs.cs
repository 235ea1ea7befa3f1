using Wirq.Events;
using Wirq.State;

namespace Wirq.HostIrq;

/// <summary>The interrupt core of a host kernel, as Linux has it: descriptors, chips, flow handlers, actions and threads.</summary>
/// <remarks>
/// Pure and synchronous. An input changes state and appends effects to <see cref="Events"/>: calls of chips
/// (<see cref="HostChipCall"/>), hard handlers to run (<see cref="HostHardHandler"/>), threads to run
/// (<see cref="HostThreadWoken"/>), interrupts to send again (<see cref="EventKind.HostResend"/>). The owner takes them, runs the
/// handlers, and answers with <see cref="Answer"/>, <see cref="ThreadStarted"/>, <see cref="ThreadEnded"/> and
/// <see cref="Resend"/>. Other inputs may come before an answer, as from other CPUs.
/// <para>Each line has a pin of its chip here (<see cref="SetLevel"/>, <see cref="Wants(int)"/>, <see cref="Deliver"/>), to which
/// the chip's calls are done at once. An owner with other hardware carries out the calls and passes interrupts to
/// <see cref="Interrupt"/>.</para>
/// <para>Two bits and a counter: a line is disabled while its depth is not 0, and then may still be unmasked (lazily
/// disabled) until it fires. All state lies in a <see cref="StateArena"/>. Not thread-safe.</para>
/// </remarks>
public sealed partial class HostIrqs
{
    private readonly Block<HostLineState> _lines;
    private readonly Block<HostActionState> _actions;
    // Of a line that is not per-CPU, the first is used alone.
    private readonly Block<HostRunState> _runs;
    private const int Blocks = 3;
    private const uint MaxDepth = int.MaxValue;
    private readonly int _firstBlock;

    /// <summary>Makes lines without actions: disabled and masked.</summary>
    /// <param name="options">How.</param>
    /// <param name="arena">Where the state goes; null for an arena of its own.</param>
    /// <exception cref="OptionException">The options are invalid. Nothing was built.</exception>
    public HostIrqs(HostIrqOptions options, StateArena? arena = null) : this(options, arena, new EventBuffer())
    {
    }

    /// <summary>As the other, with the queue of another part.</summary>
    internal HostIrqs(HostIrqOptions options, StateArena? arena, EventBuffer events)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        (Options, Events) = (options, events);
        Arena = arena ?? new StateArena();
        _firstBlock = Arena.Count;
        _lines = Arena.Reserve<HostLineState>(options.Lines.Count, (copy, now) =>
        {
            foreach (ref HostLineState line in copy)
            {
                line.LastUnhandled = line.Unhandled == 0 ? 0 : Math.Clamp(now - line.LastUnhandled, 0, SpuriousWindow + 1);
                // What was handled is forgotten at the next judgement, unless tens of thousands of unhandled ones come before it.
                line.Count = line.Unhandled == 0 ? 0 : line.Count;
            }
        });
        _actions = Arena.Reserve<HostActionState>(options.Lines.Count * options.Actions);
        _runs = Arena.Reserve<HostRunState>(options.Lines.Count * options.Cpus);
        foreach (ref HostLineState line in _lines.Span)
            (line.Depth, line.Disabled, line.Masked, line.PinMasked) = (1, 1, 1, 1);
    }

    /// <summary>How it was built.</summary>
    public HostIrqOptions Options { get; }

    /// <summary>The queue of its effects.</summary>
    public EventBuffer Events { get; }

    internal StateArena Arena { get; }

    /// <summary>How often a line was disabled more than enabled.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such line.</exception>
    public int DepthOf(int line) => (int)The(line).Depth;

    /// <summary>Whether a line is disabled: what arrives runs no handler.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such line.</exception>
    public bool IsDisabled(int line) => The(line).Disabled != 0;

    /// <summary>Whether a line is masked at its chip: nothing arrives.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such line.</exception>
    public bool IsMasked(int line) => The(line).Masked != 0;

    /// <summary>Whether something that arrived has still to be handled.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such line.</exception>
    public bool IsPending(int line) => The(line).Pending != 0;

    /// <summary>Whether hard handlers of a line run. A per-CPU line is never in progress.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such line.</exception>
    public bool IsInProgress(int line) => The(line).InProgress != 0;

    /// <summary>The threads of ONESHOT actions that have not ended, one bit for each.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such line.</exception>
    public ulong ThreadsOf(int line) => The(line).Threads;

    /// <summary>Whether too many interrupts of a line were handled by nobody, so that it was disabled.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such line.</exception>
    public bool IsSpuriousDisabled(int line) => The(line).SpuriousDisabled != 0;

    /// <summary>The CPU to which a line goes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such line.</exception>
    public int CpuOf(int line) => The(line).Cpu;

    /// <summary>Whose an action is: see <see cref="HostActionState.Owner"/>. It is forgotten with the action.</summary>
    internal ref ushort OwnerOf(int line, int action) => ref Action(line, action).Owner;

    private bool Has(int line) => (uint)line < (uint)_lines.Count;

    private ref HostLineState The(int line)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)line, (uint)_lines.Count, nameof(line));
        return ref _lines[line];
    }

    internal bool HasAction(int line, int action) =>
        Has(line) && (uint)action < (uint)Options.Actions && Action(line, action).Use != ActionUse.Free;

    private ref HostActionState Action(int line, int slot) => ref _actions[line * Options.Actions + slot];

    private IrqChipOptions Chip(int line) => Options.Lines[line].Chip;

    private HostFlow Flow(int line) => Options.Lines[line].Flow;

    // --- disable and enable

    /// <summary>Disables a line once more (<c>disable_irq_nosync</c>). It does not wait for handlers that run.</summary>
    /// <returns>False if there is no such line.</returns>
    public bool Disable(int line)
    {
        if (!Has(line))
            return false;
        ref HostLineState its = ref _lines[line];
        if (its.Depth == MaxDepth)
            return false;
        if (its.Depth++ == 0)
            DisableChip(line, ref its, its.Unlazy != 0);
        NoteDepth(line, its);
        return true;
    }

    /// <summary>Enables a line once (<c>enable_irq</c>). The last of several does it, and sends again what came
    /// meanwhile.</summary>
    /// <returns>False if it was not disabled, or if there is no such line.</returns>
    public bool Enable(int line)
    {
        if (!Has(line) || _lines[line].Depth == 0)
            return false;
        EnableOnce(line);
        return true;
    }

    private void EnableOnce(int line)
    {
        ref HostLineState its = ref _lines[line];
        if (its.Depth == 1)
            Start(line, ref its);
        else
            its.Depth--;
        NoteDepth(line, its);
    }

    /// <summary>Sets <c>IRQ_DISABLE_UNLAZY</c>: a disable masks at once. It is cleared when the last action is
    /// freed.</summary>
    /// <returns>False if there is no such line.</returns>
    public bool SetUnlazy(int line, bool unlazy)
    {
        if (!Has(line))
            return false;
        _lines[line].Unlazy = unlazy ? (byte)1 : (byte)0;
        return true;
    }

    /// <summary>A line that the kernel manages is shut down, because the last of its CPUs goes. Its depth counts this
    /// once.</summary>
    /// <returns>False if it is not started.</returns>
    public bool ManagedShutdown(int line)
    {
        if (!Has(line) || _lines[line].Started == 0)
            return false;
        Shutdown(line, ref _lines[line]);
        return true;
    }

    /// <summary>A CPU of such a line is back. The line starts unless somebody else disabled it.</summary>
    /// <returns>False if it is started, or has no action.</returns>
    public bool ManagedStartup(int line)
    {
        if (!Has(line) || _lines[line] is { Started: not 0 } or { First: 0 } or { Depth: 0 })
            return false;
        EnableOnce(line);
        return true;
    }

    private void NoteDepth(int line, in HostLineState its)
    {
        if (Events.Observing)
            Events.Observe(new HostLineDepth(line, its.Depth).ToEvent());
    }

    private void Start(int line, ref HostLineState its)
    {
        (its.Depth, its.Started) = (0, 1);
        if (its.Disabled != 0 && Chip(line).HasDisable)
        {
            (its.Disabled, its.Masked) = (0, 0);
            Call(line, ref its, ChipCall.Enable);
        }
        else
        {
            its.Disabled = 0;
            Unmask(line, ref its);
        }
        ResendPending(line, ref its);
    }

    private void DisableChip(int line, ref HostLineState its, bool mask)
    {
        bool before = its.Disabled != 0;
        its.Disabled = 1;
        if (!before && Chip(line).HasDisable)
        {
            its.Masked = 1;
            Call(line, ref its, ChipCall.Disable);
        }
        else if (mask)
            Mask(line, ref its);
    }

    // --- the chip

    private void Mask(int line, ref HostLineState its)
    {
        if (its.Masked != 0)
            return;
        its.Masked = 1;
        Call(line, ref its, ChipCall.Mask);
    }

    private void Unmask(int line, ref HostLineState its)
    {
        if (its.Masked == 0)
            return;
        its.Masked = 0;
        Call(line, ref its, ChipCall.Unmask);
    }

    private void MaskAck(int line, ref HostLineState its)
    {
        if (Chip(line).HasMaskAck)
        {
            its.Masked = 1;
            Call(line, ref its, ChipCall.MaskAck);
            return;
        }
        Mask(line, ref its);
        Ack(line, ref its);
    }

    private void Ack(int line, ref HostLineState its)
    {
        MoveIfAsked(line, ref its);
        Call(line, ref its, ChipCall.Ack);
    }

    /// <summary>An EOI, around which the line moves if it is to.</summary>
    private void Eoi(int line, ref HostLineState its)
    {
        if (its.MoveTo == 0 || its.Disabled != 0)
        {
            Call(line, ref its, ChipCall.Eoi);
            return;
        }
        // Only the chip is masked: MASKED is not set. A level that is still up must not fire on the way.
        if (its.Masked == 0)
            Call(line, ref its, ChipCall.Mask);
        Call(line, ref its, ChipCall.Eoi);
        Move(line, ref its);
        if (its.Masked == 0)
            Call(line, ref its, ChipCall.Unmask);
    }

    private void MoveIfAsked(int line, ref HostLineState its)
    {
        if (its.MoveTo == 0 || its.Disabled != 0)
            return;
        if (its.Masked == 0)
            Call(line, ref its, ChipCall.Mask);
        Move(line, ref its);
        if (its.Masked == 0)
            Call(line, ref its, ChipCall.Unmask);
    }

    private void Move(int line, ref HostLineState its)
    {
        its.Cpu = (ushort)(its.MoveTo - 1);
        its.MoveTo = 0;
        Call(line, ref its, ChipCall.Move);
    }

    /// <summary>Sends a line to another CPU. If its chip cannot do this at any time, it is done at the next ack or EOI.</summary>
    /// <returns>False if there is no such line or CPU.</returns>
    public bool SetAffinity(int line, int cpu)
    {
        if (!Has(line) || (uint)cpu >= (uint)Options.Cpus)
            return false;
        ref HostLineState its = ref _lines[line];
        its.MoveTo = (ushort)(cpu + 1);
        if (Chip(line).MovesAtOnce || its.Started == 0)
            Move(line, ref its);
        return true;
    }

    private void Call(int line, ref HostLineState its, ChipCall call)
    {
        if (call == ChipCall.Eoi)
            its.EoiOwed = 0;
        DoAtPin(line, ref its, call);
        Events.Emit(new HostChipCall(line, call, its.Cpu).ToEvent());
    }

    // --- replay

    /// <summary>Sends again what came while the line was not allowed to run. A level comes by itself.</summary>
    private void ResendPending(int line, ref HostLineState its)
    {
        if (Options.Lines[line].IsLevel)
        {
            its.Pending = 0;
            return;
        }
        if (its.Replay != 0 || its.Pending == 0)
            return;
        its.Pending = 0;
        its.Replay = 1;
        if (Chip(line).HasRetrigger)
            Call(line, ref its, ChipCall.Retrigger);
        else
            Events.Emit(new Event(EventKind.HostResend, 0, (uint)line));
    }

    /// <summary>Carries out <see cref="EventKind.HostResend"/>: the flow handler runs without an interrupt.</summary>
    /// <returns>False if there is no such line.</returns>
    public bool Resend(int line) => Has(line) && Interrupt(line, _lines[line].Cpu);
}
