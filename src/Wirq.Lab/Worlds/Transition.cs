namespace Wirq.Lab.Worlds;

/// <summary>A possible next transition of a <see cref="World"/>.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Index">The CPU, eventfd, descriptor or script, if there are several.</param>
public readonly record struct Transition(TransitionKind Kind, int Index = 0)
{
    /// <inheritdoc/>
    public override string ToString() => Kind is TransitionKind.Injection or TransitionKind.Exit or TransitionKind.Fetch or TransitionKind.Cpu
        or TransitionKind.HostLine or TransitionKind.HostThread or TransitionKind.GuestThread
        || Kind == TransitionKind.Script && Index > 0 ? $"{Kind} {Index}" : Kind.ToString();
}

/// <summary>The kinds of transitions.</summary>
public enum TransitionKind : byte
{
    /// <summary>The oldest effect in the queue of the fabric is carried out. If it leaves the fabric, its call is
    /// begun.</summary>
    Effect,
    /// <summary>The call in flight is made, and completed with its answer.</summary>
    Answer,
    /// <summary>An injection of the kernel's work queue runs; the index is its eventfd's.</summary>
    Injection,
    /// <summary>A CPU that left its guest for an EOI reports it to userspace; the index is the CPU's.</summary>
    Exit,
    /// <summary>The poll reports a readable eventfd; the index is its descriptor's. Userspace then holds a token, and
    /// the eventfd may be unwatched before the token is used.</summary>
    Fetch,
    /// <summary>Userspace acts on its token.</summary>
    Readable,
    /// <summary>The queue is empty: the laws get the event of the rest.</summary>
    Rest,
    /// <summary>A CPU takes an interrupt, or does the next step of its handler; the index is the CPU's.</summary>
    Cpu,
    /// <summary>Virtual time advances, to the next due time or to the end of the step that lets time pass.</summary>
    Time,
    /// <summary>A script advances by one step, or ends a repetition or a step that lets time pass. The index is 0 for the
    /// scenario's own steps, from 1 on an actor's in the order of the file, and the next one for the expectation at the
    /// end. <see cref="World.Describe"/> names the actor and its step.</summary>
    Script,
    /// <summary>The oldest effect in the queue of the host is carried out.</summary>
    Host,
    /// <summary>A line interrupts its CPU of the host; the index is the line's.</summary>
    HostLine,
    /// <summary>A thread of the host goes on; the index is its driver's.</summary>
    HostThread,
    /// <summary>A thread of the guest's kernel goes on; the index is its driver's.</summary>
    GuestThread,
}
