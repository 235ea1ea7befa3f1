using System.Reflection;
using Wirq.Tests.Shared.Kernels;

namespace Wirq.Linux.Tests.Kvm;

/// <summary>Controls: over a KVM that is not served as it must be, the tests of the semantics fail.</summary>
public class KvmBenchControlTests
{
    public enum Defect
    {
        None,
        /// <summary>The guest ends nothing.</summary>
        NoEoi,
        /// <summary>The routes are withdrawn right before each EOI.</summary>
        RoutesWithdrawnBeforeEoi,
    }

    [Theory]
    [InlineData(Defect.NoEoi, nameof(KernelSemantics.An_EOI_signals_the_resample_eventfd_and_lowers_the_line))]
    [InlineData(Defect.NoEoi, nameof(KernelSemantics.Two_level_routes_of_one_vector_make_one_exit))]
    [InlineData(Defect.NoEoi, nameof(KernelSemantics.Userspace_holds_the_line_apart_from_the_resampler))]
    [InlineData(Defect.RoutesWithdrawnBeforeEoi, nameof(KernelSemantics.Two_level_routes_of_one_vector_make_one_exit))]
    [InlineData(Defect.RoutesWithdrawnBeforeEoi, nameof(KernelSemantics.The_EOI_is_told_where_the_old_route_is_kept_beside_the_new_one))]
    public void A_KVM_that_is_not_served_as_it_must_be_fails_the_test(Defect defect, string test)
    {
        MethodInfo method = typeof(KernelSemantics).GetMethod(test)!;
        Invoke(method, Defect.None);
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => Invoke(method, defect));
    }

    // A skip passes as it is.
    private static void Invoke(MethodInfo method, Defect defect) =>
        method.Invoke(new Semantics { Defect = defect }, BindingFlags.DoNotWrapExceptions, binder: null, parameters: null, culture: null);

    private sealed class Semantics : KernelSemantics
    {
        internal Defect Defect { get; init; }

        protected override IKernelBench OpenBench(BenchMachine machine) => new Broken(machine) { Defect = Defect };
    }

    private sealed class Broken(BenchMachine machine) : KvmBench(machine)
    {
        internal Defect Defect { get; init; }

        public override void Eoi(int cpu)
        {
            if (Defect == Defect.RoutesWithdrawnBeforeEoi)
                Commit();
            if (Defect != Defect.NoEoi)
                base.Eoi(cpu);
        }
    }
}
