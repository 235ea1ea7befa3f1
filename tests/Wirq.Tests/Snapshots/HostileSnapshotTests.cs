using System.Buffers.Binary;
using Wirq.Snapshots;

namespace Wirq.Tests.Snapshots;

/// <summary>What is no snapshot of a machine gets one clear error, and changes nothing.</summary>
public class HostileSnapshotTests
{
    private readonly Fabric _saved = RichMachine.Split();

    [Fact]
    public void Every_truncation_is_refused_and_changes_nothing()
    {
        byte[] snapshot = _saved.Save();
        var fabric = new Fabric(_saved.Options);
        UInt128 before = fabric.Identity();
        for (int length = 0; length < snapshot.Length; length++)
        {
            Assert.Throws<SnapshotException>(() => fabric.Restore(snapshot.AsSpan(0, length)));
            byte[] resealed = Resealed(snapshot[..length]);
            Assert.Throws<SnapshotException>(() => fabric.Restore(resealed));
        }
        Assert.Equal(before, fabric.Identity());
        fabric.Restore(snapshot);
        Assert.Equal(_saved.Identity(), fabric.Identity());
    }

    [Fact]
    public void A_damaged_byte_is_found_by_the_hash()
    {
        byte[] snapshot = _saved.Save();
        snapshot[snapshot.Length / 2] ^= 1;
        SnapshotException refused = Refused(snapshot);
        Assert.Equal(("hash", snapshot.Length - 8L), (refused.Field, refused.Position));
    }

    [Fact]
    public void Another_version_is_named()
    {
        byte[] snapshot = _saved.Save();
        snapshot[8] = 2;
        FieldWriter.Seal(snapshot);
        Assert.Equal("byte 8, version is 2; expected 1", Refused(snapshot).Message);
    }

    [Fact]
    public void Sections_that_are_missing_twice_or_in_another_order_are_refused()
    {
        byte[] snapshot = _saved.Save();
        List<(int Start, int Length)> sections = SectionsOf(snapshot);
        for (int i = 0; i < sections.Count - 1; i++)
        {
            byte[][] parts = [.. sections.Select(section => snapshot.AsSpan(section.Start, section.Length).ToArray())];
            Assert.Throws<SnapshotException>(() => Restore(Joined(snapshot, parts.Where((_, at) => at != i))));
            Assert.Throws<SnapshotException>(() => Restore(Joined(snapshot, parts.SelectMany((part, at) => at == i ? new[] { part, part } : [part]))));
            (parts[i], parts[^2]) = (parts[^2], parts[i]);
            if (i < sections.Count - 2)
                Assert.Throws<SnapshotException>(() => Restore(Joined(snapshot, parts)));
        }
    }

    [Fact]
    public void A_machine_of_another_shape_is_named_by_its_field()
    {
        byte[] snapshot = _saved.Save();
        var other = new Fabric(_saved.Options with { LocalApics = new() { Count = 3 } });
        SnapshotException refused = Assert.Throws<SnapshotException>(() => other.Restore(snapshot));
        Assert.Equal(("shape.localApics.count", "2"), (refused.Field, refused.Found));
        Assert.StartsWith("3, as of this machine", refused.Expected, StringComparison.Ordinal);
        other = new Fabric(_saved.Options with { Vtd = null });
        Assert.Equal("shape.vtdPresent", Assert.Throws<SnapshotException>(() => other.Restore(snapshot)).Field);
    }

    [Fact]
    public void Remote_IRR_of_an_edge_entry_is_refused()
    {
        Fabric fabric = RichMachine.Own(Profile.Manual);
        IoApicPin pin = fabric.IoApics[0].PinState(5);
        fabric.IoApics[0].SetPinState(6, pin with { Entry = RedirectionEntry.Create(0x60, 0), Flags = PinFlags.RemoteIrr });
        SnapshotException refused = Assert.Throws<SnapshotException>(fabric.Save);
        Assert.Equal(("ioApics.chips[0].pins[6].flags", "no RemoteIrr: the entry is edge-triggered"), (refused.Field, refused.Expected));
    }

    private SnapshotException Refused(byte[] snapshot) => Assert.Throws<SnapshotException>(() => Restore(snapshot));

    private void Restore(byte[] snapshot)
    {
        var fabric = new Fabric(_saved.Options);
        UInt128 before = fabric.Identity();
        try
        {
            fabric.Restore(snapshot);
        }
        finally
        {
            Assert.Equal(before, fabric.Identity());
        }
    }

    /// <summary>With the right length and hash, if there is room for them.</summary>
    private static byte[] Resealed(byte[] cut)
    {
        if (cut.Length < 32)
            return cut;
        BinaryPrimitives.WriteInt32LittleEndian(cut.AsSpan(12), cut.Length);
        FieldWriter.Seal(cut);
        return cut;
    }

    internal static List<(int Start, int Length)> SectionsOf(byte[] snapshot)
    {
        var sections = new List<(int, int)>();
        for (int at = 16; at < snapshot.Length;)
        {
            int length = 8 + BinaryPrimitives.ReadInt32LittleEndian(snapshot.AsSpan(at + 4));
            sections.Add((at, length));
            at += length;
        }
        return sections;
    }

    private static byte[] Joined(byte[] snapshot, IEnumerable<byte[]> parts) => Resealed([.. snapshot[..16], .. parts.SelectMany(part => part)]);
}
