using Wirq.HostIrq;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Vfio;

namespace Wirq.Lab.Worlds;

/// <content>Steps of kernels, and of the process that passes devices on.</content>
public sealed partial class World
{
    private void Do(KernelStep step)
    {
        HostIrqs irqs = step.OfGuest ? _guest!.Irqs : _below!.Irqs;
        IrqDrivers drivers = step.OfGuest ? _guest!.Drivers : _below!.Drivers;
        switch (step.Action)
        {
            case KernelAction.Disable:
                irqs.Disable(step.Which);
                break;
            case KernelAction.Enable:
                if (!irqs.Enable(step.Which))
                    Fail(step.At, $"{step.Text}: it was not disabled");
                break;
            case KernelAction.Move:
                irqs.SetAffinity(step.Which, step.Cpu);
                break;
            case KernelAction.Request:
                int error = (int)drivers.Request(step.Which);
                if (error != step.Gives)
                    Fail(step.At, $"{step.Text}: it gets {HostWords.Answers.WordOf(error)}, and should get {HostWords.Answers.WordOf(step.Gives)}");
                break;
            case KernelAction.Free:
                if (!drivers.Free(step.Which))
                    Fail(step.At, $"{step.Text}: it has none");
                break;
            case KernelAction.Thread:
                if (!drivers.Tell(step.Which))
                    Fail(step.At, $"{step.Text}: it was not woken");
                break;
            case KernelAction.Poll:
                irqs.Poll(step.Which);
                break;
            case KernelAction.Write:
                _below!.Write(_below.FdOf(step.Which, 0));
                break;
            case KernelAction.Read:
                _below!.Read(_below.FdOf(step.Which, 0));
                break;
        }
        if (step.OfGuest)
            _guest!.CarryAll(step.Action == KernelAction.Move ? irqs.CpuOf(step.Which) : 0);
    }

    /// <summary>Whether an actor may do a step of a kernel now.</summary>
    private bool IsFree(KernelStep step)
    {
        if (step.Action == KernelAction.Thread)
            return (step.OfGuest ? _guest!.Drivers : _below!.Drivers).IsWoken(step.Which);
        return !step.OfGuest || !IsUpdating && IsGuestFree;
    }

    private void Do(VfioStep step)
    {
        int passed = _below!.PassedOf(step.Device);
        if (_devices[step.Device].Removed != 0)
        {
            _outcome = new StepOutcome(StepOutcomeKind.Gone);
            return;
        }
        if (_design?.Instead(this, step) != true)
            Do(step, passed, _below.Vfio!);
        _design?.After(this, step);
    }

    private void Do(VfioStep step, int passed, VfioHost vfio)
    {
        switch (step.Action)
        {
            case VfioAction.SetIrqs:
                int answer = _below!.Set(passed, step);
                int expected = step.GivesVectors ? step.Gives : -step.Gives;
                if (answer != expected)
                    Fail(step.At, $"{step.Text}: it gets {Answer(answer)}, and should get {Answer(expected)}");
                break;
            case VfioAction.DisableIntx:
                vfio.SetVirtualDisable(passed, step.On);
                break;
            case VfioAction.GuestReset:
                vfio.GuestReset(passed);
                break;
            case VfioAction.LiveUpdate:
                vfio.LiveUpdate(passed);
                break;
            case VfioAction.Close:
                vfio.Close(passed);
                break;
            case VfioAction.Open:
                vfio.Open(passed);
                if (Wants(step.Device))
                    vfio.SetLevel(passed, true);
                _below!.Enable(passed);
                break;
            case VfioAction.Access:
                Accessed(step.Device);
                break;
        }
    }

    private static string Answer(int answer) => answer > 0 ? $"{answer}" : HostWords.Answers.WordOf(-answer) ?? $"{answer}";
}
