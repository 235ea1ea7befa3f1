using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Tests.Scenarios;

public sealed class ScenarioReaderTests
{
    [Fact]
    public void Every_construct_is_read()
    {
        IReadOnlyList<Scenario> all = Sample.ReadAll(Sample.Everything);
        Assert.Equal(["Everything (xapic, manual)", "Everything (xapic, kvm)", "Everything (x2apic, manual)", "Everything (x2apic, kvm)"],
            all.Select(scenario => scenario.Name));
    }
}
