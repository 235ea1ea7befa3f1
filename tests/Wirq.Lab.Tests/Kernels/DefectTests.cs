using System.Reflection;
using Wirq.Lab.Kernels;
using Wirq.Tests.Shared.Kernels;

namespace Wirq.Lab.Tests.Kernels;

/// <summary>Controls: a kernel that gets a semantic wrong fails the test of that semantic.</summary>
public class DefectTests
{
    [Theory]
    [InlineData(KernelDefects.KeepsCountAtUnbind, nameof(KernelSemantics.An_unbind_drains_the_eventfd))]
    [InlineData(KernelDefects.DropsPendingAtUnbind,
        nameof(KernelSemantics.An_unbind_returns_after_what_was_pending_has_been_injected))]
    [InlineData(KernelDefects.DrainsAtBind,
        nameof(KernelSemantics.A_count_that_was_pending_at_bind_stays_readable_and_reading_it_duplicates))]
    [InlineData(KernelDefects.IgnoresPendingAtBind, nameof(KernelSemantics.A_bind_with_a_pending_count_injects_once))]
    [InlineData(KernelDefects.KeepsRoutelessSignal,
        nameof(KernelSemantics.A_signal_of_a_GSI_without_a_route_is_consumed_and_lost))]
    [InlineData(KernelDefects.ResamplesFirstOnly,
        nameof(KernelSemantics.Every_EOI_signals_every_resample_eventfd_of_the_GSI))]
    [InlineData(KernelDefects.LowersWithFirstResampler,
        nameof(KernelSemantics.The_line_stays_up_while_one_resample_irqfd_is_left_and_falls_with_the_last))]
    [InlineData(KernelDefects.LooksAtTmr,
        nameof(KernelSemantics.TMR_is_not_looked_at_an_edge_of_a_vector_with_a_level_route_is_told))]
    [InlineData(KernelDefects.EoiLowersUserspaceToo,
        nameof(KernelSemantics.Userspace_holds_the_line_apart_from_the_resampler))]
    [InlineData(KernelDefects.BindsTwice,
        nameof(KernelSemantics.An_eventfd_is_bound_once_by_any_descriptor_and_to_any_GSI))]
    [InlineData(KernelDefects.BindsTwice,
        nameof(KernelSemantics.Since_6_17_an_eventfd_is_bound_once_among_all_machines))]
    [InlineData(KernelDefects.TellsUnreservedEoi,
        nameof(KernelSemantics.The_EOI_of_a_level_route_on_the_first_unreserved_GSI_is_not_told))]
    [InlineData(KernelDefects.KeepsOldRoutes, nameof(KernelSemantics.A_table_replaces_the_one_before_it))]
    [InlineData(KernelDefects.WakesPollersOfBound,
        nameof(KernelSemantics.The_rest_of_a_semaphore_eventfd_wakes_nobody_while_it_is_bound))]
    [InlineData(KernelDefects.UnbindIgnoresGsi,
        nameof(KernelSemantics.An_unbind_of_another_GSI_or_of_nothing_succeeds_and_does_nothing))]
    public void A_kernel_with_a_defect_fails_the_test_of_what_it_breaks(KernelDefects defect, string test)
    {
        MethodInfo method = typeof(KernelSemantics).GetMethod(test)!;
        method.Invoke(new SimulatedKernelSemantics(), null);
        var thrown = Assert.Throws<TargetInvocationException>(
            () => method.Invoke(new SimulatedKernelSemantics { Defects = defect }, null));
        Assert.IsType<Xunit.Sdk.XunitException>(thrown.InnerException, exactMatch: false);
    }

    [Fact]
    public void Every_defect_has_a_control()
    {
        IEnumerable<KernelDefects> shown = typeof(DefectTests)
            .GetMethod(nameof(A_kernel_with_a_defect_fails_the_test_of_what_it_breaks))!
            .GetCustomAttributes<InlineDataAttribute>().Select(data => (KernelDefects)data.Data[0]!);
        Assert.Equal(Enum.GetValues<KernelDefects>().Where(defect => defect != KernelDefects.None), shown.Distinct().Order());
    }
}
