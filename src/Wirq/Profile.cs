namespace Wirq;

/// <summary>The implementation whose behaviour a chip has, where real implementations differ from the manual in a way
/// that changes state. The differences, each with its evidence, are in <see cref="ProfileTable"/>.</summary>
public enum Profile : byte
{
    /// <summary>The data sheets and the Intel SDM.</summary>
    Manual,
    /// <summary>QEMU's userspace chips.</summary>
    Qemu,
    /// <summary>KVM's in-kernel chips.</summary>
    Kvm,
}
