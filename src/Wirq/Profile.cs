namespace Wirq;

/// <summary>Whose behaviour a chip shows where real implementations part from the manual in a way that changes state.
/// The differences, each with its evidence, stand in <see cref="ProfileTable"/>.</summary>
public enum Profile : byte
{
    /// <summary>The data sheets and the Intel SDM.</summary>
    Manual,
    /// <summary>QEMU's userspace chips.</summary>
    Qemu,
    /// <summary>KVM's in-kernel chips.</summary>
    Kvm,
}
