namespace Wirq.Traces.Tests;

/// <summary>The same bytes over and over, of which only one copy exists.</summary>
internal sealed class RepeatedStream(byte[] bytes, long length) : Stream
{
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => length;
    public override long Position { get; set; }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        int read = (int)Math.Min(buffer.Length, length - Position);
        for (int at = 0; at < read;)
        {
            ReadOnlySpan<byte> next = bytes.AsSpan((int)((Position + at) % bytes.Length));
            next = next[..Math.Min(next.Length, read - at)];
            next.CopyTo(buffer[at..]);
            at += next.Length;
        }
        Position += read;
        return read;
    }

    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
