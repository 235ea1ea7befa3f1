using Wirq.Board.Machine;
using Wirq.Board.Memory;
using Wirq.Board.Loading;
using Wirq.Board.Tests.Loading;
using Wirq.Board.Workarounds;
using Wirq.Board.Xen;
using Wirq.Linux;
using Wirq.Linux.Probes;

namespace Wirq.Board.Tests.Xen;

/// <summary>What needs no KVM.</summary>
public sealed class XenBoardTests
{
    [Theory]
    [InlineData(DeliveryConfiguration.Split)]
    [InlineData(DeliveryConfiguration.Kernel)]
    public void It_needs_Wirqs_local_APICs(DeliveryConfiguration configuration)
    {
        OptionException refused = Assert.Throws<OptionException>(() =>
            new BoardOptions { Configuration = configuration, Xen = new XenGuestOptions() }.Validate());
        Assert.Contains("Configuration", refused.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(DeliveryConfiguration.User), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Leaves_of_other_hypervisors_are_gone()
    {
        KvmCpuidLeaf[] leaves = XenCpuid.Of([new() { Leaf = 1, Eax = 5 }, new() { Leaf = 0x40000000, Ebx = 9 }, new() { Leaf = 0x40000001 }, new() { Leaf = 0x80000000 }],
            vcpu: 3, domain: 1, tscKhz: 2_000_000, viridian: false);
        Assert.Equal([1u, 0x80000000, 0x40000000, 0x40000001, 0x40000002, 0x40000003, 0x40000004], leaves.Select(leaf => leaf.Leaf));
        // "XenVMMXenVMM", version, one page and its MSR, the vCPU's id and the domain's.
        Assert.Equal((0x40000004u, 0x566E6558u, 0x65584D4Du, 0x4D4D566Eu), (leaves[2].Eax, leaves[2].Ebx, leaves[2].Ecx, leaves[2].Edx));
        Assert.Equal(0x00040015u, leaves[3].Eax);
        Assert.Equal((1u, 0x40000000u), (leaves[4].Eax, leaves[4].Ebx));
        Assert.Equal(2_000_000u, leaves[5].Ecx);
        Assert.Equal((0x58u, 3u, 1u), (leaves[6].Eax, leaves[6].Ebx, leaves[6].Ecx));
    }

    [Fact]
    public void Hyper_Vs_leaves_come_first()
    {
        KvmCpuidLeaf[] leaves = XenCpuid.Of([], vcpu: 0, domain: 1, tscKhz: 1, viridian: true);
        // "Micr", "Hv#1".
        Assert.Equal((0x40000000u, 0x7263694Du), (leaves[0].Leaf, leaves[0].Ebx));
        Assert.Equal((0x40000001u, 0x31237648u), (leaves[1].Leaf, leaves[1].Eax));
        KvmCpuidLeaf pages = leaves.Single(leaf => leaf.Leaf == 0x40000102);
        Assert.Equal(0x40000200u, pages.Ebx);
    }

    /// <summary>Page tables are indexed by bits 47:0. An address with other bits above is none, and does not name the page
    /// without them.</summary>
    [Theory]
    [InlineData(0x5000, 8, true, true)]
    [InlineData(0x0001_0000_0000_5000, 8, true, false)]
    [InlineData(0x8000_0000_0000_5000, 8, true, false)]
    [InlineData(0x5000, 8, false, true)]
    [InlineData(0x1_0000_5000, 8, false, false)]
    [InlineData(0xFFFF_FFFC, 8, false, false)]
    public void An_address_that_is_not_canonical_is_none(ulong address, int length, bool is64Bit, bool read)
    {
        using var memory = new BoardMemory(4 << 20);
        // Each level maps everything to the next, and the last one to itself.
        for (int table = 1; table <= 4; table++)
        {
            for (int entry = 0; entry < 512; entry++)
                memory.TryWrite((ulong)(table * 0x1000 + entry * 8), BitConverter.GetBytes((table < 4 ? (ulong)(table + 1) << 12 : (ulong)entry << 12) | 3));
        }
        var system = new KvmSystemRegisters { Cr0 = 0x80000001, Cr3 = 0x1000, Cr4 = 0x20, Efer = 0x500 };
        var caller = new CallerMemory(new GuestView(null!, memory), system, is64Bit);
        Assert.Equal(read, caller.TryRead(address, new byte[length]));
        Assert.Equal(read, caller.TryWrite(address, new byte[length]));
    }

    [Fact]
    public void A_stub_moves_its_number_and_leaves_the_guest()
    {
        byte[] page = new byte[4096];
        HypercallPage.Write(page);
        Assert.Equal([0xB8, 29, 0, 0, 0, 0xE7, 0xEC, 0xC3, 0xCC], page[(29 * 32)..(29 * 32 + 9)]);
        Assert.Equal(0xCC, page[^1]);
    }

    [Fact]
    public void The_prefix_of_test_images_becomes_a_no_op()
    {
        using var memory = new BoardMemory(4 << 20);
        var sample = new SampleImage(0x100000, 0x90, 0x0F, 0x0B, (byte)'x', (byte)'e', (byte)'n', 0x0F, 0x0B, (byte)'x', (byte)'e', (byte)'n', 0x0F, 0x0B, 0x90);
        ElfImage image = ElfImage.Parse("sample", sample.Bytes);
        image.Load(memory);
        ForcedEmulation.Accept(memory, image);
        Assert.Equal([0x90, 0x0F, 0x1F, 0x44, 0, 0, 0x0F, 0x1F, 0x44, 0, 0, 0x0F, 0x0B, 0x90], memory.AsSpan(0x10000C, 14).ToArray());
    }
}
