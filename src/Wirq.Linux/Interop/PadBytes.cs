using System.Runtime.CompilerServices;

namespace Wirq.Linux.Interop;

/// <summary>Twelve bytes that must be zero.</summary>
[InlineArray(12)]
internal struct PadBytes12
{
    private byte _first;
}

/// <summary>Sixteen bytes that must be zero.</summary>
[InlineArray(16)]
internal struct PadBytes16
{
    private byte _first;
}

/// <summary>Sixty-four bytes that must be zero.</summary>
[InlineArray(64)]
internal struct PadBytes64
{
    private byte _first;
}

/// <summary>Twenty-six bytes that must be zero.</summary>
[InlineArray(26)]
internal struct PadBytes26
{
    private byte _first;
}
