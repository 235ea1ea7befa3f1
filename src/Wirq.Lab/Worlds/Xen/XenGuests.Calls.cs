using System.Runtime.InteropServices;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Xen;

namespace Wirq.Lab.Worlds;

/// <content>What guests ask of their hypervisor, and what it does by itself.</content>
internal sealed partial class XenGuests
{
    /// <summary>Does what a CPU, another domain or the hypervisor does.</summary>
    /// <param name="place">The place of the domain; -1 for the hypervisor.</param>
    /// <param name="vcpu">The vCPU that does it.</param>
    /// <param name="command">What.</param>
    /// <param name="outcome">For the timeline.</param>
    /// <returns>A difference from the scenario, or null.</returns>
    internal string? Do(int place, int vcpu, XenCommand command, out StepOutcome outcome)
    {
        outcome = default;
        if (place < 0)
        {
            DoOfXen(command);
            return null;
        }
        uint port = 0;
        int status = -1;
        XenArguments its = command.Arguments;
        int answer = command.Action == XenAction.Poll ? Poll(_domains[place], vcpu, its) : (int)Call(_domains[place], vcpu, command.Action, its, ref port, ref status);
        if (answer == XenCommand.Blocks)
            outcome = new StepOutcome(StepOutcomeKind.Waits);
        else if (answer != 0)
            outcome = new StepOutcome(StepOutcomeKind.Refused, (ulong)answer);
        else if (port != 0)
            outcome = new StepOutcome(StepOutcomeKind.Opened, port);
        if (answer == 0 && command.Gets >= 0 && command.Gets != port)
            return $"the call gets {port}, and should get {command.Gets}";
        if (answer == 0 && command.As >= 0)
            _names[command.As].Port = port;
        if (command.Gives != XenCommand.AnyAnswer && command.Gives != answer)
            return $"the call gives {Word(answer)}, and should give {Word(command.Gives)}";
        return answer == 0 && its.Status >= 0 && its.Status != status
            ? $"the port is {XenWords.Statuses.WordOf(status)}, and should be {XenWords.Statuses.WordOf(its.Status)}" : null;
    }

    private static string Word(int answer) => XenWords.Answers.WordOf(answer);

    private void DoOfXen(XenCommand command)
    {
        XenArguments its = command.Arguments;
        switch (command.Action)
        {
            case XenAction.RaiseVirq:
                Channels.RaiseVirq(its.Domain, (int)its.Vcpu, (int)its.Virq);
                break;
            case XenAction.RaisePirq:
                Channels.RaisePirq(its.Domain, (int)its.Pirq);
                break;
            case XenAction.Link:
                _machine.Lines!.Route(its.Link, its.Irq);
                break;
            case XenAction.Wire:
                _machine.Pirqs!.SetWire(its.Gsi, its.Level);
                break;
            case XenAction.MachineMessage:
                _machine.Pirqs!.SendMessage(its.Irq);
                break;
            case XenAction.RemoveDevice:
                _dom0!.Passthrough.Remove(DeviceOf(its).Address);
                break;
            case XenAction.Pause or XenAction.Unpause:
                Channels.SetPaused(its.Domain, command.Action == XenAction.Pause);
                break;
            default:
                throw new WorldException($"no hypervisor can do {command.Action}");
        }
    }

    private int Poll(GuestDomain domain, int vcpu, XenArguments its)
    {
        uint[] ports = [.. its.Ports.Select(PortOf)];
        PollAnswer answer = Channels.Poll(domain.Id, vcpu, ports, domain != Own || _world.TakesInterrupts(vcpu));
        return answer.Blocks ? XenCommand.Blocks : (int)answer.Answer;
    }

    private XenError Call(GuestDomain domain, int vcpu, XenAction action, XenArguments its, ref uint port, ref int status)
    {
        uint named = PortOf(its.Port);
        XenError answer;
        switch (action)
        {
            case XenAction.AllocUnbound:
                var alloc = new AllocUnboundArgument { Domain = its.Domain, RemoteDomain = its.Remote };
                answer = Make(domain, vcpu, EventChannelOperation.AllocUnbound, ref alloc);
                port = alloc.Port;
                return Bound(answer, domain, port, 0);
            case XenAction.BindInterdomain:
                var bind = new BindInterdomainArgument { RemoteDomain = its.Remote, RemotePort = named };
                answer = Make(domain, vcpu, EventChannelOperation.BindInterdomain, ref bind);
                port = bind.LocalPort;
                return Bound(answer, domain, port, 0);
            case XenAction.BindVirq:
                var virq = new BindVirqArgument { Virq = its.Virq, Vcpu = its.Vcpu };
                answer = Make(domain, vcpu, EventChannelOperation.BindVirq, ref virq);
                port = virq.Port;
                return Bound(answer, domain, port, its.Vcpu);
            case XenAction.BindIpi:
                var ipi = new BindIpiArgument { Vcpu = its.Vcpu };
                answer = Make(domain, vcpu, EventChannelOperation.BindIpi, ref ipi);
                port = ipi.Port;
                return Bound(answer, domain, port, its.Vcpu);
            case XenAction.BindPirq:
                var pirq = new BindPirqArgument { Pirq = its.Pirq };
                answer = Make(domain, vcpu, EventChannelOperation.BindPirq, ref pirq);
                port = pirq.Port;
                return Bound(answer, domain, port, 0);
            case XenAction.Close or XenAction.Send or XenAction.Unmask:
                var one = new PortArgument { Port = named };
                return Make(domain, vcpu, action switch
                {
                    XenAction.Close => EventChannelOperation.Close,
                    XenAction.Send => EventChannelOperation.Send,
                    _ => EventChannelOperation.Unmask,
                }, ref one);
            case XenAction.Status:
                var tell = new StatusArgument { Domain = its.Domain, Port = named };
                answer = Make(domain, vcpu, EventChannelOperation.Status, ref tell);
                status = (int)tell.Status;
                return answer;
            case XenAction.BindVcpu:
                var move = new BindVcpuArgument { Port = named, Vcpu = its.Vcpu };
                return Bound(Make(domain, vcpu, EventChannelOperation.BindVcpu, ref move), domain, named, its.Vcpu);
            case XenAction.Reset:
                var reset = new ResetArgument { Domain = its.Domain };
                answer = Make(domain, vcpu, EventChannelOperation.Reset, ref reset);
                if (answer == XenError.None)
                    (Find(its.Domain) ?? domain).WasReset();
                return answer;
            case XenAction.InitControl:
                var control = new InitControlArgument { Frame = its.Frame, Offset = its.Offset, Vcpu = its.Vcpu };
                answer = Make(domain, vcpu, EventChannelOperation.InitControl, ref control);
                if (answer == XenError.None)
                    domain.Controls(its.Vcpu, its.Frame, its.Offset);
                return answer;
            case XenAction.ExpandArray:
                var expand = new ExpandArrayArgument { Frame = its.Frame };
                answer = Make(domain, vcpu, EventChannelOperation.ExpandArray, ref expand);
                if (answer == XenError.None)
                    domain.Expanded(its.Frame);
                return answer;
            case XenAction.SetPriority:
                var priority = new SetPriorityArgument { Port = named, Priority = its.Priority };
                return Make(domain, vcpu, EventChannelOperation.SetPriority, ref priority);
            case XenAction.RegisterVcpuInfo:
                answer = Channels.RegisterVcpuInfo(domain.Id, its.Vcpu, its.Frame, its.Offset);
                if (answer == XenError.None)
                    domain.Registered(its.Vcpu, its.Frame, its.Offset);
                return answer;
            case XenAction.EndPoll:
                Channels.EndPoll(domain.Id, vcpu);
                return XenError.None;
            case XenAction.SetCallback:
                _machine.Callback.SetVia(new CallbackVia(its.Via));
                return XenError.None;
            case XenAction.SetVector:
                return _machine.Callback.SetVector(its.Vcpu, its.Vector);
            case XenAction.Handle:
                while (Step(domain, vcpu, _world.Spec.Cpus + Array.IndexOf(_domains, domain)) != UpcallHandler.Outcome.Ends)
                    _world.SpendUpcall();
                return XenError.None;
            default:
                return CallOfPirqs(domain, action, its, ref port);
        }
    }

    private GuestDomain? Find(ushort id) => Array.Find(_domains, domain => domain.Id == id);

    /// <summary>The guest notes which vCPU handles a port that was bound.</summary>
    private static XenError Bound(XenError answer, GuestDomain domain, uint port, uint vcpu)
    {
        if (answer == XenError.None)
            domain.SetHandler(port, vcpu);
        return answer;
    }

    private XenError Make<T>(GuestDomain domain, int vcpu, EventChannelOperation operation, ref T argument) where T : unmanaged
    {
        Span<byte> bytes = MemoryMarshal.AsBytes(new Span<T>(ref argument));
        return _world.AnswerOfDesign(domain.Id, vcpu, operation, bytes) ?? Channels.Hypercall(domain.Id, operation, bytes);
    }
}
