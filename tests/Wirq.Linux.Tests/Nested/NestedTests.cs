using Wirq.Tests.Shared.Nested;

namespace Wirq.Linux.Tests.Nested;

/// <summary>These tests on an ordinary KVM.</summary>
public sealed class NestedTests
{
    [Fact]
    public void In_the_nested_machine_they_pass_too() => NestedSuite.Run();
}
