namespace Wirq.Xen;

/// <content>The hypercall <c>event_channel_op</c>.</content>
public sealed partial class EventChannels
{
    /// <summary>A vCPU makes the hypercall <c>event_channel_op</c>.</summary>
    /// <param name="caller">The id of its domain.</param>
    /// <param name="operation">The first argument; may be anything.</param>
    /// <param name="argument">The structure that the second argument points to. Results are written to it if the
    /// answer is <see cref="XenError.None"/>. One that is too short is one that cannot be read.</param>
    /// <returns>The guest gets the negated number. After <see cref="XenError.Restart"/> its owner makes the same call
    /// with <see cref="EventChannelOperation.ContinueReset"/>, now or when the vCPU runs again, and the guest gets that
    /// answer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no domain <paramref name="caller"/>.</exception>
    public XenError Hypercall(ushort caller, EventChannelOperation operation, Span<byte> argument)
    {
        XenDomain domain = The(caller);
        return operation switch
        {
            EventChannelOperation.BindInterdomain => Do<BindInterdomainArgument>(domain, argument, static (me, from, ref a) => me.BindInterdomain(from, ref a)),
            EventChannelOperation.BindVirq => Do<BindVirqArgument>(domain, argument, static (me, from, ref a) => me.BindVirq(from, ref a)),
            EventChannelOperation.BindPirq => Do<BindPirqArgument>(domain, argument, static (me, from, ref a) => me.BindPirq(from, ref a)),
            EventChannelOperation.Close => Do<PortArgument>(domain, argument, static (me, from, ref a) => me.Close(from, ref a)),
            EventChannelOperation.Send => Do<PortArgument>(domain, argument, static (me, from, ref a) => me.Send(from, ref a)),
            EventChannelOperation.Status => Do<StatusArgument>(domain, argument, static (me, from, ref a) => me.Status(from, ref a)),
            EventChannelOperation.AllocUnbound => Do<AllocUnboundArgument>(domain, argument, static (me, from, ref a) => me.AllocUnbound(from, ref a)),
            EventChannelOperation.BindIpi => Do<BindIpiArgument>(domain, argument, static (_, from, ref a) => BindIpi(from, ref a)),
            EventChannelOperation.BindVcpu => Do<BindVcpuArgument>(domain, argument, static (_, from, ref a) => BindVcpu(from, ref a)),
            EventChannelOperation.Unmask => Do<PortArgument>(domain, argument, static (_, from, ref a) => Unmask(from, ref a)),
            EventChannelOperation.Reset => Do<ResetArgument>(domain, argument, static (me, from, ref a) => me.Reset(from, ref a)),
            EventChannelOperation.InitControl => Do<InitControlArgument>(domain, argument, static (_, from, ref a) => InitControl(from, ref a)),
            EventChannelOperation.ExpandArray => Do<ExpandArrayArgument>(domain, argument, static (_, from, ref a) => ExpandArray(from, ref a)),
            EventChannelOperation.SetPriority => Do<SetPriorityArgument>(domain, argument, static (_, from, ref a) => SetPriority(from, ref a)),
            EventChannelOperation.ContinueReset => Do<ResetArgument>(domain, argument, static (me, from, ref a) => me.ContinueReset(from, ref a)),
            _ => XenError.NotImplemented,
        };
    }

    private XenError Do<T>(XenDomain caller, Span<byte> argument, GuestCall<EventChannels, XenDomain, T> call) where T : unmanaged =>
        GuestArgument.Pass(this, caller, argument, call);
}
