using Wirq.Board.Memory;
using Wirq.Linux;

namespace Wirq.Board.Loading;

/// <summary>An image that a board can start. Its content says by which boot protocol: an ELF image by a Multiboot header or
/// by the note of Xen's PVH boot protocol, Linux's <c>bzImage</c> by its 64-bit boot protocol.</summary>
public abstract class BoardImage
{
    private protected BoardImage()
    {
    }

    /// <summary>The ELF file; null if the image is none.</summary>
    internal abstract ElfImage? Elf { get; }

    /// <summary>Reads an image. If it has a Multiboot header, it starts by that.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ImageException">It cannot be read, or is no such image.</exception>
    public static BoardImage Open(string path) => Parse(path, ImageFile.Read(path));

    /// <summary>Reads an image from memory.</summary>
    /// <param name="file">The name of the file in messages.</param>
    /// <param name="bytes">The file; the caller must not change it afterwards.</param>
    /// <exception cref="ImageException">As <see cref="Open"/>.</exception>
    public static BoardImage Parse(string file, byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        if (LinuxHeader.IsIn(bytes))
            return new LinuxImage(LinuxHeader.Read(file, bytes), bytes);
        ElfImage elf = ElfImage.Parse(file, bytes);
        return MultibootHeader.Find(elf.Bytes) is null && PvhNote.EntryOf(elf) is { } entry
            ? new PvhImage(elf, entry)
            : MultibootImage.From(elf);
    }

    /// <summary>Loads the image and what it is told, and sets a CPU to its entry.</summary>
    /// <param name="memory">The guest's memory.</param>
    /// <param name="vcpu">The CPU, just created or after <see cref="VcpuReset.Init"/>, on its thread or while no thread runs
    /// it.</param>
    /// <param name="arguments">The command line after the file's name; null for nothing. Linux does not get the file's
    /// name.</param>
    /// <param name="module">The only module, if it gets one; for Linux, its initial RAM disk.</param>
    /// <param name="rsdp">Physical address of ACPI's root pointer; 0 for none. Multiboot cannot say it.</param>
    /// <exception cref="ImageException">It does not fit into memory.</exception>
    public abstract void Start(BoardMemory memory, KvmVcpu vcpu, string? arguments = null, ReadOnlySpan<byte> module = default, ulong rsdp = 0);
}
