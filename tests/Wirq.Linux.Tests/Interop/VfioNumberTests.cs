using System.Runtime.CompilerServices;
using Wirq.HostIrq;
using Wirq.Linux.Interop;
using Wirq.Vfio;

namespace Wirq.Linux.Tests.Interop;

/// <summary>The numbers of the model of VFIO are those of Linux, which <see cref="HeaderTests"/> holds against its
/// headers.</summary>
public class VfioNumberTests
{
    [Fact]
    public void The_model_has_the_numbers_of_Linux()
    {
        Assert.Equal(VfioIrqSet.Size, Unsafe.SizeOf<VfioIrqSetHeader>());
        Assert.Equal(new VfioIrqSet(ArgumentSize: 1, Flags: VfioIrqSetBits.DataBool, Index: 3, Start: 4, Count: 5),
            Unsafe.BitCast<VfioIrqSetHeader, VfioIrqSet>(new() { ArgumentSize = 1, Flags = 2, Index = 3, Start = 4, Count = 5 }));
        Assert.Equal([VfioIrqSetHeader.DataNone, VfioIrqSetHeader.DataBool, VfioIrqSetHeader.DataEventFd, VfioIrqSetHeader.ActionMask,
            VfioIrqSetHeader.ActionUnmask, VfioIrqSetHeader.ActionTrigger], Numbers<VfioIrqSetBits>().Skip(1));
        Assert.Equal([VfioIrqInfo.EventFd, VfioIrqInfo.Maskable, VfioIrqInfo.Automasked, VfioIrqInfo.NoResize], Numbers<VfioIrqInfoBits>().Skip(1));
        Assert.Equal([VfioPciIndex.Intx, VfioPciIndex.Msi, VfioPciIndex.Msix, VfioPciIndex.Err, VfioPciIndex.Req], Numbers<VfioIrqIndex>());
        Assert.Equal((0x3B6Du, 0x3B6Eu), (VfioCalls.GetIrqInfo, VfioCalls.SetIrqs));
    }

    [Fact]
    public void The_model_has_the_errors_of_Linux()
    {
        Assert.Equal((Errno.BadDescriptor, Errno.NoMemory, Errno.Busy, Errno.NoDevice), ((int)LinuxError.BadDescriptor, (int)LinuxError.NoMemory,
            (int)LinuxError.Busy, (int)LinuxError.NoDevice));
        Assert.Equal((Errno.Invalid, Errno.NotSupported, Errno.NoSpace, Errno.OutOfRange), ((int)LinuxError.Invalid, (int)LinuxError.NoSuchCall,
            (int)LinuxError.NoSpace, (int)LinuxError.OutOfRange));
    }

    private static IEnumerable<uint> Numbers<T>() where T : struct, Enum => Enum.GetValues<T>().Select(value => Convert.ToUInt32(value, null));
}
