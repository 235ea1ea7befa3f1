namespace Wirq.Linux.Interop;

/// <summary>The name of a type, a field or a constant in the C headers. The tests compare size, offset and value of
/// everything that has such a name with the headers of the host.</summary>
/// <param name="name">As it is written in C: <c>struct kvm_irqfd</c>, <c>u.msi.address_lo</c>, <c>EPOLLIN</c>.</param>
[AttributeUsage(AttributeTargets.Struct | AttributeTargets.Field)]
internal sealed class CNameAttribute(string name) : Attribute
{
    /// <summary>The name.</summary>
    public string Name => name;

    /// <summary>Whether this is a macro that older headers do not have. It is checked only if the header defines
    /// it.</summary>
    public bool Recent { get; init; }

    /// <summary>Whether only a part of the struct is declared here. Offsets and sizes of the fields are checked, not
    /// the size of the struct.</summary>
    public bool Partial { get; init; }
}
