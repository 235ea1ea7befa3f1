using Wirq.Events;
using Wirq.Events.Shadows;
using Wirq.Host;
using Wirq.State;
using Wirq.Tests.Shared;

namespace Wirq.Tests.Events;

/// <summary>What the shadow of the CPUs makes of the events of a machine is what the machine has.</summary>
public sealed class CpuShadowTests
{
    private const ulong Page = ApicBase.DefaultPage;
    private const int Cpus = 3, Steps = 4000;

    private static readonly ApicRegister[] s_registers =
    [
        ApicRegister.TaskPriority, ApicRegister.LogicalDestination, ApicRegister.DestinationFormat, ApicRegister.SpuriousVector,
        ApicRegister.Cmci, ApicRegister.Timer, ApicRegister.Thermal, ApicRegister.Lint0, ApicRegister.Error, ApicRegister.InitialCount,
    ];

    [Theory]
    [InlineData(Profile.Manual)]
    [InlineData(Profile.Qemu)]
    [InlineData(Profile.Kvm)]
    public void The_shadow_has_what_the_machine_has(Profile profile)
    {
        var machine = new Shadowed(profile);
        var random = new Random(0x5AD0 + (int)profile);
        int pending = 0, serving = 0;
        for (int step = 0; step < Steps; step++)
        {
            Step(machine.Fabric, random);
            machine.Settle();
            for (int cpu = 0; cpu < Cpus; cpu++)
            {
                machine.AssertSame(cpu);
                pending += machine.Shadow[cpu].Pending.IsEmpty ? 0 : 1;
                serving += machine.Shadow[cpu].InService.IsEmpty ? 0 : 1;
            }
        }
        Assert.True(pending > Steps / 10 && serving > Steps / 10, $"{pending} {serving}");
    }

    [Fact]
    public void What_no_event_reported_is_not_known()
    {
        var machine = new Shadowed(Profile.Manual);
        Assert.Equal(CpuRegisters.None, machine.Shadow[1].Told);
        machine.Fabric.TryWrite(1, Page + (uint)ApicRegister.Lint0, 4, LocalVectorEntry.Reset.Bits);
        machine.Settle();
        // The value is the one that it had.
        Assert.True(machine.Shadow[1].IsTold(LocalVector.Lint0));
        Assert.False(machine.Shadow[1].IsTold(LocalVector.Lint1));
        Assert.False(machine.Shadow[1].IsTold(CpuRegisters.Identity));
        Assert.Equal(CpuRegisters.None, machine.Shadow[0].Told);
    }

    [Fact]
    public void What_a_log_left_replaces_what_was_pending_and_in_service()
    {
        var shadow = new CpuShadow(new LocalApicOptions { Count = 2 }, new StateArena());
        shadow.Observe(new VectorAccepted(1, default, 0x41, Level: false, Merged: false).ToEvent());
        shadow.Observe(new VectorAccepted(1, default, 0x81, Level: false, Merged: false).ToEvent());
        shadow.Observe(new LogVectorsLeft(1, 1, Pending: 1ul << 2, InService: 1ul << 1).ToEvent());
        Assert.Equal((0x81, 0x41), (shadow[1].Pending.Highest, shadow[1].InService.Highest));
        Assert.True(shadow[1].Pending.Has(0x42) && !shadow[1].Pending.Has(0x41));
        shadow.Forget();
        Assert.True(shadow[1].Pending.IsEmpty && shadow[1].InService.IsEmpty);
        // Neither such a CPU nor such vectors exist.
        shadow.Observe(new VectorAccepted(2, default, 0x41, Level: false, Merged: false).ToEvent());
        shadow.Observe(new LogVectorsLeft(1, 4, Pending: 1, InService: 1).ToEvent());
        Assert.True(shadow[1].Pending.IsEmpty && shadow[1].InService.IsEmpty);
    }

    private static void Step(Fabric fabric, Random random)
    {
        int cpu = random.Next(Cpus);
        switch (random.Next(10))
        {
            case < 4:
                fabric.Send(Msi.Encode(InterruptMessage.Create((byte)random.Next(0x10, 0x100), DeliveryMode.Fixed, (uint)cpu)));
                break;
            case 4 or 5:
                fabric.Take(cpu);
                break;
            case 6:
                fabric.TryWrite(cpu, Page + (uint)ApicRegister.Eoi, 4, 0);
                break;
            case 7:
                ApicRegister register = random.Next(3) == 0 ? ApicRegister.SpuriousVector : s_registers[random.Next(s_registers.Length)];
                // Mostly enabled and open, so that something gets through.
                uint value = register == ApicRegister.TaskPriority ? (uint)random.Next(0x40)
                    : register == ApicRegister.SpuriousVector ? (random.Next(4) == 0 ? 0xFFu : 0x1FF) : (uint)random.NextInt64();
                fabric.TryWrite(cpu, Page + (uint)register, 4, value);
                break;
            case 8 when random.Next(20) == 0:
                ulong mode = random.Next(3) switch { 0 => 0u, 1 => 0x800, _ => 0xC00 };
                fabric.WriteMsr(cpu, ApicMsr.Base, Page | mode);
                break;
            case 8:
                fabric.WriteMsr(cpu, ApicMsr.FirstX2Apic + (uint)s_registers[random.Next(s_registers.Length)] / 16, (uint)random.Next(0x100));
                break;
            case 9 when random.Next(20) == 0:
                fabric.Send(Msi.Encode(InterruptMessage.Create(0, DeliveryMode.Init, (uint)cpu)));
                break;
            default:
                fabric.TryWriteCr8(cpu, (uint)random.Next(3));
                break;
        }
    }

    private sealed class Shadowed : IEventObserver
    {
        internal Shadowed(Profile profile)
        {
            Fabric = new Fabric(FabricOptions.Pc(Cpus, profile));
            Fabric.Events.Observing = true;
            Shadow = new CpuShadow(Fabric.Options.LocalApics, new StateArena());
        }

        internal Fabric Fabric { get; }
        internal CpuShadow Shadow { get; }

        public void Observe(in Event happened) => Shadow.Observe(happened);

        internal void Settle() => Fabric.Drain(PortsOf.One(this));

        internal void AssertSame(int cpu)
        {
            ApicState real = Fabric.LocalApics!.State(cpu);
            CpuFacts told = Shadow[cpu];
            Assert.Equal((real.Base, real.Spurious, real.Tpr), (told.Base, told.Spurious, (byte)told.TaskPriority));
            Assert.Equal((real.Logical, real.Format), (told.Logical, told.Format));
            for (int word = 0; word < 8; word++)
                Assert.Equal((real.Irr.Register(word), real.Isr.Register(word)), (told.Pending.Register(word), told.InService.Register(word)));
            for (var entry = LocalVector.Timer; entry <= LocalVector.Error; entry++)
                Assert.Equal(real.Entry(entry).Masked, told.Entry(entry).Masked);
            Assert.Equal(real.Lint0.Mode, told.Entry(LocalVector.Lint0).Mode);
        }
    }
}
