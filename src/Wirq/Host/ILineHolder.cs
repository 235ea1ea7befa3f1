namespace Wirq.Host;

/// <summary>Who holds a source and hears the acknowledges of its line.</summary>
internal interface ILineHolder
{
    /// <summary>The line was acknowledged. Called outside the lock.</summary>
    void Acknowledged();
}
