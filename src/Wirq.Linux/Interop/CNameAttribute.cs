namespace Wirq.Linux.Interop;

/// <summary>The name of a type, a field or a constant in the C headers. The tests compare size, offset and value of
/// everything that has such a name with the headers of the host.</summary>
/// <param name="name">As it is written in C: <c>struct kvm_irqfd</c>, <c>u.msi.address_lo</c>, <c>EPOLLIN</c>.</param>
[AttributeUsage(AttributeTargets.Struct | AttributeTargets.Field)]
internal sealed class CNameAttribute(string name) : Attribute
{
    /// <summary>The name.</summary>
    public string Name => name;

    /// <summary>A macro that headers in use may lack: it is checked where it is defined.</summary>
    public bool Recent { get; init; }

    /// <summary>A struct of which only some is known here: places and sizes of the fields are checked, not its own
    /// size.</summary>
    public bool Partial { get; init; }
}
