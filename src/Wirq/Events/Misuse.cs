namespace Wirq.Events;

/// <summary>An action of a guest that has no effect by the architecture.</summary>
public enum Misuse : byte
{
    /// <summary>An access of a size or alignment that the registers do not have.</summary>
    Access,
    /// <summary>A register that does not exist.</summary>
    NoSuchRegister,
    /// <summary>A write to a read-only register.</summary>
    ReadOnly,
    /// <summary>A vector that cannot be delivered.</summary>
    Vector,
    /// <summary>A message that cannot be decoded.</summary>
    Message,
}
