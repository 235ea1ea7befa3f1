namespace Wirq.Linux.Tests.Updates;

/// <summary>What waits in IRR of a CPU, and for which triggers it stands.</summary>
/// <param name="Cpu">The CPU.</param>
/// <param name="Vector">Its vector.</param>
/// <param name="Numbers">Numbers of triggers of the CPU's virq; none for a line.</param>
internal sealed record Request(int Cpu, byte Vector, List<Numbers> Numbers);

/// <summary>The local APICs of a kernel: what they have accepted and their CPUs have not taken. They are the state that a
/// live update saves and restores beside the fabric's.</summary>
internal sealed class GuestCpus(Action wake)
{
    private readonly Lock _lock = new();
    private readonly List<Request> _requests = [];

    internal bool IsEmpty
    {
        get
        {
            lock (_lock)
                return _requests.Count == 0;
        }
    }

    internal void Accept(int cpu, byte vector, Numbers[] numbers)
    {
        lock (_lock)
        {
            if (_requests.Find(request => request.Cpu == cpu && request.Vector == vector) is { } pending)
                pending.Numbers.AddRange(numbers);
            else
                _requests.Add(new Request(cpu, vector, [.. numbers]));
        }
        wake();
    }

    internal bool TryTake(out Request request)
    {
        lock (_lock)
        {
            request = _requests.Count > 0 ? _requests[0] : null!;
            if (_requests.Count > 0)
                _requests.RemoveAt(0);
            return request is not null;
        }
    }

    internal Request[] Save()
    {
        lock (_lock)
            return [.. _requests.Select(request => request with { Numbers = [.. request.Numbers] })];
    }

    internal void Restore(IEnumerable<Request> saved)
    {
        lock (_lock)
            _requests.AddRange(saved);
        wake();
    }
}
