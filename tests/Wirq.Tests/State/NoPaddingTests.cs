using System.Runtime.CompilerServices;
using Wirq.State;
using Wirq.Tests.Shared.State;

namespace Wirq.Tests.State;

/// <summary>The fabric's states have no padding.</summary>
public class NoPaddingTests
{
    public static TheoryData<string> States => PaddingRule.StatesOf(typeof(IState).Assembly);

    [Theory, MemberData(nameof(States))]
    public void State_is_unmanaged_and_has_no_padding(string name) =>
        PaddingRule.Hold(typeof(IState).Assembly.GetType(name, throwOnError: true)!);

    [Fact]
    public void The_test_itself_finds_padding_at_any_depth()
    {
        Assert.NotEqual(PaddingRule.Measured(typeof(Padded)).Size, PaddingRule.FieldBytes(typeof(Padded)));
        Assert.NotEqual(PaddingRule.Measured(typeof(PaddedRow)).Size, PaddingRule.FieldBytes(typeof(PaddedRow)));
        Assert.Equal(PaddingRule.Measured(typeof(Row)).Size, PaddingRule.FieldBytes(typeof(Row)));
        Assert.True(States.Count >= 15);
    }

#pragma warning disable CS0169, CA1823, IDE0051 // Only their shape matters.
    private struct Padded
    {
        private byte _small;
        private int _large;
    }

    [InlineArray(4)]
    private struct PaddedRow
    {
        private Padded _first;
    }

    [InlineArray(5)]
    private struct Row
    {
        private ushort _first;
    }
#pragma warning restore CS0169, CA1823, IDE0051
}
