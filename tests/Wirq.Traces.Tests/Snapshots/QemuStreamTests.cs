using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Wirq.Traces.Snapshots;
using Wirq.Traces.Snapshots.Judging;

namespace Wirq.Traces.Tests.Snapshots;

/// <summary>Streams of QEMU, of which each byte is the test's.</summary>
public class QemuStreamTests
{
    private static readonly TestMachine s_owing = new(cpus: 2) { Entries = { [10] = 0xC051 } };

    [Theory]
    [InlineData(true, 0)]
    [InlineData(true, 100_000)]
    [InlineData(false, 64)]
    public void Footers_and_memory_change_nothing(bool footers, int memory)
    {
        byte[] stream = s_owing.ToQemu(footers, memory).ToBytes();
        Assert.Equal(["Owed ioapic:10 RemoteIrr"], TestMachine.Findings(stream));
        Assert.Equal(["Owed ioapic:10 RemoteIrr"], TestMachine.Findings([.. stream, .. new byte[4096]]));
        Assert.Equal(["Owed ioapic:10 RemoteIrr"], TestMachine.Findings(Packed(stream)));
    }

    [Fact]
    public void Of_a_stream_larger_than_what_is_kept_the_end_is_read()
    {
        byte[] stream = s_owing.ToQemu(memory: SnapshotWindow.TailBytes + 12345).ToBytes();
        Assert.Equal(["Owed ioapic:10 RemoteIrr"], TestMachine.Findings(stream));
        Assert.Equal(["Owed ioapic:10 RemoteIrr"], TestMachine.Findings(Packed(stream)));
        Assert.Equal(["Owed ioapic:10 RemoteIrr"], [.. SnapshotJudge.Judge(ForeignSnapshot.Read(() => new Pipe(stream), "file")).Findings.Select(one => $"{one.Standing} {one.Source} {one.Gate}")]);
    }

    [Fact]
    public void A_device_that_is_not_known_is_skipped_and_a_field_that_is_missing_is_not_known()
    {
        QemuWriter stream = s_owing.ToQemu();
        stream.Add("from-the-future", 3, WrittenField.Of("what", 4, 1, 2, 3), WrittenField.Of("more", "inner", WrittenField.Of("x", 2, 7)));
        Assert.Equal(["Owed ioapic:10 RemoteIrr"], TestMachine.Findings(stream.ToBytes()));
        stream.Add("apic", 2, WrittenField.Of("id", 1, 2));
        SnapshotState state = TestMachine.Read(stream.ToBytes());
        Assert.False(state.Cpus[2].KnowsVectors);
        Assert.Contains(state.Limits, limit => limit.What == "It does not have the local APIC of every CPU");
        // So nobody knows that the vector is nowhere.
        Assert.Equal(["NotKnown ioapic:10 RemoteIrr"], TestMachine.Findings(stream.ToBytes()));
    }

    [Fact]
    public void A_stream_without_controllers_is_no_all_clear()
    {
        var stream = new QemuWriter();
        stream.Add("timer", 0, WrittenField.Of("ticks", 8, 1));
        SnapshotAnswer answer = SnapshotJudge.Judge(TestMachine.Read(stream.ToBytes()));
        Assert.Equal(Wirq.Traces.Why.WhyVerdict.NotTold, answer.Verdict);
        Assert.Equal(3, answer.State.Limits.Count);
    }

    [Fact]
    public void A_virtio_device_is_one_blob_that_is_taken_apart()
    {
        byte[] blob = Virtio(pending: true);
        QemuWriter stream = new TestMachine().ToQemu();
        stream.Add("0000:00:03.0/virtio-net", 0, new WrittenField("virtio", blob, Type: "virtio"));
        Assert.Equal(["Owed msix:1@0000:00:03.0/virtio-net None"], TestMachine.Findings(stream.ToBytes()));
        // In a form that is not known, nothing is known of it.
        stream = new TestMachine().ToQemu();
        stream.Add("0000:00:03.0/virtio-net", 0, new WrittenField("virtio", new byte[700], Type: "virtio"));
        Assert.Contains(TestMachine.Read(stream.ToBytes()).Limits, limit => limit.What.StartsWith("0000:00:03.0/virtio-net is saved in a form", StringComparison.Ordinal));
    }

    [Fact]
    public void Damage_gets_one_message_with_file_place_and_what_was_expected()
    {
        byte[] stream = s_owing.ToQemu().ToBytes();
        int length = stream.Length, brace = stream.AsSpan().IndexOf("{\"page_size\""u8);
        for (int cut = 4; cut < length; cut += 7)
            Refused(stream[..cut], $"file: byte {cut}: the end of the file, and no description of its devices before it; expected the description");
        byte[] longer = [.. stream];
        BinaryPrimitives.WriteInt32BigEndian(longer.AsSpan(brace - 4), length);
        Refused(longer, "no description of its devices");
        byte[] moved = [.. stream[..(brace - 6)], 0, .. stream[(brace - 6)..]];
        Refused(moved, "no section of device 'ioapic' before it; expected one of the size that the description tells");
        byte[] deep = [.. stream[..brace], .. Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", 100)) + "1" + new string('}', 100))];
        BinaryPrimitives.WriteInt32BigEndian(deep.AsSpan(brace - 4), deep.Length - brace);
        Refused(deep, "no JSON, or deeper than any device is");
        foreach (string json in (string[])["{}", "{\"devices\":1}", "{\"devices\":[1]}", "{\"devices\":[{\"name\":\"\",\"instance_id\":0}]}",
            "{\"devices\":[{\"name\":\"ioapic\",\"instance_id\":0,\"fields\":[{\"name\":\"irr\",\"size\":-1}]}]}", "{\"devices\":[]}",
            "{\"devices\":[{\"name\":\"ioapic\",\"instance_id\":0,\"fields\":[{\"name\":\"irr\",\"size\":2147483647,\"array_len\":2147483647}]}]}"])
        {
            byte[] other = [.. stream[..brace], .. Encoding.ASCII.GetBytes(json)];
            BinaryPrimitives.WriteInt32BigEndian(other.AsSpan(brace - 4), json.Length);
            Refused(other, "; expected ");
        }
    }

    private static void Refused(byte[] file, string expected)
    {
        var refused = Assert.Throws<ForeignSnapshotException>(() => TestMachine.Read(file));
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.StartsWith("file: byte ", refused.Message, StringComparison.Ordinal);
    }

    private static byte[] Virtio(bool pending)
    {
        const int config = 4, levels = config + 256, table = levels + 16, vectors = 2, entry = 16;
        byte[] blob = new byte[table + vectors * entry + 1 + 40];
        blob[config] = 0xF4;
        blob[config + 1] = 0x1A;
        blob[config + 6] = 0x10;
        blob[config + 0x34] = 0x98;
        new byte[] { 0x11, 0, vectors - 1, 0x80 }.CopyTo(blob, config + 0x98);
        for (int i = 0; i < vectors; i++)
        {
            blob[table + i * entry + 2] = 0xE0;
            blob[table + i * entry + 3] = 0xFE;
            blob[table + i * entry + 8] = (byte)(0x61 + i);
        }
        blob[table + vectors * entry] = (byte)(pending ? 2 : 0);
        return blob;
    }

    private static byte[] Packed(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    /// <summary>A stream that cannot be sought in.</summary>
    private sealed class Pipe(byte[] bytes) : MemoryStream(bytes, writable: false)
    {
        public override bool CanSeek => false;
        public override long Length => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin loc) => throw new NotSupportedException();
    }
}
