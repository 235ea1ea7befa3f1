using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Pictures;

// What holds a pin or a vector, from record to record.
internal sealed partial class KvmPictureBuilder
{
    /// <summary>Pins and vectors of a VM that are asked about after each record of a vCPU: those that wait.</summary>
    private readonly Dictionary<int, HeldLanes> _held = [];
    private readonly List<int> _asked = [];

    /// <summary>A lane may be held by something else now.</summary>
    private void AskGate(int lane)
    {
        if (lane >= 0)
            _asked.Add(lane);
    }

    /// <summary>Asks about each lane that a record may concern: its own, and where it tells of a vCPU, each of its VM that waits.</summary>
    private void AskGates(KvmRecord record, VmTrail vm)
    {
        bool ofVcpu = record.Event is KvmEvent.Apic or KvmEvent.InjectIrq or KvmEvent.Eoi or KvmEvent.PvEoi or KvmEvent.AcceptIrq
            || record.Event == KvmEvent.Entry && record.InterruptInfo != 0;
        if (ofVcpu && _held.TryGetValue(vm.Vm.Number, out HeldLanes? waiting))
            _asked.AddRange(waiting.Lanes);
        SetGates();
    }

    private void SetGates()
    {
        foreach (int lane in _asked)
            SetGate(lane);
        _asked.Clear();
    }

    private void SetGate(int lane)
    {
        VmTrail vm = _begun[lane].Vm;
        if (!_held.TryGetValue(vm.Vm.Number, out HeldLanes? held))
            _held[vm.Vm.Number] = held = new();
        string gate = GateOf(vm, _canvas.KeyOf(lane)) is { } closed ? WhyJson.Word(closed) : "";
        Strips.SetGate(lane, held.Hold(lane, gate), Now);
    }

    private KvmGate? GateOf(VmTrail vm, LaneKey key) => key.Group switch
    {
        LaneGroup.IoApic => IsBraked(Find(key, vm), vm.Pins[key.Index]) ? KvmGate.StormBrake : OfPin(vm, vm.Pins[key.Index]),
        LaneGroup.Cpu when key.Index >= 0 => OfVector(vm, vm.VcpuAt(key.Unit)!, key.Index),
        _ => null,
    };

    /// <summary>What was delivered waits at a vCPU, or for the EOI that the pin must hear; what was not waits at the pin.</summary>
    private KvmGate? OfPin(VmTrail vm, PinState pin)
    {
        if (pin.Awaited is { } awaited && awaited.Epoch == _epoch)
        {
            foreach (VcpuTrail vcpu in vm.Vcpus.Take(HeldLanes.Most))
            {
                if (OfVector(vm, vcpu, awaited.Vector) is { } there)
                    return there;
            }
            return KvmGate.RemoteIrr;
        }
        bool knowsEntry = pin.Low?.Epoch == _epoch;
        if (!knowsEntry || !pin.Programmed)
            return null;
        return pin.LostEdge is not null ? KvmGate.EdgeLost : pin is { Masked: true, Level: true, High: true } ? KvmGate.PinMasked
            : pin is { High: true, Nobody: { Refused: false } } ? KvmGate.NoDestination : null;
    }

    private KvmGate? OfVector(VmTrail vm, VcpuTrail vcpu, int vector)
    {
        if (vcpu.InService.TryGetValue(vector, out (Mark At, int Epoch) served) && served.Epoch == _epoch)
            return KvmGate.NoEoi;
        if (!vcpu.Pending.TryGetValue(vector, out Accepted? pending) || pending.Epoch != _epoch || pending.Foreign)
            return null;
        return vm.ShowsTaking && vm.Posted is null ? vcpu.GateOf(vector, _epoch).Gate : KvmGate.NotKnown;
    }
}
