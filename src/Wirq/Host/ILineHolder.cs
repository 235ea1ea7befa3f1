namespace Wirq.Host;

/// <summary>The holder of a source, which gets the acknowledges of its line.</summary>
internal interface ILineHolder
{
    /// <summary>Whether it has a callback. If not, the lock is not released for it.</summary>
    bool Hears { get; }

    /// <summary>The line was acknowledged. Called outside the lock.</summary>
    void Acknowledged();
}
