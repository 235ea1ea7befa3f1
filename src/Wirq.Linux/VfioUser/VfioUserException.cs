namespace Wirq.Linux.VfioUser;

/// <summary>Something about a connection of vfio-user failed. The message says what, and what to do.</summary>
public sealed class VfioUserException : Exception
{
    /// <summary>Makes one.</summary>
    public VfioUserException()
    {
    }

    /// <summary>Makes one.</summary>
    public VfioUserException(string message) : base(message)
    {
    }

    /// <summary>Makes one.</summary>
    public VfioUserException(string message, Exception inner) : base(message, inner)
    {
    }

    internal VfioUserException(string message, int error) : base(message) => Error = error;

    /// <summary>The error number with which the other side answered; 0 if this is no answer.</summary>
    public int Error { get; }
}
