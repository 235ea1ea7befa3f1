using Wirq.Traces.Dumps.Linux;

namespace Wirq.Traces.Dumps;

/// <summary>What the dumps of an incident tell, by what belongs together.</summary>
internal sealed class DumpParts
{
    /// <summary>More moments of one machine than this are not kept.</summary>
    internal const int MostMoments = 256;

    private readonly List<DumpPart> _all = [];
    private readonly List<CountTable> _counts = [];
    private bool _hasMore, _hasMoreMoments;

    /// <summary>All of them, in the order of the text.</summary>
    internal IReadOnlyList<DumpPart> All => _all;

    /// <summary>Tables of counts, in order: two of them tell what moved.</summary>
    internal IReadOnlyList<CountTable> Counts => _counts;

    /// <summary>Counts in all tables of all files.</summary>
    internal long CountsRead { get; set; }

    /// <summary>What says that not all was kept; null if all was. It stands at the end of a long answer too, and has to be seen before.</summary>
    internal string? Bound => _hasMoreMoments ? MoreMoments : _hasMore ? MoreTables : null;

    private static string MoreMoments => $"More than {MostMoments} moments are in it; what comes behind them is not read";
    private static string MoreTables => $"More than {MostMoments} tables are in it; what comes behind them is not compared";

    /// <summary>How often something went into a part or a table: where it stays, a file told nothing.</summary>
    internal long Told { get; private set; }

    /// <summary>Adds a table, unless there are too many.</summary>
    internal void Add(CountTable table)
    {
        Told++;
        if (_counts.Count < MostMoments)
        {
            _counts.Add(table);
            return;
        }
        if (!_hasMore)
            _counts[^1].Missing.Add(MoreTables);
        _hasMore = true;
    }

    /// <summary>The part of a format to which a piece belongs: the last one, or a new one if that has such a piece already,
    /// for then it is of a later moment.</summary>
    /// <param name="format">The format.</param>
    /// <param name="what">What it is, in words.</param>
    /// <param name="piece">The piece; empty for one that may come often.</param>
    /// <param name="file">The file.</param>
    internal DumpPart Of(string format, string what, string piece, string? file)
    {
        Told++;
        DumpPart? part = _all.LastOrDefault(one => one.State.Format == format);
        if (part is null || piece.Length > 0 && part.Has(piece))
        {
            bool kept = part is null || _all.Count < MostMoments;
            if (!kept)
            {
                part!.Lack(MoreMoments);
                _hasMoreMoments = true;
            }
            part = new(format, what);
            // What is not kept is read all the same, for it may be damaged.
            if (kept)
                _all.Add(part);
        }
        if (piece.Length > 0)
            part.Note(piece);
        part.From(file);
        return part;
    }
}
