using Wirq.Tests.Shared.Nested;

namespace Wirq.Board.Tests.Nested;

/// <summary>These tests on an ordinary KVM.</summary>
public sealed class NestedTests
{
    [Fact]
    public void In_the_nested_machine_they_pass_too() => NestedSuite.Run();

    /// <summary>Several CPUs on KVM's own I/OAPIC need more than one CPU of the machine.</summary>
    [Fact]
    public void With_two_CPUs_so_do_the_images()
    {
        NestedBed.Require();
        Assert.SkipUnless(Environment.GetEnvironmentVariable("WIRQ_KVM_UNIT_TESTS") is not (null or ""), "needs images of kvm-unit-tests: set WIRQ_KVM_UNIT_TESTS to their folder");
        NestedSuite.Run("nested-images", cpus: 2, "-class", typeof(Machine.KvmUnitTestsTests).FullName!);
    }
}
