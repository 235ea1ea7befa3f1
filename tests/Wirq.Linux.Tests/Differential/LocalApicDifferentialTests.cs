using Wirq.Events;
using Wirq.State;

namespace Wirq.Linux.Tests.Differential;

/// <summary>The local APICs that accept a message: KVM's, and Wirq's under profile <c>kvm</c>.</summary>
public sealed class LocalApicDifferentialTests
{
    private const uint BaseMsr = 0x1B, X2ApicSpurious = 0x80F;
    private const ulong Off = 0xFEE00000, XApic = 0xFEE00800, X2Apic = 0xFEE00C00;
    private const int Words = 8;
    private static readonly uint[] s_ids = [0, 1, 2, 5, 17, 40];
    private static readonly uint[] s_wideIds = [0, 1, 2, 5, 17, 300];

    [Theory]
    [InlineData(X2ApicApi.None)]
    [InlineData(X2ApicApi.Use32BitIds)]
    [InlineData(X2ApicApi.Use32BitIds | X2ApicApi.DisableBroadcastQuirk)]
    public void Profile_kvm_of_the_local_apic_accepts_what_kvm_accepts(X2ApicApi flags) => Chips.Compare(system =>
    {
        bool wide = (flags & X2ApicApi.Use32BitIds) != 0, ofTable = OlderKvm.ListsEveryLogicalId(system);
        uint[] ids = wide ? s_wideIds : s_ids;
        using var kvm = new KvmSide(system, flags, ids);
        string[] names = ["accepted", .. ids.SelectMany(id => new[] { $"NMI of {id}" }
            .Concat(Enumerable.Range(0, Words).Select(word => $"IRR {32 * word} of {id}"))
            .Concat(Enumerable.Range(0, Words).Select(word => $"TMR {32 * word} of {id}")))];
        new Differential<Operation>(kvm, new WirqSide(flags, ids), names)
            .Run(random => Draw(random, ids, wide, ofTable), length: 40, seed: 0x1A91C);
    });

    private static Operation Draw(Random random, uint[] ids, bool wide, bool ofTable)
    {
        int cpu = random.Next(ids.Length);
        switch (random.Next(20))
        {
            // An older KVM's table has every id, so only ids of one distinct bit are compared.
            case < 8 when ofTable:
                return new(Kind.AllInMode, cpu, (uint)random.Next(4));
            case 0 or 1 or 2:
                return new(Kind.Logical, cpu, LogicalId(random));
            case 3:
                return new(Kind.Format, cpu, random.Next(8) == 0 ? 0x5FFFFFFF : random.Next(2) == 0 ? uint.MaxValue : 0x0FFFFFFF);
            case 4:
                return new(Kind.Enable, cpu, (uint)random.Next(3));
            case 5:
                return new(Kind.Mode, cpu, (uint)random.Next(3));
            case 6:
                // All at once, so that the models that a guest uses come up often enough.
                return new(Kind.AllInMode, cpu, (uint)random.Next(4));
            case 7 when random.Next(3) == 0:
                return new(Kind.Id, cpu, (uint)(random.Next(4) == 0 ? random.Next(256) : (byte)ids[random.Next(ids.Length)]));
        }
        bool logical = random.Next(3) != 0;
        uint destination = random.Next(10) switch
        {
            0 => 0xFF,
            1 when wide => uint.MaxValue,
            2 or 3 when wide => (uint)(random.Next(3) << 16 | random.Next(0x10000)),
            4 => ids[random.Next(ids.Length)],
            5 when wide => (uint)random.Next(0x200),
            _ => (uint)random.Next(256),
        };
        DeliveryMode mode = random.Next(8) switch
        {
            0 or 1 or 2 => DeliveryMode.LowestPriority,
            3 => random.Next(4) switch { 0 => DeliveryMode.Nmi, 1 => DeliveryMode.ExtInt, 2 => DeliveryMode.Reserved, _ => DeliveryMode.Fixed },
            _ => DeliveryMode.Fixed,
        };
        return new(Kind.Message, 0, 0, InterruptMessage.Create((byte)random.Next(256), mode, destination, logical,
            level: random.Next(4) == 0, assert: random.Next(2) == 0, hint: random.Next(4) == 0));
    }

    private static uint LogicalId(Random random) => random.Next(6) switch
    {
        0 => 0,
        1 => (uint)random.Next(256),
        2 or 3 => (uint)(1 << random.Next(8)),
        _ => (uint)(random.Next(3) << 4 | 1 << random.Next(4)),
    };

    private enum Kind
    {
        Logical,
        Format,
        Enable,
        Mode,
        AllInMode,
        Id,
        Message,
    }

    private readonly record struct Operation(Kind Kind, int Cpu, uint Value, InterruptMessage Message = default)
    {
        public override string ToString() => Kind switch
        {
            Kind.Logical => $"CPU {Cpu}: logical id 0x{Value:x2}",
            Kind.Format => $"CPU {Cpu}: destination format 0x{Value:x8}",
            Kind.Enable => $"CPU {Cpu}: software-{(Value != 0 ? "enabled" : "disabled")}",
            Kind.Mode => $"CPU {Cpu}: mode {Name}",
            Kind.AllInMode when Value == 3 => "all CPUs: xAPIC, each a logical id of its own, of the cluster model",
            Kind.AllInMode => $"all CPUs: mode {Name}, each a logical id of its own, of the flat model",
            Kind.Id => $"CPU {Cpu}: id 0x{Value:x2}",
            _ => $"{Message}{(Message.Hint ? ", hint" : "")}{(Message.Level && !Message.Assert ? ", not asserted" : "")}",
        };

        internal ulong Base => Value switch { 0 => Off, 1 => XApic, _ => X2Apic };

        private string Name => Value switch { 0 => "off", 1 => "xAPIC", _ => "x2APIC" };

        /// <summary>What an operation on all is to each.</summary>
        internal IEnumerable<Operation> Parts(int cpus)
        {
            if (Kind != Kind.AllInMode)
                return [this];
            uint mode = Value == 3 ? 1 : Value == 0 ? 1 : Value, format = Value == 3 ? 0x0FFFFFFF : uint.MaxValue;
            bool cluster = Value == 3;
            return Enumerable.Range(0, cpus).SelectMany(cpu => new Operation[]
            {
                new(Kind.Mode, cpu, mode),
                new(Kind.Enable, cpu, 1),
                new(Kind.Format, cpu, format),
                new(Kind.Logical, cpu, cluster ? (uint)(cpu / 3 << 4 | 1 << cpu % 3) : 1u << cpu),
            });
        }
    }

    private sealed class KvmSide : ISide<Operation>, IDisposable
    {
        private readonly KvmVm _vm;
        private readonly X2ApicApi _flags;
        private readonly ulong[] _bases;

        internal KvmSide(KvmSystem system, X2ApicApi flags, uint[] ids)
        {
            _flags = flags;
            _vm = system.CreateVm();
            _vm.CreateSplitIrqChip();
            if (flags != X2ApicApi.None)
                _vm.EnableX2ApicApi(flags);
            KvmCpuidLeaf[] cpuid = system.GetSupportedCpuid();
            foreach (uint id in ids)
                _vm.CreateVcpu((int)id).SetCpuid(cpuid);
            _bases = new ulong[ids.Length];
        }

        public void Reset()
        {
            for (int cpu = 0; cpu < _bases.Length; cpu++)
            {
                SetBase(cpu, Off);
                SetBase(cpu, XApic);
                KvmVcpu vcpu = _vm.Vcpus[cpu];
                vcpu.GetLapic(out LapicState state);
                for (uint word = 0; word < Words; word++)
                    state[ApicRegister.Request + word * 16] = state[ApicRegister.TriggerMode + word * 16] = 0;
                state[ApicRegister.Id] = (uint)vcpu.Id << 24;
                state[ApicRegister.LogicalDestination] = 0;
                state[ApicRegister.DestinationFormat] = uint.MaxValue;
                state[ApicRegister.SpuriousVector] = 0x1FF;
                vcpu.SetLapic(state);
                vcpu.Events = new KvmVcpuEvents { Flags = KvmVcpuEventFields.NmiPending };
            }
        }

        public void Do(Operation operation, Span<ulong> seen)
        {
            seen[0] = 0;
            if (operation.Kind == Kind.Message)
                seen[0] = _vm.SignalMsi(Encode(operation.Message)) ? 1u : 0;
            else
            {
                foreach (Operation part in operation.Parts(_bases.Length))
                    Configure(part);
            }
            int at = 1;
            foreach (KvmVcpu vcpu in _vm.Vcpus)
            {
                seen[at++] = (ulong)Math.Min((int)vcpu.Events.NmiPending, 1);
                vcpu.GetLapic(out LapicState state);
                for (int word = 0; word < Words; word++)
                    seen[at++] = state.Word(ApicRegister.Request, word);
                for (int word = 0; word < Words; word++)
                    seen[at++] = state.Word(ApicRegister.TriggerMode, word);
            }
        }

        private void Configure(Operation operation)
        {
            KvmVcpu vcpu = _vm.Vcpus[operation.Cpu];
            bool xApic = _bases[operation.Cpu] == XApic;
            switch (operation.Kind)
            {
                case Kind.Mode:
                    SetBase(operation.Cpu, operation.Base);
                    break;
                case Kind.Enable when _bases[operation.Cpu] != Off:
                    vcpu.WriteLapic(ApicRegister.SpuriousVector, operation.Value != 0 ? 0x1FFu : 0xFF);
                    break;
                case Kind.Logical when xApic:
                    vcpu.WriteLapic(ApicRegister.LogicalDestination, operation.Value << 24);
                    break;
                case Kind.Format when xApic:
                    vcpu.WriteLapic(ApicRegister.DestinationFormat, operation.Value);
                    break;
                case Kind.Id when xApic:
                    vcpu.WriteLapic(ApicRegister.Id, operation.Value << 24);
                    break;
            }
        }

        /// <summary>By the ways that the architecture has: from xAPIC to x2APIC, and back through off.</summary>
        private void SetBase(int cpu, ulong value)
        {
            if (value == X2Apic && _bases[cpu] == Off || value == XApic && _bases[cpu] == X2Apic)
                SetBase(cpu, value == X2Apic ? XApic : Off);
            _vm.Vcpus[cpu].WriteMsr(BaseMsr, value | (cpu == 0 ? 0x100u : 0));
            _bases[cpu] = value;
        }

        private Msi Encode(InterruptMessage message)
        {
            MsiFormat format = (_flags & X2ApicApi.Use32BitIds) != 0 ? MsiFormat.KvmHighAddress : MsiFormat.Compatibility;
            uint data = message.Vector | (uint)message.Mode << 8 | (message.Level ? 1u << 15 : 0) | (message.Assert ? 1u << 14 : 0);
            return new(MsiAddress.For(message.Destination, message.Logical, message.Hint, format), new MsiData(data));
        }

        public void Dispose() => _vm.Dispose();
    }

    private sealed class WirqSide(X2ApicApi flags, uint[] ids) : ISide<Operation>
    {
        private readonly EventBuffer _events = new();
        private readonly bool[] _nmis = new bool[ids.Length];
        private LocalApics _apics = null!;

        public void Reset()
        {
            _apics = new LocalApics(new LocalApicOptions
            {
                Count = ids.Length,
                Ids = ids,
                Profile = Profile.Kvm,
                ByteBroadcastQuirk = (flags & X2ApicApi.DisableBroadcastQuirk) == 0,
                WideIds = (flags & X2ApicApi.Use32BitIds) != 0,
            }, new StateArena());
            for (int cpu = 0; cpu < ids.Length; cpu++)
                _apics.Write(cpu, (uint)ApicRegister.SpuriousVector, 0x1FF, _events);
            Array.Clear(_nmis);
            _events.Clear();
        }

        public void Do(Operation operation, Span<ulong> seen)
        {
            seen[0] = 0;
            if (operation.Kind == Kind.Message)
                seen[0] = _apics.Deliver(operation.Message, Origin.Device(0x10), _events) == RefusalReason.None ? 1u : 0;
            else
            {
                foreach (Operation part in operation.Parts(ids.Length))
                    Configure(part);
            }
            while (_events.TryTake(out Event happened))
            {
                if (happened.Kind == EventKind.CpuNmi)
                    _nmis[happened.Cpu] = true;
            }
            int at = 1;
            for (int cpu = 0; cpu < ids.Length; cpu++)
            {
                seen[at++] = _nmis[cpu] ? 1u : 0;
                ref ApicState state = ref _apics.State(cpu);
                for (int word = 0; word < Words; word++)
                    seen[at++] = state.Irr.Register(word);
                for (int word = 0; word < Words; word++)
                    seen[at++] = state.Tmr.Register(word);
            }
        }

        private void Configure(Operation operation)
        {
            int cpu = operation.Cpu;
            ApicMode mode = _apics.Base(cpu).Mode;
            (ApicRegister register, uint value) = operation.Kind switch
            {
                Kind.Logical => (ApicRegister.LogicalDestination, operation.Value << 24),
                Kind.Format => (ApicRegister.DestinationFormat, operation.Value),
                Kind.Id => (ApicRegister.Id, operation.Value << 24),
                _ => (ApicRegister.SpuriousVector, operation.Value != 0 ? 0x1FFu : 0xFF),
            };
            if (operation.Kind == Kind.Mode)
                SetBase(cpu, operation.Base);
            else if (mode == ApicMode.XApic)
                _apics.Write(cpu, (uint)register, value, _events);
            else if (mode == ApicMode.X2Apic && operation.Kind == Kind.Enable)
                Assert.True(_apics.TryWriteMsr(cpu, X2ApicSpurious, value, _events));
        }

        private void SetBase(int cpu, ulong value)
        {
            ApicMode mode = _apics.Base(cpu).Mode;
            if (value == X2Apic && mode == ApicMode.Disabled || value == XApic && mode == ApicMode.X2Apic)
                SetBase(cpu, value == X2Apic ? XApic : Off);
            Assert.True(_apics.TryWriteMsr(cpu, BaseMsr, value | (cpu == 0 ? 0x100u : 0), _events));
        }
    }
}
