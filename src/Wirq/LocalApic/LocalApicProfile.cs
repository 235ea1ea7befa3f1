namespace Wirq;

/// <summary>How a profile's local APIC parts from the Intel SDM.</summary>
internal static class LocalApicProfile
{
    internal static readonly ProfileDifference[] Rows = [];
}
