using System.Text.Json;
using Wirq.Tests.Shared;

namespace Wirq.Cli.Tests.Why;

/// <summary>A text of several forms in one file, as people paste it: it has the answers that its forms have in files of their own, alone and as
/// one of several inputs.</summary>
public sealed class WhyMixedTests : IDisposable
{
    private const string Reports = "tests/reports/why/", Kvm = "tests/Wirq.Traces.Tests/Kvm/logs/";
    private const string Message = "[  102.000001] irq 16: nobody cared (try booting with the \"irqpoll\" option)\n[  102.000002] Disabling IRQ #16\n";

    private readonly string _folder = Directory.CreateTempSubdirectory("wirq-mixed").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    private static string Text(string path) => File.ReadAllText(Repository.PathOf(path));

    /// <summary>The log stands first, so that its lines have the same numbers.</summary>
    [Theory]
    [InlineData(Reports + "fragment-min.log", Reports + "dmesg-nobody-cared.txt")]
    [InlineData(Reports + "g-frag2.log", Reports + "hmp-info-lapic.txt")]
    [InlineData(Reports + "fragment-pic.log", Reports + "xen-i.txt")]
    [InlineData(Kvm + "pasted-event-only.txt", Reports + "hmp-info-lapic.txt")]
    [InlineData(Kvm + "pasted-no-pid.txt", Reports + "dmesg-dmar.txt")]
    public void One_text_says_what_its_parts_say_in_files_of_their_own(string log, string printed)
    {
        string mixed = Write("mixed.txt", Text(log).TrimEnd('\n') + "\n" + Text(printed)), other = Reports + "proc-interrupts.txt";
        CommandRun apart = CommandRun.Of("why", log, printed, "--json"), alone = CommandRun.Of("why", mixed, "--json"), one = CommandRun.Of("why", mixed, other, "--json");
        Assert.Equal((apart.ExitCode, ""), (alone.ExitCode, alone.Errors));
        Assert.Equal((apart.ExitCode, ""), (one.ExitCode, one.Errors));
        string[] expected = [.. PartsOf(apart)];
        Assert.Equal(2, expected.Length);
        Assert.Equal(expected, PartsOf(alone));
        Assert.Equal(expected, PartsOf(one, without: other));
        Assert.DoesNotContain("no part of this answer", string.Concat(PartsOf(alone)), StringComparison.Ordinal);
    }

    /// <summary>The sentences of each part, in order of the parts.</summary>
    private static IEnumerable<string> PartsOf(CommandRun run, string without = "")
    {
        using JsonDocument json = JsonDocument.Parse(run.Output);
        return [.. json.RootElement.GetProperty("parts").EnumerateArray().Where(part => part.GetProperty("files")[0].GetString() != without).Select(part => string.Join('\n', Sentences(part)))];
    }

    private static IEnumerable<string> Sentences(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Sentences),
        JsonValueKind.Object => element.EnumerateObject().Where(one => one.Name is not ("files" or "form" or "evidence" or "place")).SelectMany(one => Sentences(one.Value)),
        JsonValueKind.String => [element.GetString()!],
        _ => [],
    };

    [Fact]
    public void Lines_of_a_dump_between_events_are_read()
    {
        string[] events = Text(Reports + "fragment-min.log").TrimEnd('\n').Split('\n'), printed = Message.TrimEnd('\n').Split('\n');
        string mixed = Write("mixed.txt", string.Join('\n', (string[])[events[0], printed[0], events[1], printed[1], .. events[2..], ""])), said = CommandRun.Of("why", mixed).Output;
        Assert.Contains($"== {mixed}: what was printed ==", Joined(said), StringComparison.Ordinal);
        Assert.Contains($"== {mixed}: events of QEMU ==", Joined(said), StringComparison.Ordinal);
        Assert.Contains("message, L2", said, StringComparison.Ordinal);
        Assert.Contains("message, L4", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Events_of_QEMU_and_records_of_KVM_in_one_file_have_an_answer_each()
    {
        string mixed = Write("mixed.txt", Text(Kvm + "pasted-no-pid.txt") + Text(Reports + "fragment-min.log") + Message);
        CommandRun run = CommandRun.Of("why", mixed, "--json");
        Assert.Equal((1, ""), (run.ExitCode, run.Errors));
        using JsonDocument json = JsonDocument.Parse(run.Output);
        Assert.Equal(["what was printed", "records of KVM", "events of QEMU"], json.RootElement.GetProperty("parts").EnumerateArray().Select(part => part.GetProperty("form").GetString()!));
    }

    /// <summary>The records have no prefix, and a kernel's console is beside them.</summary>
    [Fact]
    public void Records_among_a_console_are_no_dump_where_they_are_one_of_several()
    {
        string mixed = Write("mixed.txt", Message + Text(Kvm + "pasted-event-only.txt"));
        Assert.Contains(": records of KVM ==", Joined(CommandRun.Of("why", mixed, Reports + "proc-interrupts.txt").Output), StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_line_of_a_dump_takes_nothing_from_the_log_beside_it()
    {
        string mixed = Write("mixed.txt", Text(Reports + "fragment-min.log") + Message + "pic1: irr=00 imr=zz isr=00 hprio=0 irq_base=38 rr_sel=0 elcr=0c fnm=0\n");
        CommandRun run = CommandRun.Of("why", mixed);
        Assert.Equal((4, ""), (run.ExitCode, run.Errors));
        Assert.Contains("It also has 3 lines of a dump or of a kernel's messages about interrupts (the first is L4), which are no part of this answer: "
            + $"{mixed}: line 6: 'pic1: irr=00 imr=zz", Joined(run.Output), StringComparison.Ordinal);
        Assert.DoesNotContain("nobody cared", run.Output, StringComparison.Ordinal);
        Assert.Equal(4, CommandRun.Of("why", mixed, Reports + "proc-interrupts.txt").ExitCode);
    }

    [Fact]
    public void A_picture_of_a_mixed_text_is_that_of_its_log()
    {
        string log = Reports + "fragment-min.log", mixed = Write("mixed.log", Text(log) + Message), picture = Path.Combine(_folder, "a.vcd"), whole = Path.Combine(_folder, "b.vcd");
        Assert.Equal(1, CommandRun.Of("why", mixed, "--timeline", picture).ExitCode);
        Assert.Equal(4, CommandRun.Of("why", log, "--timeline", whole).ExitCode);
        Assert.Equal(Changes(whole), Changes(picture));

        static string Changes(string file) => File.ReadAllText(file)[File.ReadAllText(file).IndexOf("$enddefinitions", StringComparison.Ordinal)..];
    }

    private static string Joined(string text) => string.Join(' ', text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries));
}
