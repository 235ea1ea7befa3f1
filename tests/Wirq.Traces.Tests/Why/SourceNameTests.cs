using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Tests.Kvm;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Why;

/// <summary>What an answer lists as a source can be typed as one.</summary>
public class SourceNameTests
{
    public static TheoryData<SourceName> Names
    {
        get
        {
            var names = new TheoryData<SourceName>
            {
                SourceName.Gsi(21), SourceName.Pin(0, 4), SourceName.Pin(1, 3), SourceName.Irq(15), SourceName.Remapped(65535), new SourceName(SourceClass.Message, 0, 0, 0xFEE01000, 0x4051),
                new SourceName(SourceClass.Message, 0, 0, 0xFEE00000_00000000, 0), new SourceName(SourceClass.Vector, 0, 0x51), new SourceName(SourceClass.Cpu, 3, 0),
            };
            for (var entry = LocalVector.Cmci; entry <= LocalVector.Error; entry++)
                names.Add(SourceName.Local(2, entry));
            for (int mode = 0; mode < 8; mode++)
                names.Add(mode < 2 ? SourceName.Ipi(1, default) : new SourceName(SourceClass.Ipi, 1, 0, 0, (uint)mode));
            return names;
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void A_name_that_is_printed_is_read_as_the_same_source(SourceName name)
    {
        Assert.True(SourceName.TryParse(name.ToString(), out SourceName read), name.ToString());
        Assert.Equal(name, read);
    }

    [Theory]
    [InlineData("guest-2cpu-full-cli.trace.txt.gz")]
    [InlineData("guest-2cpu-split-nodest.trace.txt.gz")]
    [InlineData("guest-1cpu-full-masked.perf-script.txt.gz")]
    [InlineData("amd-tpr.trace.txt.gz")]
    [InlineData("seabios-full.trace.txt.gz")]
    public void Each_source_that_a_log_of_KVM_lists_may_be_asked_about(string file)
    {
        KvmAnswer answer = KvmJudge.Read(() => File.OpenRead(KvmFiles.Kept(file)), file);
        string wrong = KvmQuestion.Wrong(answer, "0x01@cpu77");
        const string list = "expected one of ";
        string[] listed = wrong[(wrong.IndexOf(list, StringComparison.Ordinal) + list.Length)..].Split(", ");
        Assert.NotEmpty(listed);
        Assert.All(listed.Where(name => !name.StartsWith("and ", StringComparison.Ordinal)), name =>
        {
            Assert.DoesNotContain(' ', name);
            Assert.True(KvmQuestion.About(answer, name) is not null, name);
        });
    }

    [Theory]
    [InlineData("vector:0x53", "0x53")]
    [InlineData("vec:53", "0x53")]
    [InlineData("irq4", "gsi:4")]
    [InlineData("pin21", "ioapic:21")]
    public void Names_that_logs_of_QEMU_have_mean_the_same(string typed, string usual)
    {
        KvmAnswer answer = KvmJudge.Read(() => File.OpenRead(KvmFiles.Kept("guest-2cpu-full-cli.trace.txt.gz")), "log");
        Assert.Equal(KvmQuestion.About(answer, usual)?.Vms[0].Told.Select(one => one.Source), KvmQuestion.About(answer, typed)?.Vms[0].Told.Select(one => one.Source));
    }
}
