using System.Text;

namespace Wirq.Traces.Why;

/// <summary>A writer that knows how many columns its reader has. <see cref="WrappedText"/> breaks lines by it.</summary>
/// <param name="inner">Gets the text; it is not disposed of.</param>
/// <param name="columns">The columns. Tables need <see cref="Description.MinColumns"/>: in fewer, the terminal breaks the lines.</param>
internal sealed class ColumnWriter(TextWriter inner, int columns) : TextWriter
{
    internal int Columns { get; } = Math.Max(Description.MinColumns, columns);

    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => inner.Write(value);

    public override void Write(string? value) => inner.Write(value);

    public override void Write(ReadOnlySpan<char> buffer) => inner.Write(buffer);

    public override void WriteLine() => inner.WriteLine();

    public override void Flush() => inner.Flush();
}
