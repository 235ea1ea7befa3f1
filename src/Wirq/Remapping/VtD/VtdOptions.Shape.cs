using Wirq.State;

namespace Wirq.Remapping.VtD;

/// <content>The options as the fields of a snapshot.</content>
public sealed partial record VtdOptions
{
    /// <summary>Moves the options.</summary>
    internal static VtdOptions Move(Fields f, VtdOptions o)
    {
        List<RequesterRange>? scope = o.Scope?.ToList();
        o = o with
        {
            Profile = f.Choice("profile", o.Profile),
            Address = f.U64("address", o.Address),
            ExtendedInterruptMode = f.Flag("extendedInterruptMode", o.ExtendedInterruptMode),
            FaultRecords = f.Number("faultRecords", o.FaultRecords, 1, VtdOptions.MaxFaultRecords),
            AddressWidth = f.Number("addressWidth", o.AddressWidth, 1, 64),
        };
        if (!f.Flag("scoped", scope is not null))
            return o with { Scope = null };
        scope ??= [];
        f.List("scope", scope.Count, int.MaxValue, i =>
        {
            RequesterRange range = f.IsReading ? default : scope[i];
            range = new(f.U16("first", range.First), f.U16("last", range.Last));
            if (f.IsReading)
                scope.Add(range);
        });
        return o with { Scope = scope };
    }
}
