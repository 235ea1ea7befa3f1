namespace Wirq.Tests;

public sealed class PhraseTests
{
    private static readonly string[] s_names = ["a", "b", "c", "d", "e", "f"];

    [Theory]
    [InlineData(0, "0 lines")]
    [InlineData(1, "1 line")]
    [InlineData(12000, "12000 lines")]
    public void One_is_told_from_several(long count, string expected) => Assert.Equal(expected, Phrase.Count(count, "line"));

    [Theory]
    [InlineData(1, "1 stimulus")]
    [InlineData(2, "2 stimuli")]
    public void Several_may_have_a_word_of_their_own(long count, string expected) =>
        Assert.Equal(expected, Phrase.Count(count, "stimulus", "stimuli"));

    [Theory]
    [InlineData(1, "0", "once")]
    [InlineData(12000, "0", "12000 times")]
    [InlineData(12000, "#,0", "12,000 times")]
    public void Times_are_counted(long count, string format, string expected) => Assert.Equal(expected, Phrase.Times(count, format));

    [Theory]
    [InlineData(1, "a", "a")]
    [InlineData(2, "a and b", "a, b")]
    [InlineData(4, "a, b, c and d", "a, b, c, d")]
    [InlineData(5, "a, b, c, d and 1 more", "a, b, c, d and 1 more")]
    [InlineData(6, "a, b, c, d and 2 more", "a, b, c, d and 2 more")]
    public void Of_many_names_some_are_told_and_the_rest_is_counted(int count, string all, string first)
    {
        Assert.Equal(all, Phrase.All(s_names[..count], most: 4));
        Assert.Equal(first, Phrase.First(s_names[..count], count, most: 4));
    }
}
