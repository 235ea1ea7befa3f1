namespace Wirq.Lab.Worlds;

/// <summary>What can happen next in a <see cref="World"/>.</summary>
/// <param name="Kind">What.</param>
/// <param name="Index">Of which CPU, eventfd or descriptor, where there are several.</param>
public readonly record struct Transition(TransitionKind Kind, int Index = 0)
{
    /// <inheritdoc/>
    public override string ToString() => Kind is TransitionKind.Injection or TransitionKind.Exit or TransitionKind.Fetch or TransitionKind.Cpu
        ? $"{Kind} {Index}" : Kind.ToString();
}

/// <summary>The kinds of what can happen next.</summary>
public enum TransitionKind : byte
{
    /// <summary>The oldest effect in the queue of the fabric is carried out, as far as it stays inside; what leaves it is
    /// begun.</summary>
    Effect,
    /// <summary>The call in flight is made, and its answer taken.</summary>
    Answer,
    /// <summary>An injection that the kernel's work queue holds is done; the index is its eventfd's.</summary>
    Injection,
    /// <summary>A CPU that left its guest for an EOI reports it to userspace; the index is the CPU's.</summary>
    Exit,
    /// <summary>The poll reports a readable eventfd; the index is its descriptor's. Userspace then holds a token, and
    /// the eventfd may be unwatched before the token is used.</summary>
    Fetch,
    /// <summary>Userspace acts on the token that it holds.</summary>
    Readable,
    /// <summary>The queue is empty: the laws get the event that the machine is at rest.</summary>
    Rest,
    /// <summary>A CPU takes an interrupt, or does the next thing in its handler; the index is the CPU's.</summary>
    Cpu,
    /// <summary>Virtual time moves on, to what falls due next or to the end of the step that lets it pass.</summary>
    Time,
    /// <summary>The scenario goes on by one step, or ends a repetition or a lapse of time.</summary>
    Script,
}
