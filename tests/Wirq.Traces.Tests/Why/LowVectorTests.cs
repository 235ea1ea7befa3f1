using Wirq.Tests.Shared;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Why;

/// <summary>Vectors below 16, which QEMU's local APIC takes: their class raises no priority.</summary>
public class LowVectorTests
{
    private const ulong ToCpu0 = 0xFEE00000;
    private const uint Low = 8;

    private static WhyEngine Kept(string? question = null)
    {
        string file = Repository.PathOf("tests/reports/why/bad-vector.log.gz");
        return LogWhy.Read(() => File.OpenRead(file), file, question is null ? null : WhyQuestion.Parse(question, out _));
    }

    [Fact]
    public void What_no_EOI_ended_is_in_service_since_it_was_first_taken()
    {
        OwedAnswer owed = Assert.Single(Kept().Owed().Owed);
        Assert.Equal((Fate.InService, Gate.NoEoi, Low, 1077), (owed.Fate, owed.Gate, (uint)owed.Vector, owed.At.Line));
        string words = string.Join(' ', owed.Sentences);
        Assert.Contains("it blocks nothing, and was taken 281 times in that time, at last at L3317", words, StringComparison.Ordinal);
    }

    [Fact]
    public void None_of_them_is_called_ended_or_held_by_another_of_its_class()
    {
        SourceAnswer timer = Assert.Single(Kept("ioapic:2").Answer()!);
        Assert.All(timer.Raises, raise => Assert.Equal((Fate.InService, Gate.NoEoi), (raise.Fate, raise.Gate)));
        Assert.All(timer.Raises, raise => Assert.DoesNotContain("PPR", Watched.Words(raise), StringComparison.Ordinal));
        Assert.DoesNotContain(timer.Earlier, pair => pair.Fate == Fate.Ended);
    }

    [Fact]
    public void A_pending_one_waits_for_no_other_in_service()
    {
        var machine = Watched.Enabled($"msi:0x{ToCpu0:x8}:0x{Low:x4}", profile: Profile.Qemu);
        machine.Send(ToCpu0, Low);
        machine.Take();
        machine.Send(ToCpu0, Low);
        Assert.Equal((Fate.Pending, Gate.CpuUnknown), (machine.Last().Fate, machine.Last().Gate));
        machine.Take();
        Assert.Equal([Fate.InService, Fate.InService], machine.Engine.Answer()![0].Raises.Select(raise => raise.Fate));
        machine.Eoi();
        Assert.Equal([Fate.Ended, Fate.Ended], machine.Engine.Answer()![0].Raises.Select(raise => raise.Fate));
    }

    [Fact]
    public void Any_task_priority_holds_them()
    {
        var machine = Watched.Enabled($"msi:0x{ToCpu0:x8}:0x{Low:x4}", profile: Profile.Qemu);
        machine.Apic(ApicRegister.TaskPriority, 1);
        machine.Send(ToCpu0, Low);
        Assert.Equal(Gate.TaskPriority, machine.Last().Gate);
    }

    [Fact]
    public void Vector_0_is_never_taken()
    {
        var machine = Watched.Enabled($"msi:0x{ToCpu0:x8}:0x0000", profile: Profile.Qemu);
        machine.Send(ToCpu0, 0);
        Assert.Equal(-1, machine.Fabric.LocalApics!.Takeable(0));
        Assert.Equal(Gate.NullVector, machine.Last().Gate);
    }
}
