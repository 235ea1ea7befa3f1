using Wirq.Xen;

namespace Wirq.Host;

/// <content>The inputs of Xen's domains.</content>
public sealed partial class FabricHost
{
    /// <summary>The inputs of Xen's domains; null if the machine is not one (<see cref="FabricOptions.Xen"/>).</summary>
    public HostXen? Xen { get; }

    internal XenError Hypercall(ushort caller, EventChannelOperation operation, Span<byte> argument)
    {
        XenError answer;
        using (_lock.Hold())
        {
            answer = _fabric.Xen!.Channels.Hypercall(caller, operation, argument);
            Complete();
        }
        ThrowFailure();
        return answer;
    }

    internal XenError Physdev(ushort caller, PhysdevOperation operation, Span<byte> argument, bool is64Bit)
    {
        XenError answer;
        using (_lock.Hold())
        {
            answer = _fabric.Xen!.Pirqs?.Hypercall(caller, operation, argument, is64Bit) ?? XenError.NotImplemented;
            Complete();
        }
        ThrowFailure();
        return answer;
    }

    internal PollAnswer Poll(ushort caller, int vcpu, ReadOnlySpan<uint> ports, bool interruptsEnabled)
    {
        using (_lock.Hold())
            return _fabric.Xen!.Channels.Poll(caller, vcpu, ports, interruptsEnabled);
    }
}
