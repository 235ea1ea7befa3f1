using System.IO.Hashing;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Exploring;

/// <summary>A search that was stopped, in a file.</summary>
/// <remarks><code>
/// | "wirq explore 1\n" | fingerprint | counters | kinds | judgements | steps that ran | visited states | edges | hash |
/// | 15                 | 16          | 9 × 8    | n × 8 | n × 8      | n × 1          | n × 24         |       | 16   |
/// </code>Little-endian. Packed worlds are not in it: a search that goes on makes them again from the states before them. The
/// fingerprint is of the first state, the scenario's file and name, the design, what the search leaves out, and the version of Wirq.</remarks>
internal sealed class Checkpoint
{
    private static readonly byte[] s_magic = Encoding.ASCII.GetBytes("wirq explore 1\n");

    // What another build finds behind a state may differ.
    private static readonly string s_build = typeof(Checkpoint).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    internal const int Counters = 9;

    internal required UInt128 Fingerprint { get; init; }
    internal required long[] Numbers { get; init; }
    internal required long[] Kinds { get; init; }
    internal required long[] Judgements { get; init; }
    internal required byte[] Ran { get; init; }

    /// <summary>What must be the same for a search to go on.</summary>
    internal static UInt128 FingerprintOf(World root, string? design, ExploreOptions options)
    {
        var hash = new XxHash128();
        UInt128 identity = root.Identity();
        hash.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<UInt128>(in identity)));
        UInt128 text = root.Scenario.TextHash;
        hash.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<UInt128>(in text)));
        string words = string.Join('\n', root.Scenario.Name, design, options.Reduces ? "reduced" : "whole", options.SearchesLivelocks ? "edges" : "", s_build);
        hash.Append(Encoding.UTF8.GetBytes(words));
        return hash.GetCurrentHashAsUInt128();
    }

    /// <summary>Writes a search.</summary>
    internal void Write(string path, VisitedSet visited, EdgeList? edges)
    {
        string part = path + ".part";
        using (var output = new HashingStream(new FileStream(part, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16)))
        {
            output.Write(s_magic);
            Put(output, [Fingerprint]);
            Put<long>(output, Numbers);
            Put<long>(output, Kinds);
            Put<long>(output, Judgements);
            output.Write(Ran);
            for (long number = 0; number < visited.Count; number++)
                Put(output, [visited[number]]);
            for (long state = 0; edges is not null && state < edges.States; state++)
            {
                (long edge, long end) = edges.Of(state);
                Put(output, [(uint)(end - edge)]);
                for (; edge < end; edge++)
                    Put(output, [edges[edge]]);
            }
            output.Finish();
        }
        File.Move(part, path, overwrite: true);
    }

    /// <summary>Reads a search into empty sets.</summary>
    /// <exception cref="ScenarioException">It is none, is cut off, or is one of another world.</exception>
    internal static Checkpoint Read(string path, UInt128 fingerprint, int kinds, int laws, int steps, VisitedSet visited, EdgeList? edges)
    {
        try
        {
            Check(path);
            using var input = new BufferedStream(File.OpenRead(path), 1 << 16);
            Span<byte> magic = stackalloc byte[s_magic.Length];
            input.ReadExactly(magic);
            if (!magic.SequenceEqual(s_magic))
                throw Bad(path, "it is not a checkpoint of this version", "a file that explore --checkpoint wrote");
            if (Get<UInt128>(input, 1)[0] != fingerprint)
                throw Bad(path, "it is of another world, or was made with other options or by another wirq", "the same file, --design, --no-reduction and --no-livelock as before");
            var read = new Checkpoint
            {
                Fingerprint = fingerprint,
                Numbers = Get<long>(input, Counters),
                Kinds = Get<long>(input, kinds),
                Judgements = Get<long>(input, laws),
                Ran = Get<byte>(input, steps),
            };
            read.ReadGraph(path, input, visited, edges);
            return read;
        }
        catch (EndOfStreamException)
        {
            throw Bad(path, "it is cut off", "a whole checkpoint");
        }
        catch (Exception bad) when (bad is IOException or UnauthorizedAccessException)
        {
            throw Bad(path, $"it cannot be read: {bad.Message}", "a file that explore --checkpoint wrote");
        }
    }

    private void ReadGraph(string path, Stream input, VisitedSet visited, EdgeList? edges)
    {
        long count = Numbers[0], expanded = Numbers[1];
        if (count is < 1 or > VisitedSet.MaxCount || expanded < 0 || expanded > count || Numbers[3] < 0 || Numbers[3] + Numbers[4] > count || expanded < Numbers[3])
            throw Bad(path, "its counters contradict each other", "a whole checkpoint");
        for (long number = 0; number < count; number++)
        {
            Visited one = Get<Visited>(input, 1)[0];
            if (one.Parent > number || !visited.Add(new UInt128(one.High, one.Low), one.Parent, one.Action, out _))
                throw Bad(path, $"state {number} is there twice, or before its parent", "a whole checkpoint");
        }
        for (long state = 0; edges is not null && state < expanded; state++)
        {
            for (uint left = Get<uint>(input, 1)[0]; left > 0; left--)
            {
                Edge edge = Get<Edge>(input, 1)[0];
                if (edge.Target >= count)
                    throw Bad(path, $"a transition of state {state} leads nowhere", "a whole checkpoint");
                edges.Add(edge);
            }
            edges.EndState();
        }
    }

    // Before anything is believed.
    private static void Check(string path)
    {
        using FileStream input = File.OpenRead(path);
        const int hashBytes = 16;
        if (input.Length < s_magic.Length + hashBytes)
            throw Bad(path, "it is not a checkpoint, or is cut off", "a file that explore --checkpoint wrote");
        var hash = new XxHash128();
        byte[] buffer = new byte[1 << 16];
        for (long left = input.Length - hashBytes; left > 0;)
        {
            int read = input.Read(buffer, 0, (int)Math.Min(left, buffer.Length));
            if (read == 0)
                break;
            hash.Append(buffer.AsSpan(0, read));
            left -= read;
        }
        if (Get<UInt128>(input, 1)[0] != hash.GetCurrentHashAsUInt128())
            throw Bad(path, "it is not a checkpoint, or is damaged", "a file that explore --checkpoint wrote");
    }

    private static ScenarioException Bad(string path, string found, string expected) => new(new FilePosition(path, 1, 1), found, expected);

    private static void Put<T>(Stream output, ReadOnlySpan<T> values) where T : unmanaged => output.Write(MemoryMarshal.AsBytes(values));

    private static T[] Get<T>(Stream input, int count) where T : unmanaged
    {
        var values = new T[count];
        input.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    /// <summary>Ends a file with the hash of what was written.</summary>
    private sealed class HashingStream(Stream to) : Stream
    {
        private readonly XxHash128 _hash = new();

        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => to.Length;
        public override long Position { get => to.Position; set => throw new NotSupportedException(); }

        internal void Finish()
        {
            UInt128 hash = _hash.GetCurrentHashAsUInt128();
            to.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<UInt128>(in hash)));
            to.Flush();
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            _hash.Append(buffer);
            to.Write(buffer);
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));
        public override void Flush() => to.Flush();
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                to.Dispose();
            base.Dispose(disposing);
        }
    }
}
