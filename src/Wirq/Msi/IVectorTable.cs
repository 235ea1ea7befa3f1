namespace Wirq;

/// <summary>The vectors in a function's capability: the message of each, and whether it may be sent.</summary>
public interface IVectorTable
{
    /// <summary>How many vectors there are.</summary>
    int Count { get; }

    /// <summary>The message of a vector, as the guest programmed it.</summary>
    Msi MessageOf(int vector);

    /// <summary>Whether a vector must not send now: it is masked, or the function is, or the capability is off. An
    /// interrupt in the meantime is pending.</summary>
    bool IsMasked(int vector);
}
