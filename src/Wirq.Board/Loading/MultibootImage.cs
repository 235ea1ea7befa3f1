using Wirq.Board.Memory;

namespace Wirq.Board.Loading;

/// <summary>An ELF image with a Multiboot header: what the board starts.</summary>
/// <remarks>Images of kvm-unit-tests are of this kind: ELF of 32 bits, linked to 4 MiB, their header right behind the
/// program headers with flags 0. Not supported: images that are no ELF and give load addresses in the header, and those
/// that ask for a video mode.</remarks>
public sealed class MultibootImage
{
    private MultibootImage(Elf32Image elf, MultibootHeader header)
    {
        Elf = elf;
        Header = header;
    }

    /// <summary>What is loaded.</summary>
    internal Elf32Image Elf { get; }

    /// <summary>The requests in its header.</summary>
    internal MultibootHeader Header { get; }

    /// <summary>Reads an image.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ImageException">It cannot be read, is no ELF image, or has no Multiboot header that the board
    /// understands.</exception>
    public static MultibootImage Open(string path) => From(Elf32Image.Open(path));

    /// <summary>Reads an image from memory.</summary>
    /// <param name="file">What to call it in messages.</param>
    /// <param name="bytes">The file; it must not change any more.</param>
    /// <exception cref="ImageException">As <see cref="Open"/>.</exception>
    public static MultibootImage Parse(string file, byte[] bytes) => From(Elf32Image.Parse(file, bytes));

    /// <summary>Loads the image and its information, and returns how a CPU enters it. A board that is reset loads
    /// again.</summary>
    /// <param name="memory">The guest's memory.</param>
    /// <param name="arguments">What follows the file's name in the command line; null for nothing.</param>
    /// <param name="module">The one module, if it gets one: kvm-unit-tests reads its environment there, a NAME=VALUE on
    /// each line.</param>
    /// <exception cref="ImageException">The image, or its information, has no room in memory.</exception>
    public MultibootEntry Load(BoardMemory memory, string? arguments = null, ReadOnlySpan<byte> module = default)
    {
        ArgumentNullException.ThrowIfNull(memory);
        Elf.Load(memory);
        uint information = MultibootInfo.Write(memory, Elf, arguments, module);
        return new(Elf.Entry, information);
    }

    private static MultibootImage From(Elf32Image elf)
    {
        if (MultibootHeader.Find(elf.Bytes) is not { } header)
            throw new ImageException(elf.File, -1, $"expected a Multiboot header in the first {MultibootHeader.SearchedBytes} bytes "
                + "(magic 0x1badb002, flags, and a checksum that makes the sum 0); there is none");
        if (header.Unknown != 0 || header.HasAddresses)
            throw new ImageException(elf.File, header.Offset + 4, "expected Multiboot flags among 0x3 (page alignment, memory "
                + $"information), found 0x{header.Flags:x}: video modes and load addresses in the header are not supported");
        return new(elf, header);
    }
}
