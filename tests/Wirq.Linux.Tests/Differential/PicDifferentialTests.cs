namespace Wirq.Linux.Tests.Differential;

/// <summary>KVM's pair of 8259s and Wirq's under profile <c>kvm</c>, driven by the same inputs.</summary>
public sealed class PicDifferentialTests
{
    private const int Cascade = 2;
    private const uint WithoutBit7 = 0x7F;

    [Fact]
    public void Profile_kvm_of_the_8259_is_what_kvm_does() => Chips.Compare(system =>
    {
        using var kvm = new KvmPair(system);
        new Differential<Operation>(kvm, new WirqPair(kvm.PollsWithoutBit7),
            "answer", "IRR", "ISR", "IMR", "ELCR", "priority", "vectors", "reads ISR", "poll due", "special mask", "stage", "auto EOI",
            "rotates", "nested").Run(Draw, length: 60, seed: 8259);
    });

    private static Operation Draw(Random random)
    {
        ushort[] commands = [0x20, 0xA0], data = [0x21, 0xA1], triggers = [0x4D0, 0x4D1];
        ushort Of(ushort[] ports) => ports[random.Next(2)];
        return random.Next(16) switch
        {
            < 5 => new(Kind.Line, (ushort)Line(random), (byte)random.Next(2)),
            < 7 => new(Kind.Take, 0, 0),
            7 => new(Kind.Write, Of(commands), (byte)(random.Next(256) | 0x10)),
            // OCW2 and OCW3.
            8 or 9 or 10 => new(Kind.Write, Of(commands), (byte)(random.Next(256) & ~0x10)),
            11 => new(Kind.Write, Of(data), (byte)(random.Next(256) & random.Next(256))),
            12 => new(Kind.Write, Of(data), (byte)random.Next(256)),
            13 => new(Kind.Write, Of(triggers), (byte)random.Next(256)),
            14 => new(Kind.Read, Of(commands), 0),
            _ => new(Kind.Read, Of(random.Next(2) == 0 ? data : triggers), 0),
        };
    }

    private static int Line(Random random)
    {
        int irq = random.Next(15);
        return irq < Cascade ? irq : irq + 1;
    }

    private static bool IsOfSlave(ushort port) => port is 0xA0 or 0xA1;

    private enum Kind
    {
        Line,
        Write,
        Read,
        Take,
    }

    private readonly record struct Operation(Kind Kind, ushort Target, byte Value)
    {
        public override string ToString() => Kind switch
        {
            Kind.Line => $"IRQ {Target} {(Value != 0 ? "high" : "low")}",
            Kind.Write => $"write 0x{Value:x2} to port 0x{Target:x}",
            Kind.Read => $"read port 0x{Target:x}",
            _ => "the CPU takes an interrupt, if one waits",
        };
    }

    private sealed class KvmPair : ISide<Operation>, IDisposable
    {
        private readonly AccessGuest _guest;
        internal bool PollsWithoutBit7 { get; }

        internal KvmPair(KvmSystem system)
        {
            _guest = new AccessGuest(system, cpus: 1);
            _guest.Vm.SetGsiRouting([.. Enumerable.Range(0, 16).Select(irq =>
                new KvmRoutingEntry(irq, irq < 8 ? KvmChip.PicMaster : KvmChip.PicSlave, irq % 8))]);
            PollsWithoutBit7 = OlderKvm.PollsWithoutBit7(_guest);
        }

        public void Reset()
        {
            for (int irq = 0; irq < 16; irq++)
                _guest.Vm.SetIrqLine(irq, false);
            // The slave first: while it requests, it makes one at the master at every occasion.
            _guest.Vm.SetPic(new KvmPicState { ElcrMask = 0xDE }, slave: true);
            _guest.Vm.SetPic(new KvmPicState { ElcrMask = 0xF8 });
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
                    _guest.WritePort(operation.Target, operation.Value);
                    break;
                case Kind.Read:
                    seen[0] = PollsWithoutBit7 && (IsOfSlave(operation.Target) ? _guest.Vm.GetPic(slave: true) : _guest.Vm.GetPic()).Polling != 0
                        ? _guest.ReadPort(operation.Target) & WithoutBit7 : _guest.ReadPort(operation.Target);
                    break;
                case Kind.Take:
                    seen[0] = (ulong)(_guest.TakeInterrupt() + 1);
                    break;
            }
            KvmPicState master = _guest.Vm.GetPic(), slave = _guest.Vm.GetPic(slave: true);
            Show(seen, 1, master.Requests, slave.Requests);
            Show(seen, 2, master.InService, slave.InService);
            Show(seen, 3, master.Mask, slave.Mask);
            Show(seen, 4, master.Elcr, slave.Elcr);
            Show(seen, 5, master.Highest, slave.Highest);
            Show(seen, 6, master.VectorBase, slave.VectorBase);
            Show(seen, 7, master.ReadsInService, slave.ReadsInService);
            Show(seen, 8, master.Polling, slave.Polling);
            Show(seen, 9, master.SpecialMask, slave.SpecialMask);
            Show(seen, 10, master.Stage, slave.Stage);
            Show(seen, 11, master.AutoEoi, slave.AutoEoi);
            Show(seen, 12, master.RotatesInAutoEoi, slave.RotatesInAutoEoi);
            Show(seen, 13, master.SpecialFullyNested, slave.SpecialFullyNested);
        }

        public void Dispose() => _guest.Dispose();
    }

    /// <summary>Wirq's pair, as a guest and its devices access it.</summary>
    private sealed class WirqPair(bool pollsWithoutBit7) : ISide<Operation>
    {
        private Fabric _fabric = null!;
        private Source[] _lines = [];

        public void Reset()
        {
            _fabric = new Fabric(FabricOptions.Pc(profile: Profile.Kvm) with { IsaOverrides = new Dictionary<int, int>() });
            _lines = [.. Enumerable.Range(0, 16).Select(irq => _fabric.Connect(irq, $"IRQ {irq}"))];
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
                    Assert.True(_fabric.TryWritePort(0, operation.Target, 1, operation.Value));
                    break;
                case Kind.Read:
                    bool polls = (IsOfSlave(operation.Target) ? _fabric.Pic!.State.Slave : _fabric.Pic!.State.Master).Polling != 0;
                    Assert.True(_fabric.TryReadPort(0, operation.Target, 1, out uint read));
                    seen[0] = pollsWithoutBit7 && polls ? read & WithoutBit7 : read;
                    break;
                case Kind.Take:
                    seen[0] = (ulong)(_fabric.Take(0) + 1);
                    break;
            }
            _fabric.Drain();
            PicPairState pair = _fabric.Pic!.State;
            (PicState master, PicState slave) = (pair.Master, pair.Slave);
            Show(seen, 1, master.Irr, slave.Irr);
            Show(seen, 2, master.Isr, slave.Isr);
            Show(seen, 3, master.Imr, slave.Imr);
            Show(seen, 4, master.Elcr, slave.Elcr);
            Show(seen, 5, (byte)(master.Lowest + 1 & 7), (byte)(slave.Lowest + 1 & 7));
            Show(seen, 6, (byte)(master.Icw2 & 0xF8), (byte)(slave.Icw2 & 0xF8));
            Show(seen, 7, master.ReadsInService, slave.ReadsInService);
            Show(seen, 8, master.Polling, slave.Polling);
            Show(seen, 9, master.SpecialMask, slave.SpecialMask);
            Show(seen, 10, Stage(master), Stage(slave));
            Icw4 first = new(master.Icw4), second = new(slave.Icw4);
            Show(seen, 11, Bit(first.AutoEoi), Bit(second.AutoEoi));
            Show(seen, 12, master.RotatesInAutoEoi, slave.RotatesInAutoEoi);
            Show(seen, 13, Bit(first.SpecialFullyNested), Bit(second.SpecialFullyNested));
        }

        private static byte Bit(bool value) => value ? (byte)1 : (byte)0;

        /// <summary>The word that is awaited, as KVM counts.</summary>
        private static byte Stage(in PicState chip) => (PicStage)chip.Stage switch
        {
            PicStage.AwaitsIcw2 => 1,
            PicStage.AwaitsIcw3 => 2,
            PicStage.AwaitsIcw4 => 3,
            _ => 0,
        };
    }

    private static void Show(Span<ulong> seen, int index, byte master, byte slave) => seen[index] = (ulong)slave << 8 | master;
}
