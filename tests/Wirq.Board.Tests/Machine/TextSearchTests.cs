using System.Text;
using Wirq.Board.Machine;

namespace Wirq.Board.Tests.Machine;

public sealed class TextSearchTests
{
    [Theory]
    [InlineData("$ ", "$$ $ ", "3,5")]
    [InlineData("aab", "aaab aab", "4,8")]
    [InlineData("abab", "ababab", "4,6")]
    [InlineData("aa", "aaaa", "2,3,4")]
    [InlineData("ab", "ba", "")]
    [InlineData("é", "aé", "3")]
    public void It_finds_each_end_of_the_text(string text, string written, string ends)
    {
        var search = new TextSearch(text);
        byte[] bytes = Encoding.UTF8.GetBytes(written);
        Assert.Equal(ends, string.Join(',', Enumerable.Range(1, bytes.Length).Where(end => search.Take(bytes[end - 1]))));
    }
}
