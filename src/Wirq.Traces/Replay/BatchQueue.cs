namespace Wirq.Traces.Replay;

/// <summary>The batches between the thread that reads a log and the one that judges it.</summary>
/// <param name="most">How many may wait to be judged.</param>
/// <remarks>Who has nothing to do sleeps at once: the collections of the runtime spin first, which takes a processor for nothing. The reader
/// sleeps until half of the batches are judged, so that it is woken seldom.</remarks>
internal sealed class BatchQueue(int most)
{
    // Monitor.Wait needs an object, and not a Lock.
    private readonly object _gate = new();
    private readonly Queue<TraceBatch> _full = new();
    // The oldest is filled next: the judge's processor has the last ones in its cache still, and gives them up slowly.
    private readonly Queue<TraceBatch> _empty = new();
    private bool _complete, _stopped;

    /// <summary>A batch to fill; null if all are in use, and one more may be made.</summary>
    internal TraceBatch? TakeEmpty()
    {
        lock (_gate)
            return _empty.TryDequeue(out TraceBatch? spare) ? spare : null;
    }

    /// <summary>Gives back a batch that nobody looks at any more.</summary>
    internal void Return(TraceBatch batch)
    {
        lock (_gate)
            _empty.Enqueue(batch);
    }

    /// <summary>Adds a full batch, and waits for room if there is none. If the queue was stopped, nobody wants it.</summary>
    internal void Give(TraceBatch batch)
    {
        lock (_gate)
        {
            if (_full.Count >= most)
            {
                while (!_stopped && _full.Count > most / 2)
                    Monitor.Wait(_gate);
            }
            _full.Enqueue(batch);
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Takes the next full batch, and waits for one.</summary>
    /// <returns>Null once all were taken and no more will come.</returns>
    internal TraceBatch? Take()
    {
        lock (_gate)
        {
            while (_full.Count == 0 && !_complete)
                Monitor.Wait(_gate);
            if (!_full.TryDequeue(out TraceBatch? batch))
                return null;
            if (_full.Count == most / 2)
                Monitor.Pulse(_gate);
            return batch;
        }
    }

    /// <summary>No more batches will come.</summary>
    internal void Complete()
    {
        lock (_gate)
        {
            _complete = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Nobody takes any more: whoever gives one does not wait.</summary>
    internal void Stop()
    {
        lock (_gate)
        {
            _stopped = true;
            Monitor.Pulse(_gate);
        }
    }
}
