namespace Wirq.Xen;

/// <summary>One domain, as event channels see it.</summary>
public sealed record XenDomainOptions
{
    /// <summary>The most vCPUs of a domain.</summary>
    public const int MaxVcpus = 4096;
    /// <summary>The most ports of a domain.</summary>
    public const int MaxPorts = 1 << EventWord.LinkBits;
    /// <summary>The most PIRQs of a domain.</summary>
    public const int MaxPirqs = 65_536;
    /// <summary>The first id that no domain has.</summary>
    public const ushort FirstReservedId = 0x7FF0;
    /// <summary>The id by which a domain names itself (<c>DOMID_SELF</c>).</summary>
    public const ushort SelfId = 0x7FF0;
    /// <summary>The id of the hypervisor itself (<c>DOMID_XEN</c>).</summary>
    public const ushort XenId = 0x7FF2;

    /// <summary>Its id, below <see cref="FirstReservedId"/>.</summary>
    public required ushort Id { get; init; }
    /// <summary>How many vCPUs it has, 1 to <see cref="MaxVcpus"/>.</summary>
    public int Vcpus { get; init; } = 1;
    /// <summary>Whether its words are 64 bits wide. An HVM domain can change it later (<see
    /// cref="EventChannels.LatchWidth"/>).</summary>
    public bool Is64Bit { get; init; } = true;
    /// <summary>Whether it is an HVM or PVH domain; false for PV.</summary>
    public bool IsHvm { get; init; } = true;
    /// <summary>Whether it may act for other domains, as dom0 may.</summary>
    public bool IsPrivileged { get; init; }
    /// <summary>The largest port that it may have, 1 to <see cref="MaxPorts"/> - 1; the ABI limits it further. State
    /// is reserved for all of them.</summary>
    public int LargestPort { get; init; } = 4095;
    /// <summary>How many PIRQs it has, 0 to <see cref="MaxPirqs"/>.</summary>
    public int Pirqs { get; init; } = 256;

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionException">One is outside its range.</exception>
    internal void Validate(OptionCheck check)
    {
        check.Range(Id, 0, FirstReservedId - 1);
        check.Range(Vcpus, 1, MaxVcpus);
        check.Range(LargestPort, 1, MaxPorts - 1);
        check.Range(Pirqs, 0, MaxPirqs);
    }
}
