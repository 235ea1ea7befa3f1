namespace Wirq.Lab.Worlds;

/// <summary>A real machine beside the simulated kernel of a world. It gets every call that the simulated kernel gets, its CPUs run
/// real code, and after each step the two must be in the same state.</summary>
/// <remarks>What the world learns comes from the real machine: the vectors that CPUs take, the values that they read, the EOIs
/// that are reported, the answers to calls. The simulated kernel tells the laws what happens inside, which no real kernel
/// tells. A member throws <see cref="WorldException"/> where the two differ.</remarks>
internal interface IKernelTwin : IDisposable
{
    /// <summary>Its CPUs.</summary>
    IGuestCpus Cpus { get; }

    /// <summary>The simulated kernel has reported the EOI of a level interrupt.</summary>
    /// <param name="cpu">The CPU that signalled it.</param>
    /// <param name="vector">The vector.</param>
    void ExitTaken(int cpu, byte vector);

    /// <summary>The CPUs are saved, for an update.</summary>
    void Save();

    /// <summary>A new machine without routes and irqfds takes the place of the old one, with the CPUs that were saved.</summary>
    void Replace();

    /// <summary>The machine is at rest: compares everything.</summary>
    void Compare();
}
