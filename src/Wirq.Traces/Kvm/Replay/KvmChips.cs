using Wirq.Traces.Replay;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Replay;

/// <summary>The chips of one VM, and what is known of them: applies steps of the log, and compares what the chips do with what it says.</summary>
/// <remarks>State that is not known is chosen so that it fits the step, before the step is applied; records that needed it are not checked by
/// it. So the chips always have a state, and nothing is judged by what was assumed.</remarks>
internal sealed partial class KvmChips
{
    private readonly VmScan _scan;
    private readonly KvmFacts _facts;
    private readonly int[] _pinOfGsi = new int[KvmMachine.Pins];
    private readonly List<PredictedAccept> _left = [];
    private List<Finding> _findings = [];

    internal KvmChips(VmScan scan)
    {
        _scan = scan;
        Machine = new KvmMachine(scan.Ids, scan.IsSplit)
        {
            AreAddresseesKnown = AreAddresseesKnown,
            IsPinKnown = IsPinKnown,
        };
        _facts = new KvmFacts(scan.Ids.Count);
        _facts.Forget();
        Array.Fill(_pinOfGsi, -1);
        if (scan.FromStart)
            _facts.KnowAll();
    }

    internal KvmMachine Machine { get; }

    /// <summary>The VMM may have loaded any state before its guest runs; all differences until then are of that.</summary>
    internal bool IsLoading { get; set; } = true;

    internal void CopyFrom(KvmChips other)
    {
        Machine.CopyFrom(other.Machine);
        _facts.CopyFrom(other._facts);
        other._pinOfGsi.CopyTo(_pinOfGsi, 0);
    }

    /// <summary>Records are missing, or the VMM may have loaded a state.</summary>
    internal void Forget() => _facts.Forget();

    /// <summary>The guest begins. The VMM has loaded the state after reset, and so dropped what lines that are high had made.</summary>
    internal void Started()
    {
        if (Machine.IsSplit)
            return;
        for (int pin = 0; pin < KvmMachine.Pins; pin++)
        {
            if (_facts.Pins[pin].Line.Level == true)
                _facts.Pins[pin].Line = default;
        }
        for (int irq = 0; irq < KvmMachine.PicLines; irq++)
        {
            if (_facts.PicLines[irq].Level != true)
                continue;
            byte bit = (byte)(1 << irq % PinsOfPic);
            ref PicFacts facts = ref _facts.Pics[irq / PinsOfPic];
            (facts.Requests, facts.Edges) = ((byte)(facts.Requests & ~bit), (byte)(facts.Edges & ~bit));
            _facts.PicLines[irq] = default;
        }
    }

    /// <summary>Applies a step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="findings">Gains the comparisons.</param>
    internal void Apply(Step step, List<Finding> findings)
    {
        int before = findings.Count;
        _findings = findings;
        Machine.Begin(step.Cause.At.Time);
        if (step.IsForeign && (!MayBeOurs(step) || TryRelease(step)))
            return;
        ApplyOwn(step);
        if (step.IsForeign)
            Doubt(step, before);
    }

    private void ApplyOwn(Step step)
    {
        Run(step);
        Machine.Rest();
    }

    private void Run(Step step)
    {
        switch (step.Kind)
        {
            case StepKind.PicDrive:
                DrivePic(step);
                break;
            case StepKind.PinDrive:
                DrivePin(step);
                break;
            case StepKind.Message:
                Send(step);
                break;
            case StepKind.Ipi:
                SendIpi(step);
                break;
            case StepKind.Eoi:
                End(step);
                break;
            case StepKind.Inject:
                Inject(step);
                break;
            case StepKind.Accept:
                Accept(step.Cause);
                break;
            case StepKind.ApicWrite:
                WriteRegister(step);
                break;
            case StepKind.ApicRead:
                ReadRegister(step);
                break;
            case StepKind.BaseWrite:
                WriteBase(step);
                break;
            case StepKind.IoApicWrite:
                WriteIoApic(step);
                break;
            case StepKind.IoApicRead:
                ReadIoApic(step);
                break;
            case StepKind.PicWrite:
                WritePic(step);
                break;
            case StepKind.PicRead:
                ReadPic(step);
                break;
            case StepKind.Orphan:
                Orphan(step);
                break;
        }
    }

    /// <summary>A thread of the kernel works for any VM. What fits this one is followed; it is certain only where the entry of a pin is.</summary>
    private bool MayBeOurs(Step step) => step.Kind switch
    {
        StepKind.PinDrive => !Machine.IsSplit && step.Result is { Pin: >= 0 and < KvmMachine.Pins } result && IsRouteKnown(step.Cause.Gsi, result.Pin, out _)
            && (!_facts.Pins[result.Pin].Entry || Fits(Machine.IoApic.Entry(result.Pin), result)),
        StepKind.PicDrive => !Machine.IsSplit && step.Result is { IsOfPic: true },
        StepKind.Message => step.Accepts.Count > 0 && step.Accepts.TrueForAll(accept => CpuOf(accept.Vcpu) >= 0),
        StepKind.Accept => CpuOf(step.Cause.Vcpu) >= 0,
        _ => false,
    };

    /// <summary>Nothing that may be of another VM is a mismatch, and nothing is known by it.</summary>
    private void Doubt(Step step, int from)
    {
        bool fits = true;
        for (int at = from; at < _findings.Count; at++)
        {
            Finding finding = _findings[at];
            fits &= finding.Verdict == ResponseVerdict.Matched || finding.Event == KvmEvent.MsiSetIrq;
            if (finding.Verdict == ResponseVerdict.Mismatched)
                _findings[at] = finding with { Verdict = ResponseVerdict.Unchecked, Predicted = null, Logged = null };
        }
        if (fits && _scan.IsAlone && step.Kind is StepKind.PinDrive or StepKind.Message)
            return;
        for (int at = from; at < _findings.Count; at++)
            _findings[at] = _findings[at] with { Verdict = ResponseVerdict.Unchecked };
        if (step.Result is { Event: KvmEvent.IoApicSetIrq } pin)
            (_facts.Pins[pin.Pin].Line, _facts.Pins[pin.Pin].RemoteIrr) = (default, false);
        if (step.Result is { Event: KvmEvent.PicSetIrq } input && step.Cause.Gsi is >= 0 and < KvmMachine.PicLines)
        {
            _facts.PicLines[_scan.IrqOfGsi(step.Cause.Gsi)] = default;
            ref PicFacts facts = ref _facts.Pics[input.Chip];
            byte bit = (byte)~(1 << input.Pin);
            (facts.Requests, facts.Edges) = ((byte)(facts.Requests & bit), (byte)(facts.Edges & bit));
        }
        foreach (KvmLine accept in step.Kind == StepKind.Accept ? [step.Cause] : step.Accepts)
            DoubtAccept(accept);
    }

    private void DoubtAccept(KvmLine accept)
    {
        int cpu = CpuOf(accept.Vcpu);
        if (cpu < 0 || accept.Vector is < 0 or > 255)
            return;
        _facts.Vcpus[cpu].UnknownRequests.Add(accept.Vector);
        for (int pin = 0; pin < KvmMachine.Pins && !Machine.IsSplit; pin++)
        {
            if (accept.LevelTrigger && Machine.IoApic.Entry(pin).Vector == accept.Vector)
                (_facts.Pins[pin].RemoteIrr, _facts.Pins[pin].CountKnown) = (false, false);
        }
    }

    /// <summary>An effect whose cause stands before the log, or on a record that is missing.</summary>
    private void Orphan(Step step)
    {
        if (step.Cause.Event == KvmEvent.IoApicSetIrq && step.Cause.Pin is >= 0 and < KvmMachine.Pins && !Machine.IsSplit)
        {
            LearnEntry(step.Cause);
            ref PinFacts pin = ref _facts.Pins[step.Cause.Pin];
            (pin.RemoteIrr, pin.Line) = (false, default);
        }
        Leave(step.Cause);
        foreach (KvmLine accept in step.Accepts)
            Accept(accept);
    }

    // --- verdicts

    private void Check(KvmLine line, bool known) => _findings.Add(new(line.Event, known ? ResponseVerdict.Matched : ResponseVerdict.Unchecked, line, null, null));

    private void Leave(KvmLine line) => Check(line, known: false);

    private void Part(KvmLine line, string predicted) => _findings.Add(new(line.Event, ResponseVerdict.Mismatched, line, predicted, line.ToString()));

    /// <summary>The log lacks a record that the chips predict.</summary>
    private void Missing(Step step, KvmEvent happened, string predicted)
    {
        if (!step.IsCut && !step.IsForeign && _scan.Saw(happened))
            _findings.Add(new(happened, ResponseVerdict.Mismatched, step.Cause, $"{KvmNames.NameOf(happened)}: {predicted}", $"no such record behind {step.Cause}"));
    }

    // --- local APICs

    /// <summary>The number of a vCPU in the machine; -1 for none.</summary>
    private int CpuOf(int vcpu) => _scan.CpuOf(vcpu);

    private bool IsPinKnown(int pin) => _facts.Pins[pin] is { Entry: true, RemoteIrr: true } facts && facts.Line.Level is not null;

    /// <summary>Whether what decides who gets a message is known: of a physical one the id of its addressee, else all destinations.</summary>
    private bool AreAddresseesKnown(InterruptMessage message)
    {
        bool wide = message.Destination is 0xFF or uint.MaxValue;
        if (!message.Logical && !wide && CpuOf((int)Math.Min(message.Destination, int.MaxValue)) is >= 0 and int cpu)
            return _facts.Vcpus[cpu].Id;
        for (int each = 0; each < _facts.Vcpus.Length; each++)
        {
            ref VcpuFacts facts = ref _facts.Vcpus[each];
            if (!facts.Id || !facts.Base)
                return false;
            if (message.Logical && !(facts.Enabled && (Machine.Apics.Base(each).Mode == ApicMode.X2Apic
                || facts.Knows((int)ApicRegister.LogicalDestination) && facts.Knows((int)ApicRegister.DestinationFormat))))
                return false;
        }
        return true;
    }

    /// <summary>Compares accept lines with those that the chips predict, and where that is not known follows the log.</summary>
    /// <param name="step">The step.</param>
    /// <param name="known">Whether what it does is known, so that each predicted line must be there.</param>
    /// <param name="all">Whether no other line can be there.</param>
    /// <param name="vector">The vector of the step; negative where it has several. Another one that comes behind is of something else.</param>
    private void CompareAccepts(Step step, bool known, bool all, int vector)
    {
        _left.Clear();
        _left.AddRange(Machine.Accepts);
        Settle();
        int unmet = 0;
        foreach (KvmLine line in step.Accepts)
        {
            int at = _left.FindIndex(one => IsMet(one, line));
            if (at < 0)
            {
                unmet++;
                continue;
            }
            LearnId(_left[at], line);
            Check(line, known && _left[at].Known && TriggersTold(_left[at]));
            _left.RemoveAt(at);
        }
        if (unmet > 0)
            CompareUnmet(step, known, all, vector);
        foreach (PredictedAccept one in _left)
        {
            if (known && one.Known)
                Missing(step, KvmEvent.AcceptIrq, TextOf(one));
            else
                Withdraw(one);
        }
    }

    /// <summary>Accept lines that the chips do not predict: each parts from one that they predict, if any is left.</summary>
    private void CompareUnmet(Step step, bool known, bool all, int vector)
    {
        foreach (KvmLine line in step.Accepts)
        {
            if (Machine.Accepts.Exists(one => IsMet(one, line)))
                continue;
            bool isOther = vector >= 0 && line.Vector != vector || step.Kind == StepKind.Eoi && !line.LevelTrigger;
            int at = _left.FindIndex(one => known && one.Known);
            if (at >= 0)
            {
                Part(line, Text(_left[at]));
                _left.RemoveAt(at);
            }
            else if (all && !isOther)
                Part(line, "no further record: nobody else accepts it");
            else
                Accept(line);
        }
    }

    private bool IsMet(PredictedAccept one, KvmLine line) => CpuOf(line.Vcpu) == one.Cpu && line.Vector == one.Vector && line.Mode == one.Mode
        && (line.LevelTrigger == one.Level || !TriggersTold(one));

    /// <summary>Linux before 5.2 printed each accept line as that of an edge (7a223e06b1a4).</summary>
    private bool TriggersTold(PredictedAccept one) => !one.Level || _scan.SawLevelAccept;

    private void LearnId(PredictedAccept one, KvmLine line) => _facts.Vcpus[one.Cpu].Id |= Machine.Apics.InitialId(one.Cpu) == (uint)line.Vcpu;

    /// <summary>What the chips accepted is pending. If the local APIC may be disabled, that is not known.</summary>
    private void Settle()
    {
        foreach (PredictedAccept one in Machine.Accepts)
        {
            if (one.Mode > DeliveryMode.LowestPriority)
                continue;
            ref VcpuFacts facts = ref _facts.Vcpus[one.Cpu];
            facts.UnknownRequests.Assign(one.Vector, !facts.Enabled || !one.Known);
            if (!facts.Enabled)
                SetPending(one.Cpu, one.Vector, one.Level);
        }
    }

    private void Withdraw(PredictedAccept one) => _facts.Vcpus[one.Cpu].UnknownRequests.Add(one.Vector);

    /// <summary>A vector that came without a cause in the log: a timer's, mostly.</summary>
    private void Accept(KvmLine line)
    {
        Leave(line);
        int cpu = CpuOf(line.Vcpu);
        if (cpu < 0)
            return;
        ref VcpuFacts facts = ref _facts.Vcpus[cpu];
        if (line.Mode == DeliveryMode.Init)
        {
            Machine.Apics.Init(cpu, Machine.Fabric.Events);
            Machine.Drain();
            Initialised(cpu);
        }
        else if (line.Mode <= DeliveryMode.LowestPriority && line.Vector is >= 0 and < 256)
        {
            bool enabled = Machine.Apics.State(cpu).Spurious.Enabled;
            if (facts.Enabled && !enabled)
                return;
            facts.UnknownRequests.Assign(line.Vector, !facts.Enabled);
            if (enabled && !line.LevelTrigger)
            {
                Machine.Fabric.InjectVector(cpu, (byte)line.Vector);
                Machine.Drain();
            }
            else
                SetPending(cpu, line.Vector, line.LevelTrigger);
        }
    }

    private void SetPending(int cpu, int vector, bool level)
    {
        ref ApicState apic = ref Machine.Apics.State(cpu);
        apic.Irr.Add(vector);
        apic.Tmr.Assign(vector, level);
    }

    private string Text(PredictedAccept one) => $"{KvmNames.NameOf(KvmEvent.AcceptIrq)}: {TextOf(one)}";

    private string VcpuText(int cpu) => $"{_scan.Ids[cpu]:x}";

    private string TextOf(PredictedAccept one) => $"apicid {VcpuText(one.Cpu)} vec {one.Vector} ({KvmNames.NameOf(one.Mode)}|{(one.Level ? "level" : "edge")})";
}
