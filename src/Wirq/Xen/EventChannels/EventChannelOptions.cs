namespace Wirq.Xen;

/// <summary>The domains whose event channels are connected.</summary>
public sealed record EventChannelOptions
{
    /// <summary>The most domains.</summary>
    public const int MaxDomains = 64;

    /// <summary>The domains, 1 to <see cref="MaxDomains"/>, each with another id.</summary>
    public required IReadOnlyList<XenDomainOptions> Domains { get; init; }
    /// <summary>After how many ports a reset gives way and answers <see cref="XenError.Restart"/>, 1 to <see
    /// cref="XenDomainOptions.MaxPorts"/>; by default never.</summary>
    public int ResetBatch { get; init; } = XenDomainOptions.MaxPorts;

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionException">One is outside its range.</exception>
    public void Validate() => Validate(OptionCheck.Whole);

    internal void Validate(OptionCheck check)
    {
        check.Present(Domains);
        check.Range(Domains.Count, 1, MaxDomains);
        check.Range(ResetBatch, 1, XenDomainOptions.MaxPorts);
        for (int i = 0; i < Domains.Count; i++)
        {
            check.Present(Domains[i], $"{nameof(Domains)}[{i}]");
            OptionCheck own = check.Of($"{nameof(Domains)}[{i}]");
            Domains[i].Validate(own);
            ushort id = Domains[i].Id;
            own.That(Domains.Take(i).All(other => other.Id != id), $"{id}", "an id that no other domain has", nameof(XenDomainOptions.Id));
        }
    }
}
