using System.Globalization;
using Wirq.Lab.Historic;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Tests.Worlds;

/// <summary>The calls of a world to the CPUs of its guest, and their order.</summary>
public class GuestCpusTests
{
    [Fact]
    public void Interrupts_are_on_at_the_start_where_firmware_has_run_and_off_after_reset()
    {
        Assert.Equal(["cpu0 sti", "cpu1 sti"], Flags(Hear("machine: { cpus: 2 }\nsteps: [{ time: 1us }]")));
        Assert.Empty(Flags(Hear("machine: { cpus: 2, start: reset }\nsteps: [{ time: 1us }]")));
    }

    [Fact]
    public void A_handler_begins_with_a_take_and_ends_with_an_IRET()
    {
        Assert.Equal(["cpu0 sti", "cpu0 take 0x31", "cpu0 write 0xfee000b0", "cpu0 iret"], Flags(Hear("""
            machine: { devices: { disk: { gsi: 11, kind: edge } } }
            handlers: { cpu0: { 0x31: [eoi] } }
            steps:
              - cpu0: { write: { rte.11: { vector: 0x31 } } }
              - disk: pulse
            """)));
    }

    [Fact]
    public void A_handler_that_turns_interrupts_on_is_interrupted()
    {
        Assert.Equal(["cpu0 sti", "cpu0 take 0x31", "cpu0 sti", "cpu0 take 0x51", "cpu0 write 0xfee000b0", "cpu0 iret",
            "cpu0 write 0xfee000b0", "cpu0 iret"], Flags(Hear("""
            machine: { devices: { disk: { gsi: 11, kind: edge }, nic: { gsi: 12, kind: edge } } }
            handlers: { cpu0: { 0x31: [{ nic: pulse }, sti, eoi], 0x51: [eoi] } }
            steps:
              - cpu0: [{ write: { rte.11: { vector: 0x31 } } }, { write: { rte.12: { vector: 0x51 } } }]
              - disk: pulse
            """)));
    }

    [Fact]
    public void What_is_taken_with_interrupts_off_is_taken_between_an_STI_and_a_CLI_and_returned_from()
    {
        Assert.Equal(["cpu0 sti", "cpu0 cli", "cpu0 sti", "cpu0 take 0x31", "cpu0 iret", "cpu0 cli", "cpu0 sti", "cpu0 take none", "cpu0 cli"],
            Flags(Hear("""
            machine: { devices: { disk: { gsi: 11, kind: edge } } }
            steps:
              - cpu0: [{ write: { rte.11: { vector: 0x31 } } }, cli]
              - disk: pulse
              - cpu0: [{ take: 0x31 }, { take: none }]
            """)));
    }

    [Fact]
    public void An_INTA_cycle_is_the_CPUs_too()
    {
        Assert.Equal(["cpu0 sti", "cpu0 cli", "cpu0 sti", "cpu0 inta 0x27", "cpu0 iret", "cpu0 cli"],
            Flags(Hear("steps: [{ cpu0: [cli, { inta: 0x27 }] }]")));
    }

    [Fact]
    public void An_NMI_is_told_to_the_CPU_that_gets_it()
    {
        Assert.Equal(["cpu0 sti", "cpu1 sti", "cpu1 nmi"], Flags(Hear("""
            machine: { cpus: 2 }
            steps: [{ cpu0: { ipi: { mode: nmi, to: 1 } } }]
            """)));
    }

    [Fact]
    public void Ports_are_reached_through_the_CPU()
    {
        string[] heard = [.. Hear("steps: [{ cpu0: [{ mask-irq: 4 }, pic-eoi, { read: { port.0x21: 0xff } }] }]")
            .Where(call => call.Contains("0x2", StringComparison.Ordinal)).TakeLast(4)];
        Assert.Equal(["cpu0 in 0x21", "cpu0 out 0x21", "cpu0 out 0x20", "cpu0 in 0x21"], heard);
    }

    [Fact]
    public void The_CPUs_of_the_run_and_of_each_historic_design_are_let_go()
    {
        var made = new List<HearingCpus>();
        Scenario scenario = Read("""
            name: x
            machine: { devices: { disk: { gsi: 11 } } }
            steps: [{ disk: raise }]
            historic: [{ design: service-before-route, breaks: FreshRoute }]
            """);
        ScenarioRunner.Run(scenario, options: new WorldOptions
        {
            Cpus = (fabric, _) =>
            {
                made.Add(new HearingCpus(fabric));
                return made[^1];
            },
        });
        Assert.Equal([1, 1], made.Select(cpus => cpus.Disposals));
    }

    [Fact]
    public void CPUs_that_fail_while_the_machine_starts_are_let_go()
    {
        HearingCpus? made = null;
        Assert.Throws<WorldException>(() => new World(Read("name: x\nsteps: [{ time: 1us }]"), options: new WorldOptions
        {
            Cpus = (fabric, _) => made = new HearingCpus(fabric) { Refuses = true },
        }));
        Assert.Equal(1, made!.Disposals);
    }

    private static Scenario Read(string text) => ScenarioReader.Read("x.yaml", text, Designs.Names).Single();

    private static List<string> Hear(string text)
    {
        HearingCpus? cpus = null;
        ScenarioResult result = ScenarioRunner.Run(Read($"name: x\n{text}\n"), options: new WorldOptions
        {
            Cpus = (fabric, _) => cpus = new HearingCpus(fabric),
        });
        Assert.Empty(result.Failures);
        return cpus!.Heard;
    }

    // Without registers, but for the EOI.
    private static List<string> Flags(List<string> heard) => [.. heard.Where(call =>
        !(call.Contains(" read ", StringComparison.Ordinal) || call.Contains(" in ", StringComparison.Ordinal)
            || call.Contains(" out ", StringComparison.Ordinal)
            || (call.Contains(" write ", StringComparison.Ordinal) && !call.EndsWith("0xfee000b0", StringComparison.Ordinal))))];

    /// <summary>CPUs that behave like simulated ones, and record their calls.</summary>
    private sealed class HearingCpus(Fabric fabric) : IGuestCpus
    {
        internal List<string> Heard { get; } = [];
        internal int Disposals { get; private set; }
        internal bool Refuses { get; init; }

        public bool TryRead(int cpu, ulong address, int size, out ulong value)
        {
            Hear(cpu, $"read 0x{address:x}");
            return fabric.TryRead(cpu, address, size, out value);
        }

        public bool TryWrite(int cpu, ulong address, int size, ulong value)
        {
            Hear(cpu, $"write 0x{address:x}");
            return fabric.TryWrite(cpu, address, size, value);
        }

        public bool TryReadPort(int cpu, ushort port, int size, out uint value)
        {
            Hear(cpu, $"in 0x{port:x}");
            return fabric.TryReadPort(cpu, port, size, out value);
        }

        public bool TryWritePort(int cpu, ushort port, int size, uint value)
        {
            Hear(cpu, $"out 0x{port:x}");
            return fabric.TryWritePort(cpu, port, size, value);
        }

        public MsrResult ReadMsr(int cpu, uint msr, out ulong value) => fabric.ReadMsr(cpu, msr, out value);
        public MsrResult WriteMsr(int cpu, uint msr, ulong value) => fabric.WriteMsr(cpu, msr, value);
        public byte ReadCr8(int cpu) => fabric.ReadCr8(cpu);
        public bool TryWriteCr8(int cpu, ulong value) => fabric.TryWriteCr8(cpu, value);
        public ApicBase ReadBase(int cpu) => fabric.ReadBase(cpu);
        public bool HasInterrupt(int cpu) => fabric.HasInterrupt(cpu);

        public int Take(int cpu)
        {
            int vector = fabric.Take(cpu);
            Hear(cpu, vector < 0 ? "take none" : $"take 0x{vector:x2}");
            return vector;
        }

        public int Inta(int cpu)
        {
            int vector = fabric.Inta(cpu);
            Hear(cpu, $"inta 0x{vector:x2}");
            return vector;
        }

        public void SetInterrupts(int cpu, bool on)
        {
            if (Refuses)
                throw new WorldException("the CPUs do not start");
            Hear(cpu, on ? "sti" : "cli");
        }

        public void Return(int cpu) => Hear(cpu, "iret");
        public void Nmi(int cpu) => Hear(cpu, "nmi");
        public void Dispose() => Disposals++;

        private void Hear(int cpu, string what) => Heard.Add(string.Create(CultureInfo.InvariantCulture, $"cpu{cpu} {what}"));
    }
}
