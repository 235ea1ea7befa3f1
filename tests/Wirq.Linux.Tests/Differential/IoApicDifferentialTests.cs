using Wirq.Events;

namespace Wirq.Linux.Tests.Differential;

/// <summary>KVM's I/OAPIC with two local APICs, and Wirq's under profile <c>kvm</c>, driven by the same inputs.</summary>
/// <remarks>KVM_SET_LAPIC moves a vector from IRR to ISR: with a KVM that ends interrupts at injection there would be
/// nothing to compare. KVM then checks all entries again, so Wirq is made to do the same. A CPU checks them at its next
/// entry, so each CPU enters after every operation that causes a check. Not compared: SMI, NMI and INIT, which would
/// interrupt the guest's loop.
/// <para>After KVM_SET_LAPIC, KVM treats the vector of pin 8, the clock's, as one that came by that pin. To hide this,
/// no other pin uses its vectors.</para></remarks>
public sealed class IoApicDifferentialTests
{
    private const int Pins = 24, Cpus = 2, Words = 8;
    private const uint Select = 0xFEC00000, Window = 0xFEC00010, Eoi = 0xFEE000B0, Logical = 0xFEE000D0, Spurious = 0xFEE000F0;
    private const uint FirstEntry = 0x10;
    private const int Clock = 8;
    private static readonly byte[] s_vectors = [0x31, 0x32, 0x45, 0x61, 0x62, 0x08], s_clockVectors = [0x46, 0x71, 0x72];
    private static readonly byte[] s_destinations = [0, 1, 0, 1, 0, 1, 2, 3, 0xFF];
    private static readonly DeliveryMode[] s_modes =
        [DeliveryMode.Fixed, DeliveryMode.Fixed, DeliveryMode.Fixed, DeliveryMode.Fixed, DeliveryMode.LowestPriority,
        DeliveryMode.ExtInt, DeliveryMode.Reserved, DeliveryMode.StartUp];

    [Fact]
    public void Profile_kvm_of_the_io_apic_is_what_kvm_does() => Chips.Compare(system =>
    {
        // Which CPUs are in the table of logical ids, and which are checked individually, depends on these.
        bool ofTable = OlderKvm.ListsEveryLogicalId(system);
        using var kvm = new KvmSide(system);
        string[] names = ["answer", "IOREGSEL", .. Enumerable.Range(0, Pins).Select(pin => $"entry {pin}"),
            .. Enumerable.Range(0, Cpus).SelectMany(cpu => new[] { "IRR", "ISR", "TMR" }.SelectMany(bank =>
                Enumerable.Range(0, Words).Select(word => $"{bank} {32 * word} of CPU {cpu}")))];
        new Differential<Operation>(kvm, new WirqSide(), names).Run(random => Draw(random, ofTable), length: 60, seed: 82093);
    });

    private static Operation Draw(Random random, bool ofTable)
    {
        // A handful of pins, so that they meet.
        int pin = random.Next(5, 12);
        byte[] vectors = pin == Clock ? s_clockVectors : s_vectors;
        switch (random.Next(16))
        {
            case < 5:
                return new(Kind.Line, pin, (uint)random.Next(2));
            case < 8:
                uint low = vectors[random.Next(vectors.Length)] | (uint)s_modes[random.Next(s_modes.Length)] << 8
                    | (random.Next(4) == 0 ? 1u << 11 : 0) | (random.Next(2) == 0 ? 1u << 15 : 0) | (random.Next(4) == 0 ? 1u << 16 : 0)
                    | ((uint)random.Next() & 0xFFFE7000u & (random.Next(4) == 0 ? uint.MaxValue : 0));
                return new(Kind.Write, (int)FirstEntry + 2 * pin, low);
            case 8:
                return new(Kind.Write, (int)FirstEntry + 2 * pin + 1, (uint)s_destinations[random.Next(s_destinations.Length)] << 24
                    | (random.Next(4) == 0 ? (uint)random.Next(1 << 24) : 0));
            case 9:
                return random.Next(4) == 0 ? new(Kind.Write, random.Next(2) == 0 ? random.Next((int)FirstEntry) : random.Next(0x40, 256), (uint)random.Next()) : new(Kind.Read, random.Next(256), 0);
            case 10:
                return new(Kind.Message, random.Next(Cpus), vectors[random.Next(vectors.Length)], random.Next(2) == 0);
            case 11 when random.Next(4) == 0 && !ofTable:
                return random.Next(2) == 0 ? new(Kind.Enable, random.Next(Cpus), (uint)random.Next(2)) : new(Kind.Logical, random.Next(Cpus), (uint)random.Next(4));
            case 11 or 12 or 13:
                return new(Kind.Take, random.Next(Cpus), 0);
            default:
                return new(Kind.Eoi, random.Next(Cpus), 0);
        }
    }

    private enum Kind
    {
        Line,
        Write,
        Read,
        Message,
        Enable,
        Logical,
        Take,
        Eoi,
    }

    private readonly record struct Operation(Kind Kind, int Target, uint Value, bool Level = false)
    {
        public override string ToString() => Kind switch
        {
            Kind.Line => $"pin {Target} {(Value != 0 ? "high" : "low")}",
            Kind.Write when Target >= FirstEntry && Target < FirstEntry + 2 * Pins && Target % 2 == 0 =>
                $"lower half of entry {(Target - FirstEntry) / 2}: 0x{Value:x} ({new RedirectionEntry(Value)})",
            Kind.Write => $"write 0x{Value:x} to register 0x{Target:x2}",
            Kind.Read => $"read register 0x{Target:x2}",
            Kind.Message => $"{(Level ? "level" : "edge")} message 0x{Value:x2} to CPU {Target}",
            Kind.Enable => $"CPU {Target}: software-{(Value != 0 ? "enabled" : "disabled")}",
            Kind.Logical => $"CPU {Target}: logical id 0x{Value:x2}",
            Kind.Take => $"CPU {Target} takes a vector, if one waits",
            _ => $"EOI of CPU {Target}",
        };

        internal Msi Signal => new(MsiAddress.For((uint)Target), MsiData.For((byte)Value, level: Level));
    }

    private sealed class KvmSide : ISide<Operation>, IDisposable
    {
        private readonly AccessGuest _guest;

        internal KvmSide(KvmSystem system)
        {
            _guest = new AccessGuest(system, Cpus);
            _guest.Vm.SetGsiRouting([.. Enumerable.Range(0, Pins).Select(pin => new KvmRoutingEntry(pin, KvmChip.IoApic, pin))]);
        }

        public void Reset()
        {
            KvmIoApicState state = _guest.Vm.GetIoApic();
            for (int pin = 0; pin < Pins; pin++)
                _guest.Vm.SetIrqLine(pin, false);
            (state.Selected, state.Id, state.Requests) = (0, 0, 0);
            for (int pin = 0; pin < Pins; pin++)
                state.Entries[pin] = RedirectionEntry.Reset;
            _guest.Vm.SetIoApic(state);
            for (int cpu = 0; cpu < Cpus; cpu++)
            {
                KvmVcpu vcpu = _guest.Vm.Vcpus[cpu];
                vcpu.GetLapic(out LapicState apic);
                for (uint word = 0; word < Words; word++)
                {
                    apic[ApicRegister.Request + word * 16] = apic[ApicRegister.TriggerMode + word * 16] = 0;
                    apic[ApicRegister.InService + word * 16] = 0;
                }
                apic[ApicRegister.SpuriousVector] = 0x1FF;
                apic[ApicRegister.LogicalDestination] = 1u << 24 << cpu;
                vcpu.SetLapic(apic);
            }
        }

        public void Do(Operation operation, Span<ulong> seen)
        {
            seen[0] = 0;
            switch (operation.Kind)
            {
                case Kind.Line:
                    _guest.Vm.SetIrqLine(operation.Target, operation.Value != 0);
                    break;
                case Kind.Write:
                    _guest.WriteMemory(Select, (uint)operation.Target);
                    _guest.WriteMemory(Window, operation.Value);
                    break;
                case Kind.Read:
                    _guest.WriteMemory(Select, (uint)operation.Target);
                    seen[0] = _guest.ReadMemory(Window);
                    break;
                case Kind.Message:
                    _guest.Vm.SignalMsi(operation.Signal);
                    break;
                case Kind.Enable:
                    _guest.WriteMemory(Spurious, operation.Value != 0 ? 0x1FFu : 0xFF, operation.Target);
                    break;
                case Kind.Logical:
                    _guest.WriteMemory(Logical, operation.Value << 24, operation.Target);
                    break;
                case Kind.Take:
                    seen[0] = (ulong)Take(_guest.Vm.Vcpus[operation.Target]);
                    break;
                case Kind.Eoi:
                    _guest.WriteMemory(Eoi, 0, operation.Target);
                    break;
            }
            if (operation.Kind is not (Kind.Line or Kind.Read or Kind.Message))
                _guest.Settle();
            KvmIoApicState state = _guest.Vm.GetIoApic();
            seen[1] = state.Selected;
            for (int pin = 0; pin < Pins; pin++)
                seen[2 + pin] = state.Entries[pin].Bits;
            int at = 2 + Pins;
            foreach (KvmVcpu vcpu in _guest.Vm.Vcpus)
            {
                vcpu.GetLapic(out LapicState apic);
                foreach (ApicRegister bank in (ReadOnlySpan<ApicRegister>)[ApicRegister.Request, ApicRegister.InService, ApicRegister.TriggerMode])
                {
                    for (int word = 0; word < Words; word++)
                        seen[at++] = apic.Word(bank, word);
                }
            }
        }

        /// <summary>The highest vector of a class above all in service.</summary>
        private static int Take(KvmVcpu vcpu)
        {
            vcpu.GetLapic(out LapicState apic);
            int vector = apic.VectorsIn(ApicRegister.Request).LastOrDefault(-1), served = apic.VectorsIn(ApicRegister.InService).LastOrDefault(0);
            if (vector < 0x10 || vector >> 4 <= served >> 4)
                return 0;
            apic.Set(ApicRegister.Request, (byte)vector, false);
            apic.Set(ApicRegister.InService, (byte)vector, true);
            vcpu.SetLapic(apic);
            return vector;
        }

        public void Dispose() => _guest.Dispose();
    }

    private sealed class WirqSide : ISide<Operation>
    {
        private Fabric _fabric = null!;
        private Source[] _lines = [];

        public void Reset()
        {
            _fabric = new Fabric(FabricOptions.Pc(Cpus, Profile.Kvm, AckPolicy.Eoi) with
            {
                Pic = null,
                IsaOverrides = new Dictionary<int, int>(),
                Format = MsiFormat.Compatibility,
            });
            _lines = [.. Enumerable.Range(0, Pins).Select(pin => _fabric.Connect(pin, $"pin {pin}"))];
            for (int cpu = 0; cpu < Cpus; cpu++)
            {
                _fabric.LocalApics!.Write(cpu, (uint)ApicRegister.LogicalDestination, 1u << 24 << cpu, _fabric.Events);
                _fabric.LocalApics!.Write(cpu, (uint)ApicRegister.SpuriousVector, 0x1FF, _fabric.Events);
            }
            _fabric.Drain();
        }

        public void Do(Operation operation, Span<ulong> seen)
        {
            seen[0] = 0;
            switch (operation.Kind)
            {
                case Kind.Line when _lines[operation.Target].IsAsserted == (operation.Value != 0):
                    _fabric.DrivePins(operation.Target, _fabric.Lines.IsAsserted(operation.Target));
                    break;
                case Kind.Line:
                    _lines[operation.Target].Set(operation.Value != 0);
                    break;
                case Kind.Write:
                    Write(Select, (uint)operation.Target);
                    Write(Window, operation.Value);
                    break;
                case Kind.Read:
                    Write(Select, (uint)operation.Target);
                    Assert.True(_fabric.TryRead(0, Window, 4, out seen[0]));
                    break;
                case Kind.Message:
                    _fabric.Send(operation.Signal);
                    break;
                case Kind.Enable:
                    Write(Spurious, operation.Value != 0 ? 0x1FFu : 0xFF, operation.Target);
                    break;
                case Kind.Logical:
                    Write(Logical, operation.Value << 24, operation.Target);
                    break;
                case Kind.Take:
                    seen[0] = (ulong)Math.Max(_fabric.Take(operation.Target), 0);
                    if (seen[0] != 0)
                        _fabric.LocalApics!.Listeners!.LookAgain();
                    break;
                case Kind.Eoi:
                    Write(Eoi, 0, operation.Target);
                    break;
            }
            _fabric.Drain();
            Assert.True(_fabric.TryRead(0, Select, 4, out seen[1]));
            IoApic chip = _fabric.IoApics[0];
            for (int pin = 0; pin < Pins; pin++)
                seen[2 + pin] = chip.Entry(pin).Bits;
            int at = 2 + Pins;
            for (int cpu = 0; cpu < Cpus; cpu++)
            {
                ref ApicState apic = ref _fabric.LocalApics!.State(cpu);
                foreach (ref readonly Vectors256 bank in (ReadOnlySpan<Vectors256>)[apic.Irr, apic.Isr, apic.Tmr])
                {
                    for (int word = 0; word < Words; word++)
                        seen[at++] = bank.Register(word);
                }
            }
        }

        private void Write(uint address, uint value, int cpu = 0)
        {
            Assert.True(_fabric.TryWrite(cpu, address, 4, value));
            _fabric.Drain();
        }
    }
}
