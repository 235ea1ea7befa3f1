using System.Buffers.Binary;
using System.IO.Compression;
using System.Text.Json;
using Wirq.Cli.Tests.Snapshots.Qemu;
using Wirq.Tests.Shared;

namespace Wirq.Cli.Tests.Snapshots;

/// <summary>Two streams of QEMU are kept, so that reading them needs no QEMU. streams/README.md tells what they are.</summary>
public sealed class KeptStreamTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wirq-kept-");

    public void Dispose() => _folder.Delete(recursive: true);

    internal static string PathOf(string name) => Repository.PathOf($"tests/Wirq.Cli.Tests/Snapshots/streams/{name}.qevm.gz");

    [Theory]
    [InlineData("LostEoi", "owed: ioapic:4 remote-irr")]
    [InlineData("PicWithoutEoi", "owed: pic:4 no-eoi")]
    public void What_is_owed_is_found(string name, string expected)
    {
        CommandRun why = CommandRun.Of("why", PathOf(name), "--json");
        Assert.Equal((1, ""), (why.ExitCode, why.Errors));
        using var answer = JsonDocument.Parse(why.Output);
        Assert.Equal("owed", answer.RootElement.GetProperty("verdict").GetString());
        Assert.Equal([expected], QemuStreamTests.FindingsOf(answer.RootElement));
    }

    [Fact]
    public void The_answer_in_words_names_pin_vector_and_place()
    {
        CommandRun why = CommandRun.Of("why", PathOf("LostEoi"));
        Assert.Equal(1, why.ExitCode);
        Assert.Contains("ioapic:4: Remote IRR is set, its line is high, and no CPU has its vector, 0x61,\n", why.Output, StringComparison.Ordinal);
        Assert.Contains("    ioapic ioredtbl[4], byte ", why.Output, StringComparison.Ordinal);
        Assert.All(why.Output.Split('\n'), line => Assert.True(line.Length <= 80, line));
    }

    [Fact]
    public void A_question_is_answered_about_its_interrupt_only()
    {
        Assert.Equal(1, CommandRun.Of("why", PathOf("LostEoi"), "ioapic:4").ExitCode);
        Assert.Equal(1, CommandRun.Of("why", PathOf("LostEoi"), "gsi:4").ExitCode);
        CommandRun other = CommandRun.Of("why", PathOf("LostEoi"), "ioapic:5");
        Assert.Equal(0, other.ExitCode);
        Assert.Contains("Nothing of it is owed", other.Output, StringComparison.Ordinal);
        Assert.Equal(1, CommandRun.Of("why", PathOf("PicWithoutEoi"), "pic:4").ExitCode);
    }

    [Theory]
    [InlineData("ioapic:24", "there is no pin ioapic:24")]
    [InlineData("ioapic1:4", "there is no pin ioapic1:4")]
    [InlineData("gsi:77", "there is no line gsi:77")]
    [InlineData("pic:16", "there is no input pic:16")]
    [InlineData("0x61@cpu1", "there is no cpu1")]
    [InlineData("msix:0@0000:00:02.0/nic", "there is no MSI-X vector 0 of a device 0000:00:02.0/nic")]
    [InlineData("ioapic:4@1ms", "names no interrupt of a saved state, which is of one moment; expected ioapic:PIN")]
    public void What_the_state_does_not_have_is_no_all_clear(string asked, string expected)
    {
        CommandRun run = CommandRun.Of("why", PathOf("LostEoi"), asked);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        run.AssertOneLine(expected);
    }

    [Fact]
    public void It_is_shown_as_text_and_as_JSON()
    {
        CommandRun text = CommandRun.Of("snapshot", "show", PathOf("PicWithoutEoi")), json = CommandRun.Of("snapshot", "show", PathOf("PicWithoutEoi"), "--json");
        Assert.Equal((0, "", 0), (text.ExitCode, text.Errors, json.ExitCode));
        Assert.Contains("master 8259: irr=00 imr=ef isr=10 elcr=00", text.Output, StringComparison.Ordinal);
        Assert.Contains("cpu0: id 0, halted, interrupts on", text.Output, StringComparison.Ordinal);
        using var state = JsonDocument.Parse(json.Output);
        Assert.Equal("qemu", state.RootElement.GetProperty("format").GetString());
        Assert.Equal("0x10", state.RootElement.GetProperty("pics")[0].GetProperty("isr").GetProperty("value").GetString());
    }

    [Fact]
    public void Plain_from_standard_input_and_inside_of_libvirts_wrapper_the_answer_is_the_same()
    {
        byte[] stream = Unpacked("LostEoi");
        string plain = Write("plain", stream), padded = Write("padded", [.. stream, .. new byte[4096]]);
        string wrapped = Write("wrapped", [.. Libvirt(compression: 0), .. stream]);
        string packed = Write("packed", [.. Libvirt(compression: 1), .. File.ReadAllBytes(PathOf("LostEoi"))]);
        string expected = CommandRun.Of("why", PathOf("LostEoi")).Output;
        Assert.Equal(expected, CommandRun.Of("why", plain).Output);
        Assert.Equal(expected, CommandRun.Of("why", padded).Output);
        CommandRun piped = CommandRun.Redirected($"< {plain}", "why", "/dev/stdin");
        Assert.Equal((1, expected), (piped.ExitCode, piped.Output));
        foreach (string file in new[] { wrapped, packed })
        {
            CommandRun run = CommandRun.Of("why", file);
            Assert.Equal(1, run.ExitCode);
            Assert.Contains("saved by libvirt", run.Output, StringComparison.Ordinal);
            Assert.Contains("ioapic:4: Remote IRR is set", run.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_file_that_is_cut_gets_one_line_with_its_place()
    {
        byte[] stream = Unpacked("LostEoi"), packed = File.ReadAllBytes(PathOf("LostEoi"));
        Refused(stream[..^1], $"byte {stream.Length - 1}: the end of the file");
        Refused(stream[..4096], "and no description of its devices before it; expected the description at the end of a migration stream");
        Refused("QEVM"u8.ToArray(), "byte 4: the end of the file");
        Refused(packed[..^100], "compressed byte ");
        Refused([.. Libvirt(compression: 4), .. stream], "byte 28: compression 4; expected raw or gzip");
        Refused([.. "LibvirtQemudPart"u8, .. new byte[200]], "the save did not end");
        Refused(Libvirt(compression: 0)[..50], "byte 50: the end of the file; expected libvirt's header");

        void Refused(byte[] file, string expected)
        {
            string path = Write("cut", file);
            foreach (string[] command in new string[][] { ["why", path], ["snapshot", "show", path] })
            {
                CommandRun run = CommandRun.Of(command);
                Assert.Equal((2, ""), (run.ExitCode, run.Output));
                run.AssertOneLine(expected);
                Assert.StartsWith(path, run.Errors, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void What_replay_and_diff_do_not_read_is_named()
    {
        string plain = Write("plain", Unpacked("LostEoi"));
        CommandRun replay = CommandRun.Of("replay", plain);
        Assert.Equal(2, replay.ExitCode);
        replay.AssertOneLine($"Type: wirq why {plain}");
    }

    private static byte[] Libvirt(uint compression)
    {
        const int header = 92, xml = 100, versionAt = 16, lengthAt = 20, compressionAt = 28;
        byte[] bytes = new byte[header + xml];
        "LibvirtQemudSave"u8.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(versionAt), 2);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(lengthAt), xml);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(compressionAt), compression);
        "<domain/>"u8.CopyTo(bytes.AsSpan(header));
        return bytes;
    }

    private string Write(string name, byte[] bytes)
    {
        string path = Path.Combine(_folder.FullName, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private static byte[] Unpacked(string name)
    {
        using var gzip = new GZipStream(File.OpenRead(PathOf(name)), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        gzip.CopyTo(bytes);
        return bytes.ToArray();
    }
}
