namespace Wirq.Traces.Dumps.Text;

/// <summary>A dump cannot be read.</summary>
internal sealed class DumpException : Exception
{
    /// <summary>Something else stands in a line than what the line begins as.</summary>
    /// <param name="file">The file.</param>
    /// <param name="line">The line, from 1.</param>
    /// <param name="found">What was found there.</param>
    /// <param name="expected">What was expected.</param>
    internal DumpException(string file, long line, string found, string expected)
        : base($"{file}: line {line}: {found}; expected {expected}")
    {
    }
}
