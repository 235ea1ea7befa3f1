namespace Wirq.Tests.Qemu;

/// <summary>Profile <c>qemu</c> against QEMU 7.2. <c>WIRQ_LONG=1</c> compares a million operations a chip,
/// <c>WIRQ_QEMU_SEED</c> sets the seed.</summary>
public class QemuDifferentialTests(ITestOutputHelper output)
{
    private static bool IsLong => Environment.GetEnvironmentVariable("WIRQ_LONG") == "1";
    private static int Operations => IsLong ? 1_000_000 : 50_000;
    private static int Seed => int.TryParse(Environment.GetEnvironmentVariable("WIRQ_QEMU_SEED"), out int given) ? given : 72;

    [Fact]
    public async Task The_pair_of_8259s_does_what_qemu_does()
    {
        using QtestMachine machine = Machine(PicSubject.Arguments, PicSubject.Traces);
        await machine.Ask(PicSubject.Before);
        var subject = new PicSubject(machine);
        Expect(await new Differential<PicOperation>(subject).Run(Seed, Operations));
        output.WriteLine($"{subject.Taken} requests taken");
        Assert.True(subject.Taken > Operations / 50, "the run did not go where it was meant to go");
    }

    [Fact]
    public async Task The_io_apic_does_what_qemu_does()
    {
        using QtestMachine machine = Machine(IoApicSubject.Arguments, IoApicSubject.Traces);
        await machine.Ask(IoApicSubject.Before);
        var subject = new IoApicSubject(machine);
        Expect(await new Differential<IoApicOperation>(subject).Run(Seed, Operations));
        output.WriteLine($"{subject.Sent} messages sent");
        Assert.True(subject.Sent > Operations / 10, "the run did not go where it was meant to go");
    }

    [Fact]
    public async Task The_local_apic_does_what_qemu_does()
    {
        if (QtestMachine.Absence() is { } reason)
            Assert.Skip(reason);
        using var machine = new StubMachine();
        await machine.Qtest.Ask(["outb 0x21 0xff", "outb 0xa1 0xff"]);
        var subject = new LocalApicSubject(machine);
        Expect(await new Differential<LocalApicOperation>(subject).Run(Seed, Operations));
        output.WriteLine($"{subject.Taken} vectors taken");
        Assert.True(subject.Taken > Operations / 50, "the run did not go where it was meant to go");
    }

    private static QtestMachine Machine(IEnumerable<string> arguments, IEnumerable<string> traces)
    {
        if (QtestMachine.Absence() is { } reason)
            Assert.Skip(reason);
        return new QtestMachine(arguments, traces);
    }

    private void Expect(string? difference)
    {
        output.WriteLine($"seed {Seed}, {Operations} operations");
        Assert.True(difference is null, $"seed {Seed}: {difference}");
    }
}
