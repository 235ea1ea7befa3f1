namespace Wirq;

/// <summary>How a profile's I/OAPIC parts from the 82093AA data sheet.</summary>
internal static class IoApicProfile
{
    internal static readonly ProfileDifference[] Rows = [];
}
