using Wirq.Traces.Snapshots.Kvm;
using Wirq.Traces.Snapshots.Qemu;
using Wirq.Traces.Snapshots.Xen;

namespace Wirq.Traces.Snapshots;

/// <summary>Files of saved state that others write, known by their first bytes.</summary>
internal static class ForeignSnapshot
{
    private enum Kind { None, Qemu, Libvirt, Kvm, Xen }

    /// <summary>Whether a file is one.</summary>
    /// <param name="open">Opens it.</param>
    internal static bool Looks(Func<Stream> open)
    {
        using Stream stream = open();
        return KindOf(stream) != Kind.None;
    }

    /// <summary>Reads one.</summary>
    /// <param name="open">Opens it; called twice.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <exception cref="ForeignSnapshotException">It is damaged, or none.</exception>
    internal static SnapshotState Read(Func<Stream> open, string file)
    {
        Kind kind;
        using (Stream stream = open())
            kind = KindOf(stream);
        using Stream input = open();
        return kind switch
        {
            Kind.Qemu => QemuStream.Read(SnapshotWindow.Read(input, file)),
            Kind.Libvirt => OfLibvirt(open, input, file),
            Kind.Kvm => KvmImages.Read(SnapshotWindow.Read(input, file)),
            Kind.Xen => XenRecords.Read(SnapshotWindow.Read(input, file)),
            _ => throw new ForeignSnapshotException(file, 0, "no saved state that is known",
                "a migration stream of QEMU, images of KVM_GET_IRQCHIP and KVM_GET_LAPIC, or Xen's save records"),
        };
    }

    private static SnapshotState OfLibvirt(Func<Stream> open, Stream input, string file)
    {
        byte[] head;
        using (Stream stream = open())
            head = SnapshotWindow.ReadHead(stream, SnapshotWindow.HeadBytes);
        return QemuStream.Read(SnapshotWindow.Read(input, file, LibvirtSave.StreamAt(head, file)), ", saved by libvirt");
    }

    private static Kind KindOf(Stream stream)
    {
        long length = stream.CanSeek ? stream.Length : long.MaxValue;
        byte[] head = SnapshotWindow.ReadHead(stream, SnapshotWindow.HeadBytes);
        if (head.AsSpan().StartsWith(QemuStream.Magic))
            return Kind.Qemu;
        if (head.AsSpan().StartsWith(LibvirtSave.Magic) || head.AsSpan().StartsWith(LibvirtSave.Partial))
            return Kind.Libvirt;
        return XenRecords.Looks(head) ? Kind.Xen : KvmImages.Looks(head, length) ? Kind.Kvm : Kind.None;
    }
}
