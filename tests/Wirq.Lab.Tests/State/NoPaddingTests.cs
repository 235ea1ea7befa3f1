using Wirq.Lab.Kernels;
using Wirq.Lab.Worlds;
using Wirq.Tests.Shared.State;

namespace Wirq.Lab.Tests.State;

/// <summary>The states of simulated kernels and of worlds are in the same arena, and have no padding either.</summary>
public class NoPaddingTests
{
    public static TheoryData<string> States => PaddingRule.StatesOf(typeof(World).Assembly);

    [Theory, MemberData(nameof(States))]
    public void State_is_unmanaged_and_has_no_padding(string name) =>
        PaddingRule.Hold(typeof(World).Assembly.GetType(name, throwOnError: true)!);

    [Fact]
    public void Kernels_and_worlds_both_have_states()
    {
        string[] names = [.. States.Select(row => row.Data)];
        Assert.Contains(names, name => name.StartsWith(typeof(World).Namespace!, StringComparison.Ordinal));
        Assert.Contains(names, name => name.StartsWith(typeof(SimulatedKernel).Namespace!, StringComparison.Ordinal));
    }
}
