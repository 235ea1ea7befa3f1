using System.Text;
using Wirq.Lab.Scenarios;
using Wirq.Tests.Shared;

namespace Wirq.Lab.Tests.Scenarios;

public sealed class HostileScenarioTests(ITestOutputHelper output)
{
    private static readonly int s_mutations = Environment.GetEnvironmentVariable("WIRQ_LONG") == "1" ? 20_000 : 6_000;

    [Fact]
    public void A_mutated_file_is_read_or_refused_with_a_place_in_it()
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}, {s_mutations} mutations; WIRQ_LONG=1 makes them 20,000");
        var random = new Random(seed);
        int refused = 0;
        for (int i = 0; i < s_mutations; i++)
        {
            string text = Mutate(Sample.Everything, random);
            try
            {
                Sample.ReadAll(text);
            }
            catch (ScenarioException e)
            {
                refused++;
                int lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Count(c => c is '\n' or '\r') + 1;
                Assert.True(e.At.File == "s.yaml" && e.At.Line >= 1 && e.At.Line <= lines && e.At.Column >= 1, $"seed {seed}: {e.Message}");
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}, mutation {i}: {e}\n{text}");
            }
        }
        Assert.InRange(refused, s_mutations / 10, s_mutations);
    }

    private static string Mutate(string text, Random random)
    {
        const string alphabet = "{}[],:-?&*!|>'\"%@`#~ \n\t0123456789abcdefxyz.+/\\\0\u0085\u2028\ud800é\r";
        var mutated = new StringBuilder(text);
        for (int edits = random.Next(1, 6); edits > 0 && mutated.Length > 0; edits--)
        {
            int at = random.Next(mutated.Length);
            int length = Math.Min(random.Next(1, 12), mutated.Length - at);
            switch (random.Next(5))
            {
                case 0:
                    mutated[at] = alphabet[random.Next(alphabet.Length)];
                    break;
                case 1:
                    mutated.Insert(at, alphabet[random.Next(alphabet.Length)]);
                    break;
                case 2:
                    mutated.Remove(at, length);
                    break;
                case 3:
                    mutated.Insert(random.Next(mutated.Length), mutated.ToString(at, length));
                    break;
                default:
                    mutated.Length = at;
                    break;
            }
        }
        return mutated.ToString();
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{")]
    [InlineData("{a: ")]
    [InlineData("- ")]
    [InlineData("? ")]
    [InlineData("a: ")]
    [InlineData("&a ")]
    [InlineData("*a ")]
    [InlineData("!a ")]
    [InlineData("\"")]
    [InlineData("'")]
    [InlineData("a")]
    [InlineData("a\n")]
    [InlineData("#")]
    [InlineData("%")]
    [InlineData("|\n")]
    [InlineData("\t")]
    [InlineData(" ")]
    [InlineData("\n")]
    [InlineData("---\n")]
    [InlineData("...\n")]
    [InlineData("[],")]
    [InlineData(",")]
    [InlineData("\\")]
    [InlineData("\r")]
    public void What_is_repeated_to_the_limit_is_refused_in_time(string piece)
    {
        foreach (string start in new[] { "", "name: ", "name: \"", "name: |\n ", "[", "- - ", "name: n\nsteps:\n - " })
        {
            var text = new StringBuilder(start, ScenarioReader.MaxLength);
            while (text.Length + piece.Length <= ScenarioReader.MaxLength)
                text.Append(piece);
            TimeSpan begun = ThreadTime.Now;
            Assert.Throws<ScenarioException>(() => Sample.ReadAll(text.ToString()));
            Assert.InRange(ThreadTime.Now - begun, TimeSpan.Zero, TimeSpan.FromSeconds(30));
        }
    }
}
