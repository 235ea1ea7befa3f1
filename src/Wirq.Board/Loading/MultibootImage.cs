using Wirq.Board.Memory;
using Wirq.Linux;

namespace Wirq.Board.Loading;

/// <summary>An ELF image with a Multiboot header, which the board can start.</summary>
/// <remarks>Images of kvm-unit-tests are of this kind: 32-bit ELF, linked to 4 MiB, with a header right after the
/// program headers and flags 0. Not supported: images that are not ELF and have load addresses in the header, and
/// images that request a video mode.</remarks>
public sealed class MultibootImage : BoardImage
{
    private readonly ElfImage _elf;

    private MultibootImage(ElfImage elf, MultibootHeader header) => (_elf, Header) = (elf, header);

    internal override ElfImage Elf => _elf;

    /// <summary>The requests in its header.</summary>
    internal MultibootHeader Header { get; }

    /// <summary>Reads an image.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ImageException">It cannot be read, is not an ELF image, or has no Multiboot header that the
    /// board supports.</exception>
    public static new MultibootImage Open(string path) => From(ElfImage.Open(path));

    /// <summary>Reads an image from memory.</summary>
    /// <param name="file">The name of the file in messages.</param>
    /// <param name="bytes">The file; the caller must not change it afterwards.</param>
    /// <exception cref="ImageException">As <see cref="Open"/>.</exception>
    public static new MultibootImage Parse(string file, byte[] bytes) => From(ElfImage.Parse(file, bytes));

    /// <summary>Loads the image and its Multiboot information, and returns how a CPU enters it. After a reset, the
    /// board calls it again.</summary>
    /// <param name="memory">The guest's memory.</param>
    /// <param name="arguments">The command line after the file's name; null for nothing.</param>
    /// <param name="module">The only module, if it gets one. kvm-unit-tests reads its environment there: one NAME=VALUE
    /// on each line.</param>
    /// <exception cref="ImageException">The image, or its information, does not fit into memory.</exception>
    public MultibootEntry Load(BoardMemory memory, string? arguments = null, ReadOnlySpan<byte> module = default)
    {
        ArgumentNullException.ThrowIfNull(memory);
        _elf.Load(memory);
        uint information = MultibootInfo.Write(memory, _elf, arguments, module);
        return new((uint)_elf.Entry, information);
    }

    /// <inheritdoc/>
    public override void Start(BoardMemory memory, KvmVcpu vcpu, string? arguments = null, ReadOnlySpan<byte> module = default, ulong rsdp = 0) =>
        Load(memory, arguments, module).Apply(vcpu);

    internal static MultibootImage From(ElfImage elf)
    {
        if (MultibootHeader.Find(elf.Bytes) is not { } header)
            throw new ImageException(elf.File, -1, $"expected a PVH note of Xen, or a Multiboot header in the first {MultibootHeader.SearchedBytes} bytes "
                + "(magic 0x1badb002, flags, and a checksum that makes the sum 0); there is none");
        if (elf.Is64)
            throw new ImageException(elf.File, 4, "expected class 1, 32 bits, of an image with a Multiboot header; it has 64 bits");
        if (header.Unknown != 0 || header.HasAddresses)
            throw new ImageException(elf.File, header.Offset + 4, "expected Multiboot flags among 0x3 (page alignment, memory "
                + $"information), found 0x{header.Flags:x}: video modes and load addresses in the header are not supported");
        return new(elf, header);
    }
}
