namespace Wirq;

/// <summary>How a profile's local APIC differs from the Intel SDM, one flag for each row of
/// <see cref="LocalApicProfile"/>, which has the evidence.</summary>
internal readonly record struct ApicQuirks
{
    public bool AcceptsWhileDisabled { get; init; }
    public bool HoldsWhileDisabled { get; init; }
    public bool EntriesIgnoreDisable { get; init; }
    public bool AnyVectorAccepted { get; init; }
    public bool LowVectorsTaken { get; init; }
    public bool ErrorsAddressOnly { get; init; }
    public bool ErrorsAbsent { get; init; }
    public bool LowestIndexWins { get; init; }
    public bool VectorPicksWinner { get; init; }
    public bool HintIgnored { get; init; }
    public bool NoLogicalBroadcast { get; init; }
    public bool DisableIsFinal { get; init; }
    public bool BaseNeverFaults { get; init; }
    public bool PageStays { get; init; }
    public bool DisableKeepsState { get; init; }
    public bool DisabledStaysOnBus { get; init; }
    public bool NoX2Apic { get; init; }
    public bool NoTscDeadline { get; init; }
    public bool ByteBroadcastReachesX2Apic { get; init; }
    public bool WideBroadcastMissesXApic { get; init; }
    public bool WideIdReachesXApic { get; init; }
    public bool SuppressionIgnored { get; init; }
    public bool EdgeEoiBroadcasts { get; init; }
    public bool ExtIntIsFixed { get; init; }
    public bool ExtIntDropped { get; init; }
    public bool ShorthandAnyMode { get; init; }
    public bool IpiKeepsTrigger { get; init; }
    public bool DeassertDelivers { get; init; }
    public bool AssertOfIpiOnly { get; init; }
    public bool FormatUnchecked { get; init; }
    public bool EoiByDestination { get; init; }
    public bool DestinationTable { get; init; }
    public bool WideLogicalIsFlat { get; init; }
    public bool X2ApicLdrStays { get; init; }
    public bool Lint0OpenAtReset { get; init; }
    public bool ModeChangeClearsCount { get; init; }
    public bool TimerReckonsFromLoad { get; init; }
    public bool ReservedBitsStored { get; init; }
    public bool NoCmci { get; init; }
    public bool NoEoiSuppression { get; init; }
}
