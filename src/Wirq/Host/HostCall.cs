using Wirq.Events;
using Wirq.Routing;

namespace Wirq.Host;

/// <summary>The function that the host must call.</summary>
internal enum HostCallKind : uint
{
    /// <summary>Nothing.</summary>
    None,
    /// <summary><see cref="IKernelPort.Commit"/>.</summary>
    Commit,
    /// <summary><see cref="IKernelPort.Bind"/>.</summary>
    Bind,
    /// <summary><see cref="IKernelPort.Unbind"/>.</summary>
    Unbind,
    /// <summary><see cref="IKernelPort.Signal"/>.</summary>
    Signal,
    /// <summary><see cref="IKernelPort.SetLine"/>.</summary>
    SetLine,
    /// <summary><see cref="IEventPort.Watch"/>.</summary>
    Watch,
    /// <summary><see cref="IEventPort.Unwatch"/>.</summary>
    Unwatch,
    /// <summary><see cref="IEventPort.Read"/>.</summary>
    Read,
    /// <summary><see cref="IEventPort.Write"/>.</summary>
    Write,
    /// <summary>Guest memory is written.</summary>
    WriteMemory,
    /// <summary>A holder of a line gets its acknowledge.</summary>
    Acknowledge,
    /// <summary><see cref="ICpuPort.Interrupt"/>.</summary>
    Interrupt,
    /// <summary><see cref="ICpuPort.Nmi"/>.</summary>
    Nmi,
    /// <summary><see cref="ICpuPort.Smi"/>.</summary>
    Smi,
    /// <summary><see cref="ICpuPort.Init"/>.</summary>
    Init,
    /// <summary><see cref="ICpuPort.StartUp"/>.</summary>
    StartUp,
    /// <summary>A method of <see cref="IXenPort"/>.</summary>
    TellXen,
}

/// <summary>One call of the host that is due. The routes of a <see cref="HostCallKind.Commit"/> are <see
/// cref="Carrier.Routes"/>.</summary>
/// <param name="Kind">The function that is called.</param>
/// <param name="Effect">The effect that requests it.</param>
/// <param name="EventFd">The eventfd of the call, if any.</param>
internal readonly record struct HostCall(HostCallKind Kind, Event Effect, EventFd EventFd)
{
    /// <summary>The GSI of a <see cref="HostCallKind.Bind"/>, <see cref="HostCallKind.Unbind"/> or <see
    /// cref="HostCallKind.SetLine"/>.</summary>
    internal int Gsi => Effect.Gsi;

    /// <summary>The eventfd that is signalled at the EOI, for a <see cref="HostCallKind.Bind"/>.</summary>
    internal EventFd Resample => VirqBound.Of(Effect).Resample;

    /// <summary>The token that the poll reports with the eventfd, for a <see cref="HostCallKind.Watch"/>.</summary>
    internal int Token => Effect.Unit;

    /// <summary>The level of a <see cref="HostCallKind.SetLine"/>.</summary>
    internal bool Asserted => KernelLine.Of(Effect).Asserted;

    /// <summary>Which owner of the source's slot is meant, for an <see cref="HostCallKind.Acknowledge"/>.</summary>
    internal uint Generation => Ack.Of(Effect).Generation;

    /// <summary>Whether it writes the resample eventfd of a holder of an acknowledged line.</summary>
    internal bool IsResample => Kind == HostCallKind.Write && Effect.Kind == EventKind.Ack;
}
