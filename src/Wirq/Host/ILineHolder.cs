namespace Wirq.Host;

/// <summary>Who holds a source and hears the acknowledges of its line.</summary>
internal interface ILineHolder
{
    /// <summary>Whether it does anything then: where it does not, the lock is not left for it.</summary>
    bool Hears { get; }

    /// <summary>The line was acknowledged. Called outside the lock.</summary>
    void Acknowledged();
}
