using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace Wirq.Lab.Exploring;

/// <summary>Gives pieces of memory that live as long as a search. When memory ends, they come from files that are mapped into memory,
/// if there is a folder for them; the operating system then decides what of them stays in memory.</summary>
/// <remarks>What is stored in them is written once and mostly in order: visited states and edges by number, worlds of a frontier one
/// after the other. The tables of a <see cref="VisitedSet"/> are read at random, and stay in memory.</remarks>
internal sealed unsafe class Segments : IDisposable
{
    private const long FileBytes = 1 << 28;
    private readonly string? _folder;
    private readonly long _most;
    private readonly List<nint> _taken = [];
    private readonly List<(MemoryMappedFile File, MemoryMappedViewAccessor View)> _files = [];
    private byte* _next;
    private long _left;

    /// <summary>Makes it.</summary>
    /// <param name="folder">For files; null for none.</param>
    /// <param name="most">Bytes of memory after which files are used.</param>
    internal Segments(string? folder, long most) => (_folder, _most) = (folder, most);

    /// <summary>Bytes of memory.</summary>
    internal long Held { get; private set; }

    /// <summary>Bytes of files.</summary>
    internal long OnDisk { get; private set; }

    /// <summary>Whether files are used from now on.</summary>
    internal bool IsSpilling => _folder is not null && Refusal is null && Held >= _most;

    /// <summary>Why the folder takes no more; null while it does. From then on everything is in memory, and the search should
    /// end soon.</summary>
    internal string? Refusal { get; private set; }

    /// <summary>Takes zeroed bytes.</summary>
    internal byte* Take(int bytes)
    {
        if (!IsSpilling || _left < bytes && !TryOpen(Math.Max(FileBytes, bytes)))
        {
            byte* taken = (byte*)NativeMemory.AllocZeroed((nuint)bytes);
            _taken.Add((nint)taken);
            Held += bytes;
            return taken;
        }
        byte* piece = _next;
        _next += bytes;
        _left -= bytes;
        OnDisk += bytes;
        return piece;
    }

    private bool TryOpen(long bytes)
    {
        string path = Path.Combine(_folder!, $"wirq-explore-{Environment.ProcessId}-{_files.Count}.tmp");
        try
        {
            Open(path, bytes);
            return true;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            Refusal = refused.Message;
            return false;
        }
    }

    private void Open(string path, long bytes)
    {
        var stream = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose, PreallocationSize = bytes,
        });
        // Gone however the process ends. Only Unix takes away the name of an open file.
        if (!OperatingSystem.IsWindows())
            File.Delete(path);
        var file = MemoryMappedFile.CreateFromFile(stream, null, bytes, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
        MemoryMappedViewAccessor view = file.CreateViewAccessor(0, bytes);
        byte* first = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref first);
        _files.Add((file, view));
        _next = first;
        _left = bytes;
    }

    public void Dispose()
    {
        foreach (nint taken in _taken)
            NativeMemory.Free((void*)taken);
        _taken.Clear();
        foreach ((MemoryMappedFile file, MemoryMappedViewAccessor view) in _files)
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
            view.Dispose();
            file.Dispose();
        }
        _files.Clear();
    }
}
