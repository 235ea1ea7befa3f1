using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>How a log is cut to be read.</summary>
/// <param name="Lines">Lines of a batch.</param>
/// <param name="Beginning">Batches of the beginning, which shows most likely what the whole log does: the parts of the machine, its CPUs, and
/// which events are traced.</param>
internal readonly record struct ReadPieces(int Lines, int Beginning)
{
    internal static ReadPieces Usual => new(Lines: 4096, Beginning: 16);
}

/// <summary>Reads a log on a thread of its own, a few batches ahead of whoever judges it.</summary>
/// <remarks>What is taken from it does not depend on how far the thread is. The reader belongs to that thread until the last batch was
/// taken.</remarks>
internal sealed class ReadAhead : IDisposable
{
    private const int Batches = 4;

    private readonly QemuLogReader _reader;
    private readonly SurveyBuilder? _survey;
    private readonly ReadPieces _pieces;
    private readonly BatchQueue _batches = new(Batches);
    private readonly Queue<TraceBatch> _beginning = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _reading;
    private LogSurvey? _atEnd;

    /// <summary>Begins to read.</summary>
    /// <param name="reader">The log; not disposed of.</param>
    /// <param name="survey">Gets all lines too; null for nobody.</param>
    /// <param name="pieces">How it is cut.</param>
    internal ReadAhead(QemuLogReader reader, SurveyBuilder? survey, ReadPieces pieces)
    {
        (_reader, _survey, _pieces) = (reader, survey, pieces);
        Survey = new LogSurvey(new SurveyBuilder(), damaged: 0);
        reader.Stop = _stop.Token;
        _reading = Task.Factory.StartNew(Read, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>What the log shows up to the end of the last batch that was taken.</summary>
    internal LogSurvey Survey { get; private set; }

    /// <summary>Reads the beginning of the log; <see cref="Next"/> gives it all the same.</summary>
    /// <returns>What it shows.</returns>
    /// <exception cref="TraceException">The log is damaged there.</exception>
    internal LogSurvey ReadBeginning()
    {
        while (_beginning.Count < _pieces.Beginning && TakeNew() is { } batch)
            _beginning.Enqueue(batch);
        foreach (TraceBatch batch in _beginning)
            batch.Survey = null;
        return Survey;
    }

    /// <summary>Takes the next batch. It has at least one line.</summary>
    /// <returns>Null at the end of the log.</returns>
    /// <exception cref="TraceException">The log is damaged there.</exception>
    internal TraceBatch? Next() => _beginning.TryDequeue(out TraceBatch? batch) ? batch : TakeNew();

    /// <summary>Gives back a batch that nobody looks at any more.</summary>
    internal void Return(TraceBatch batch) => _batches.Return(batch);

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _batches.Stop();
        // If reading failed and nobody took that failure, it is dropped here.
        ((IAsyncResult)_reading).AsyncWaitHandle.WaitOne();
        _stop.Dispose();
    }

    private TraceBatch? TakeNew()
    {
        if (_batches.Take() is not { } batch)
        {
            // What stopped it comes after the lines before.
            _reading.GetAwaiter().GetResult();
            Survey = _atEnd ?? Survey;
            return null;
        }
        Survey = batch.Survey ?? Survey;
        return batch;
    }

    private void Read()
    {
        try
        {
            for (bool more = true; more && !_stop.IsCancellationRequested;)
            {
                TraceBatch batch = _batches.TakeEmpty() ?? new TraceBatch(_pieces.Lines);
                try
                {
                    more = batch.Fill(_reader, _survey);
                }
                finally
                {
                    // Behind the last event there may be damaged lines.
                    if (batch.Count > 0)
                        _batches.Give(batch);
                    else
                        _atEnd = batch.Survey;
                }
            }
        }
        finally
        {
            _batches.Complete();
        }
    }
}
