namespace Wirq.Linux.VfioUser;

/// <summary>What a PCI function that is served over a socket is.</summary>
public sealed record PciFunctionOptions
{
    /// <summary>Its name, for messages.</summary>
    public string Name { get; init; } = "device";
    /// <summary>The vendor. The default is used by emulated devices, and registered by nobody.</summary>
    public ushort Vendor { get; init; } = 0x1234;
    /// <summary>The device.</summary>
    public ushort Device { get; init; } = 0x5751;
    /// <summary>The class code, 24 bits. The default says that it fits into no class.</summary>
    public int Class { get; init; } = 0xFF0000;
    /// <summary>Whether it has INTx, at pin A.</summary>
    public bool HasIntx { get; init; } = true;
    /// <summary>How many MSI vectors it has: 0, or a power of two up to 32.</summary>
    public int MsiVectors { get; init; }
    /// <summary>How many MSI-X vectors it has, 0 to 2048. Table and pending bits are in BAR 2.</summary>
    public int MsixVectors { get; init; }

    /// <summary>How many vectors it has at most: only one kind is enabled at a time.</summary>
    internal int Vectors => Math.Max(MsiVectors, MsixVectors);

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One is outside its range.</exception>
    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Name);
        ArgumentOutOfRangeException.ThrowIfNegative(Class);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Class, 0xFFFFFF);
        ArgumentOutOfRangeException.ThrowIfNegative(MsixVectors);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MsixVectors, MsixTable.MaxVectors);
        if (MsiVectors != 0 && !MsiCapability.CanHave(MsiVectors))
            throw new ArgumentOutOfRangeException(nameof(MsiVectors), MsiVectors, "0, or a power of two up to 32");
    }
}
