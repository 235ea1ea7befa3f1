namespace Wirq;

/// <summary>How a profile's 8259 parts from the data sheet.</summary>
internal static class PicProfile
{
    internal static readonly ProfileDifference[] Rows = [];
}
