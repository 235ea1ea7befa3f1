using Wirq.Board.Firmware;
using Wirq.Remapping.VtD;

namespace Wirq.Board.Tests.Firmware;

/// <summary>Descriptions of machines.</summary>
internal static class SamplePc
{
    internal static PcDescription With(int cpus = 2, IReadOnlyList<uint>? ids = null, bool vtd = false, IReadOnlyDictionary<int, int>? overrides = null)
    {
        FabricOptions options = FabricOptions.Pc(cpus);
        options = options with
        {
            LocalApics = options.LocalApics with { Count = cpus, Ids = ids },
            IsaOverrides = overrides ?? options.IsaOverrides,
            Vtd = vtd ? new VtdOptions() : null,
        };
        return PcDescription.Of(options, new Fabric(options).Gsis);
    }
}
