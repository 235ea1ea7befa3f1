using Wirq.Board.Memory;
using Wirq.Linux;

namespace Wirq.Board.Loading;

/// <summary>An ELF image that a board can start: by a Multiboot header, or by the note of Xen's PVH boot
/// protocol.</summary>
public abstract class BoardImage
{
    private protected BoardImage(Elf32Image elf) => Elf = elf;

    /// <summary>The ELF file.</summary>
    internal Elf32Image Elf { get; }

    /// <summary>Reads an image. If it has a Multiboot header, it starts by that.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ImageException">It cannot be read, is not an ELF image, or has neither.</exception>
    public static BoardImage Open(string path) => From(Elf32Image.Open(path));

    /// <summary>Reads an image from memory.</summary>
    /// <param name="file">The name of the file in messages.</param>
    /// <param name="bytes">The file; the caller must not change it afterwards.</param>
    /// <exception cref="ImageException">As <see cref="Open"/>.</exception>
    public static BoardImage Parse(string file, byte[] bytes) => From(Elf32Image.Parse(file, bytes));

    /// <summary>Loads the image and what it is told, and sets a CPU to its entry.</summary>
    /// <param name="memory">The guest's memory.</param>
    /// <param name="vcpu">The CPU, just created or after <see cref="VcpuReset.Init"/>, on its thread or while no thread runs
    /// it.</param>
    /// <param name="arguments">The command line after the file's name; null for nothing.</param>
    /// <param name="module">The only module, if it gets one.</param>
    /// <exception cref="ImageException">It does not fit into memory.</exception>
    public abstract void Start(BoardMemory memory, KvmVcpu vcpu, string? arguments = null, ReadOnlySpan<byte> module = default);

    private static BoardImage From(Elf32Image elf) =>
        MultibootHeader.Find(elf.Bytes) is null && PvhNote.EntryOf(elf) is { } entry
            ? new PvhImage(elf, entry)
            : MultibootImage.From(elf);
}
