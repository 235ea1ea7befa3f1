namespace Wirq;

/// <summary>What a function's capability says of its vectors: which message each sends, and whether it may.</summary>
public interface IVectorTable
{
    /// <summary>How many vectors there are.</summary>
    int Count { get; }

    /// <summary>The message of a vector, as the guest programmed it.</summary>
    Msi MessageOf(int vector);

    /// <summary>Whether a vector may not send now: it is masked, or the function is, or the capability is off. What comes
    /// meanwhile is pending.</summary>
    bool IsMasked(int vector);
}
