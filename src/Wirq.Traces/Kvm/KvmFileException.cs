namespace Wirq.Traces.Kvm;

/// <summary>A file of trace records cannot be read, or is of a kind that does not tell enough.</summary>
internal sealed class KvmFileException : Exception
{
    internal KvmFileException(string file, long offset, string found, string expected)
        : base($"{file}: byte {offset}: {found}; expected {expected}")
    {
    }

    internal KvmFileException(string file, string found, string expected)
        : base($"{file}: {found}; expected {expected}")
    {
    }
}
