using System.Text;
using Wirq.Traces.Timelines;

namespace Wirq.Traces.Tests.Timelines;

/// <summary>Value changes, and GTKWave's own converters as their judges.</summary>
public sealed class VcdWriterTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wirq-vcd-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_small_file_is_this()
    {
        string[] lines = Drawn.Text(Drawn.Disk(), VcdWriter.Write).Split('\n');
        int definitions = Array.IndexOf(lines, "$enddefinitions $end");
        Assert.Equal(
        [
            "$timescale 1 ns $end", "$scope module wirq $end",
            "$scope module devices $end", "$scope module disk__gsi_9__1_1 $end", "$var wire 1 $ asserted $end", "$upscope $end", "$upscope $end",
            "$scope module lines $end", "$scope module gsi_9 $end", "$var wire 1 % asserted $end", "$upscope $end", "$upscope $end",
        ], lines[2..14]);
        Assert.Contains("$scope module vector_51 $end", lines[..definitions]);
        Assert.Equal(["irr_depth $end", "isr_depth $end"], lines[..definitions].Where(line => line.StartsWith("$var integer 9 ", StringComparison.Ordinal))
            .Select(line => line.Split(' ', 5)[4]));
        // Nothing in service, then the vector, then nothing again, then the vector that is owed.
        string code = lines[..definitions].Single(line => line.EndsWith(" vector $end", StringComparison.Ordinal)).Split(' ')[3];
        Assert.Equal([$"bx {code}", $"b1010001 {code}", $"bx {code}", $"b1010001 {code}"], lines.Where(line => line.EndsWith($" {code}", StringComparison.Ordinal)));
        // The gate of each pin at each moment, and at the vector that of the answer.
        string[] gates = [.. lines[..definitions].Where(line => line.EndsWith(" gate $end", StringComparison.Ordinal)).Select(line => line.Split(' ')[3])];
        string[][] changes = [.. gates.Select(gate => lines.Where(line => line.EndsWith($" {gate}", StringComparison.Ordinal)).Select(line => line.Split(' ')[0]).ToArray())];
        Assert.Equal(["s-", "sin-flight", "scpu-unknown", "sno-eoi", "s-", "sin-flight", "scpu-unknown", "sno-eoi"], changes[^2]);
        Assert.Equal(["s-", "sno-eoi"], changes[^1]);
    }

    [Fact]
    public void A_hostile_label_ends_nothing()
    {
        Picture picture = Drawn.Disk("a $end\n$var\u0000 é") with { Subject = "$end $scope\nx" };
        string text = Drawn.Text(picture, VcdWriter.Write);
        Assert.Equal(Drawn.Text(Drawn.Disk(), VcdWriter.Write).Split('\n').Length, text.Split('\n').Length);
        Assert.Contains("$scope module a__end__var_____gsi_9__1_1 $end", text, StringComparison.Ordinal);
        Assert.All(text.Split('\n').Where(line => line.StartsWith("$comment", StringComparison.Ordinal)), line => Assert.Equal(line.Length - 4, line.IndexOf("$end", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(ChromeWriterTests.Logs), MemberType = typeof(ChromeWriterTests))]
    public void GTKWaves_converters_keep_every_change(string log)
    {
        Judge.Needs("vcd2fst", "gtkwave");
        string vcd = Path.Combine(_folder.FullName, "a.vcd"), fst = Path.Combine(_folder.FullName, "a.fst"), back = Path.Combine(_folder.FullName, "b.vcd");
        File.WriteAllBytes(vcd, Drawn.Bytes(Drawn.Log(log), VcdWriter.Write));
        Judge.Run("vcd2fst", [], vcd, fst);
        Judge.Run("fst2vcd", [], "-o", back, fst);
        string[] before = [.. Changes(File.ReadAllLines(vcd))], after = [.. Changes(File.ReadAllLines(back))];
        Assert.True(before.Length > 50, $"only {before.Length} changes");
        Assert.Equal(before, after);
    }

    /// <summary>Every change: time, the whole name of the variable, and its value. Both files may number variables as they
    /// like.</summary>
    private static IEnumerable<string> Changes(string[] lines)
    {
        var names = new Dictionary<string, List<string>>();
        var scopes = new Stack<string>();
        long time = 0;
        var changes = new List<(long Time, string Name, string Value)>();
        bool defined = false;
        foreach (string line in lines)
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (line.StartsWith("$scope", StringComparison.Ordinal))
                scopes.Push(words[2]);
            else if (line.StartsWith("$upscope", StringComparison.Ordinal))
                scopes.Pop();
            else if (line.StartsWith("$var", StringComparison.Ordinal))
            {
                if (!names.TryGetValue(words[3], out List<string>? known))
                    names.Add(words[3], known = []);
                known.Add(string.Join('.', scopes.Reverse().Append(words[4])));
            }
            else if (line.StartsWith("$enddefinitions", StringComparison.Ordinal))
                defined = true;
            else if (defined && line.StartsWith('#'))
                time = long.Parse(line[1..], System.Globalization.CultureInfo.InvariantCulture);
            else if (defined && line.Length > 1 && line[0] is not '$')
            {
                bool isLong = line[0] is 'b' or 's';
                string value = isLong ? words[0][1..] : line[..1];
                // A converter may write leading zeros, or an unknown number bit by bit.
                value = line[0] == 'b' ? value[0] == 'x' ? "x" : value.TrimStart('0') : value;
                foreach (string name in names[isLong ? words[1] : line[1..]])
                    changes.Add((time, name, value));
            }
        }
        return changes.OrderBy(change => change.Time).ThenBy(change => change.Name, StringComparer.Ordinal).Select(change => $"{change.Time} {change.Name} {change.Value}");
    }
}
