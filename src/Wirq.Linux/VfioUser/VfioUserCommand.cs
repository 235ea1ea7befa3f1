namespace Wirq.Linux.VfioUser;

/// <summary>What a message of the vfio-user protocol asks for.</summary>
internal enum VfioUserCommand : ushort
{
    None = 0,
    Version = 1,
    DmaMap = 2,
    DmaUnmap = 3,
    GetInfo = 4,
    GetRegionInfo = 5,
    GetRegionIoFds = 6,
    GetIrqInfo = 7,
    SetIrqs = 8,
    RegionRead = 9,
    RegionWrite = 10,
    DmaRead = 11,
    DmaWrite = 12,
    Reset = 13,
    RegionWriteMulti = 15,
    Feature = 16,
    MigrationRead = 17,
    MigrationWrite = 18,
}
