using System.Text;
using Wirq.Traces.Dumps;
using Wirq.Traces.Kvm;
using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Qemu;
using Wirq.Traces.Replay;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Kvm;

/// <summary>A log is known wherever its first event stands, whatever it is coded in; and what a log has of other forms does not vanish.</summary>
public class LateAndMixedLogTests
{
    private const string Record = "qemu-system-x86-3666    [000] .....  1727.088010: kvm_eoi: apicid 0 vector 49\n";
    private const string QemuEvent = "12@100.000001:pic_set_irq master 1 irq 0 level 1\n";
    private const string Dump = "pic0: irr=00 imr=ff isr=00 hprio=0 irq_base=30 rr_sel=0 elcr=00 fnm=0\n";

    /// <summary>A guest's console of 2 MiB, which is more than any head.</summary>
    private static readonly string s_console = string.Concat(Enumerable.Repeat("[    1.000000] pci 0000:00:1f.0: reg 0x10: [io  0x0000-0x0007]\n", 34_000));

    private static string Sentence(string words) =>
        $"It also has {words}, which are no part of this answer: wirq why of this file, without a source, answers about each";

    private static Func<Stream> Of(string text) => () => new MemoryStream(Encoding.UTF8.GetBytes(text), writable: false);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void UTF_16_is_read(bool bigEndian)
    {
        var encoding = new UnicodeEncoding(bigEndian, byteOrderMark: true);
        string text = KvmFiles.Text(KvmFiles.Kept("pasted-no-pid.txt"));
        byte[] bytes = [.. encoding.GetPreamble(), .. encoding.GetBytes(text)];
        Assert.True(KvmLog.Looks(() => new MemoryStream(bytes), "F"));
        Assert.Equal(KvmFiles.ReadText(text).Records, KvmFiles.Read(() => new MemoryStream(bytes)).Records);
    }

    [Fact]
    public void A_late_record_is_found()
    {
        Assert.True(s_console.Length > 1 << 21);
        Assert.True(KvmLog.Looks(Of(s_console + Record), "F"));
        Assert.False(KvmLog.Looks(Of(s_console), "F"));
        KvmAnswer answer = KvmJudge.Read(Of(s_console + Record), "F");
        Assert.Equal(1, answer.Survey.Counts[KvmEvent.Eoi]);
    }

    [Fact]
    public void Late_lines_of_a_dump_are_found()
    {
        string prose = string.Concat(Enumerable.Repeat("a line that is of nothing\n", 60_000));
        Assert.True(DumpRecognition.Looks(Of(prose + Dump)));
        Assert.False(DumpRecognition.Looks(Of(prose)));
    }

    [Fact]
    public void A_log_of_QEMU_stays_one_where_records_of_KVM_come_late()
    {
        Assert.False(KvmLog.Looks(Of(QemuEvent + s_console + Record), "F"));
        Assert.True(KvmLog.Looks(Of(QemuEvent + Record), "F"));
    }

    [Theory]
    [InlineData(Record + QemuEvent, "1 line of QEMU's events (the first is L2)")]
    [InlineData(Record + QemuEvent + QemuEvent + Dump, "2 lines of QEMU's events (the first is L2) and 1 line of a dump or of a kernel's messages about interrupts (the first is L4)")]
    [InlineData(Record + "# a note\n\nwe saw kvm_eoi hang\n" + Record, null)]
    public void What_a_log_of_KVM_has_of_other_forms_is_said(string text, string? words)
    {
        LimitAnswer[] said = [.. KvmJudge.Read(Of(text), "F").Limits.Where(limit => limit.What.StartsWith("It also has", StringComparison.Ordinal))];
        Assert.Equal(words is null ? [] : [Sentence(words)], said.Select(limit => limit.What));
    }

    [Theory]
    [InlineData(QemuEvent + "x\n" + Record, "1 line of KVM's records (the first is L3)")]
    [InlineData(QemuEvent + Dump + Dump, "2 lines of a dump or of a kernel's messages about interrupts (the first is L2)")]
    [InlineData(QemuEvent + "12@100.000002:pic_set_irq master 1\n[    1.000000] Linux version 6.1\n", null)]
    public void What_a_log_of_QEMU_has_of_other_forms_is_said(string text, string? words)
    {
        string[] expected = words is null ? [] : [Sentence(words)];
        WhyEngine engine = LogWhy.Read(Of(text), "F", null);
        Assert.Equal(expected, engine.Owed().Limits.Select(limit => limit.What).Where(what => what.StartsWith("It also has", StringComparison.Ordinal)));
        Assert.Equal(expected, Replayer.Run(Of(text), "F").Notes.Where(note => note.StartsWith("It also has", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_text_of_no_known_form_says_what_was_expected()
    {
        TraceException none = Assert.Throws<TraceException>(() => LogWhy.Read(Of("hello\nworld\n"), "F", null));
        Assert.Contains("none of its lines has a form that is known; expected lines such as", none.Message, StringComparison.Ordinal);
        Assert.Contains("kvm_eoi", none.Message, StringComparison.Ordinal);
        Assert.Contains("saved state or a dump", none.Message, StringComparison.Ordinal);
    }
}
