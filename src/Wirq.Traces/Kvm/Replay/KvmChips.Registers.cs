namespace Wirq.Traces.Kvm.Replay;

// Registers of local APICs, interprocessor interrupts and messages.
internal sealed partial class KvmChips
{
    private const int CommandHigh = (int)ApicRegister.CommandHigh, EndOfRegisters = 0x400;

    private void WriteRegister(Step step)
    {
        KvmLine line = step.Cause;
        int cpu = CpuOf(step.Vcpu);
        if (cpu < 0 || line.Register is < 0 or >= EndOfRegisters || line.Register % (int)LocalApics.RegisterStride != 0)
            return;
        Store(cpu, (ApicRegister)line.Register, line.Value);
        ref VcpuFacts facts = ref _facts.Vcpus[cpu];
        facts.Learn(line.Register);
        if (line.Register == (int)ApicRegister.Id)
            facts.Id = true;
    }

    private void Store(int cpu, ApicRegister register, ulong value)
    {
        if (Machine.Apics.Base(cpu).Mode == ApicMode.X2Apic)
            Machine.Fabric.WriteMsr(cpu, ApicMsr.Of(register), value);
        else
            Machine.Apics.Write(cpu, (uint)register, (uint)value, Machine.Fabric.Events);
        Machine.Drain();
    }

    private void ReadRegister(Step step)
    {
        KvmLine line = step.Cause;
        int cpu = CpuOf(step.Vcpu);
        if (cpu < 0 || line.Register is < 0 or >= EndOfRegisters)
        {
            Leave(line);
            return;
        }
        var register = (ApicRegister)line.Register;
        ref VcpuFacts facts = ref _facts.Vcpus[cpu];
        if (Machine.Apics.Base(cpu).Mode == ApicMode.Disabled || !IsCompared(register))
        {
            Leave(line);
            return;
        }
        uint value = Machine.Apics.Base(cpu).Mode == ApicMode.X2Apic ? Machine.Fabric.ReadMsr(cpu, ApicMsr.Of(register), out ulong wide) == MsrResult.Done ? (uint)wide : 0
            : Machine.Apics.Read(cpu, (uint)register, Machine.Fabric.Events);
        bool known = register == ApicRegister.Id ? facts.Id : facts.Knows(line.Register);
        if (!facts.Base)
            known = false;
        Compare(line, value, line.Value, known);
        if (known)
            return;
        bool isWide = Machine.Apics.Base(cpu).Mode == ApicMode.X2Apic;
        if (facts.Base && (register == ApicRegister.SpuriousVector || ApicRegisters.IsLocalVector(register, out _)
            || !isWide && (register is ApicRegister.LogicalDestination or ApicRegister.DestinationFormat)))
        {
            Store(cpu, register, line.Value);
            facts.Learn(line.Register);
        }
    }

    /// <summary>Registers that only the guest changes. CR8 changes the TPR, the version depends on the host, and the rest on moments that no record
    /// shows.</summary>
    private static bool IsCompared(ApicRegister register) => register is ApicRegister.Id or ApicRegister.LogicalDestination or ApicRegister.DestinationFormat
        or ApicRegister.SpuriousVector or ApicRegister.CommandHigh or ApicRegister.InitialCount or ApicRegister.DivideConfiguration
        || ApicRegisters.IsLocalVector(register, out _);

    private void WriteBase(Step step)
    {
        int cpu = CpuOf(step.Vcpu);
        if (cpu < 0)
            return;
        ref VcpuFacts facts = ref _facts.Vcpus[cpu];
        if (step.Cause.Event == KvmEvent.Mmio)
        {
            // An access to the page: xAPIC mode, which the chips begin with.
            facts.Base |= Machine.Apics.Base(cpu).Mode == ApicMode.XApic;
            return;
        }
        if (step.Cause.Address == ApicMsr.Base)
        {
            Machine.Fabric.WriteMsr(cpu, ApicMsr.Base, step.Cause.Value);
            facts.Base = true;
        }
        else if (!facts.Base)
        {
            // A register of x2APIC mode: the guest has switched to it before the log began.
            const ulong enabled = 1 << 11, extended = 1 << 10;
            Machine.Fabric.WriteMsr(cpu, ApicMsr.Base, Machine.Apics.Base(cpu).Bits | enabled | extended);
            facts.Base = facts.Id = true;
        }
        Machine.Drain();
    }

    /// <summary>The local APIC has its state after INIT.</summary>
    private void Initialised(int cpu)
    {
        ref VcpuFacts facts = ref _facts.Vcpus[cpu];
        bool id = facts.Id, mode = facts.Base;
        facts = new() { Id = id, Base = mode };
        facts.LearnAll();
    }

    private void SendIpi(Step step)
    {
        int cpu = CpuOf(step.Vcpu);
        KvmLine? line = step.Result, written = step.Write;
        if (cpu < 0)
        {
            if (line is not null)
                Leave(line);
            foreach (KvmLine accept in step.Accepts)
                Accept(accept);
            return;
        }
        bool isX2Apic = Machine.Apics.Base(cpu).Mode == ApicMode.X2Apic;
        ref VcpuFacts facts = ref _facts.Vcpus[cpu];
        bool isSelf = written is { Register: (int)ApicRegister.SelfIpi };
        bool known = written is not null && facts.Base && (isX2Apic || isSelf || facts.Knows(CommandHigh));
        var command = new InterruptCommand(written?.Value ?? 0);
        if (isSelf)
            command = InterruptCommand.Create((byte)written!.Value, shorthand: DestinationShorthand.Self, assert: false);
        uint destination = isX2Apic ? command.Destination32 : Machine.Apics.State(cpu).Command.Destination8;
        if (line is not null)
        {
            if (!known)
            {
                command = InterruptCommand.Create((byte)line.Vector, line.Mode, line.Destination, line.Logical, (DestinationShorthand)line.Source, line.LevelTrigger, line.Level);
                destination = line.Destination;
                Leave(line);
            }
            else
                CompareCommand(line, command, destination);
        }
        else if (known)
            Missing(step, KvmEvent.ApicIpi, $"dst {destination:x} vec {command.Vector}");
        Predict(cpu, command, destination);
        if (written is not null && !isSelf)
            Store(cpu, ApicRegister.CommandLow, isX2Apic ? written.Value : (uint)written.Value);
        else
        {
            foreach (PredictedAccept one in Machine.Accepts)
            {
                if (one.Mode <= DeliveryMode.LowestPriority && Machine.Apics.State(one.Cpu).Spurious.Enabled)
                    SetPending(one.Cpu, one.Vector, one.Level);
            }
        }
        if (command.Mode == DeliveryMode.Init)
        {
            foreach (PredictedAccept one in Machine.Accepts)
                Initialised(one.Cpu);
        }
        known |= line is not null;
        CompareAccepts(step, known, known && Machine.Accepts.TrueForAll(static one => one.Known) && AreReached(command, destination), command.Vector);
    }

    private bool AreReached(InterruptCommand command, uint destination) => command.Shorthand != DestinationShorthand.None
        || AreAddresseesKnown(InterruptMessage.Create(command.Vector, command.Mode, destination, command.Logical));

    private void CompareCommand(KvmLine line, InterruptCommand command, uint destination)
    {
        bool fits = line.Destination == destination && line.Vector == command.Vector && line.Mode == command.Mode && line.Logical == command.Logical
            && line.Level == command.Assert && line.LevelTrigger == command.Level && Math.Max(0, line.Source) == (int)command.Shorthand;
        if (fits)
            Check(line, known: true);
        else
        {
            Part(line, $"{KvmNames.NameOf(KvmEvent.ApicIpi)}: dst {destination:x} vec {command.Vector} ({KvmNames.NameOf(command.Mode)}|{(command.Logical ? "logical" : "physical")}|"
                + $"{(command.Assert ? "assert" : "de-assert")}|{(command.Level ? "level" : "edge")}|{KvmLine.ShorthandName(command.Shorthand)})");
        }
    }

    /// <summary>KVM prints an accept line for each addressee of an IPI, as of a message.</summary>
    private void Predict(int sender, InterruptCommand command, uint destination)
    {
        Machine.Begin(Machine.Fabric.Now);
        if (command.Shorthand == DestinationShorthand.None)
        {
            Machine.Predict(InterruptMessage.Create(command.Vector, command.Mode, destination, command.Logical, command.Level, command.Assert), -1, known: true, sender);
            return;
        }
        for (int cpu = 0; cpu < _facts.Vcpus.Length; cpu++)
        {
            if (command.Shorthand switch
                {
                    DestinationShorthand.Self => cpu == sender,
                    DestinationShorthand.AllExcludingSelf => cpu != sender,
                    _ => true,
                } && Machine.Apics.Base(cpu).Enabled)
                Machine.Accepts.Add(new(cpu, command.Vector, command.Mode, command.Level, Known: _facts.Vcpus[cpu].Base, -1));
        }
    }

    private void Send(Step step)
    {
        KvmLine line = step.Cause;
        Leave(line);
        if (step.IsScan)
            return;
        var message = InterruptMessage.Create((byte)line.Vector, line.Mode, line.Destination, line.Logical, line.LevelTrigger);
        Machine.Predict(message, -1, known: true);
        Machine.Apics.Deliver(message, Wirq.Events.Origin.Device(0), Machine.Fabric.Events);
        // The predictions of the message itself stand; the chips' own events follow.
        Machine.Drain();
        CompareAccepts(step, known: true, AreAddresseesKnown(message), line.Vector);
    }
}
