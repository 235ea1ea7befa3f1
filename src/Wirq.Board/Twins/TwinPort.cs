using System.Globalization;
using Wirq.Routing;

namespace Wirq.Board.Twins;

/// <summary>The calls of a fabric to its kernel, made to the simulated one and to the real one. The answer is that of the real
/// one.</summary>
/// <param name="simulated">The port to the simulated kernel.</param>
/// <param name="real">The real one at this time; a live update replaces it.</param>
/// <param name="eventFds">The eventfds.</param>
/// <param name="changed">Called after each call.</param>
internal sealed class TwinPort(IKernelPort simulated, Func<IKernelPort> real, TwinEventFds eventFds, Action changed) : IKernelPort
{
    public KernelLimits Limits => simulated.Limits;

    public void Commit(ReadOnlySpan<KernelRoute> routes)
    {
        KernelRoute[] rows = [.. routes];
        Agree("KVM_SET_GSI_ROUTING", Try(() => simulated.Commit(rows)), Try(() => real().Commit(rows)));
    }

    public void Bind(int gsi, EventFd trigger, EventFd resample) => Agree("KVM_IRQFD",
        Try(() => simulated.Bind(gsi, trigger, resample)), Try(() => real().Bind(gsi, eventFds.Of(trigger), eventFds.Of(resample))));

    public void Unbind(int gsi, EventFd trigger) => Agree("KVM_IRQFD",
        Try(() => simulated.Unbind(gsi, trigger)), Try(() => real().Unbind(gsi, eventFds.Of(trigger))));

    public bool Signal(InterruptMessage message)
    {
        bool said = false, found = false;
        Agree("KVM_SIGNAL_MSI", Try(() => said = simulated.Signal(message)), Try(() => found = real().Signal(message)));
        if (said != found)
            throw new TwinException($"KVM_SIGNAL_MSI of {message} was {(found ? "accepted" : "refused")}");
        return found;
    }

    public void SetLine(int gsi, bool asserted) => Agree("KVM_IRQ_LINE",
        Try(() => simulated.SetLine(gsi, asserted)), Try(() => real().SetLine(gsi, asserted)));

    public void RaiseExtInt(int cpu, byte vector) => Agree("KVM_INTERRUPT",
        Try(() => simulated.RaiseExtInt(cpu, vector)), Try(() => real().RaiseExtInt(cpu, vector)));

    private static KernelException? Try(Action call)
    {
        try
        {
            call();
            return null;
        }
        catch (KernelException refused)
        {
            return refused;
        }
    }

    private void Agree(string call, KernelException? said, KernelException? found)
    {
        changed();
        if (said?.Errno != found?.Errno)
        {
            throw new TwinException(string.Create(CultureInfo.InvariantCulture,
                $"{call} {(found is null ? $"succeeded, and should have failed: {said!.Message}" : $"failed: {found.Message}")}"));
        }
        if (found is not null)
            throw found;
    }
}
