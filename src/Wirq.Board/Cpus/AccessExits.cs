using Wirq.Board.Bus;
using Wirq.Linux;

namespace Wirq.Board.Cpus;

/// <summary>Serves a vCPU's accesses to ports, addresses and MSRs: the interrupt system first, then devices.</summary>
/// <param name="cpu">The CPU.</param>
/// <param name="chips">The interrupt system.</param>
/// <param name="devices">The devices.</param>
internal sealed class AccessExits(int cpu, ICpuAccesses chips, DeviceBus devices)
{
    /// <summary>Serves an access to ports or addresses.</summary>
    /// <returns>False if the CPU exited for another reason.</returns>
    internal bool TryServe(KvmExit exit)
    {
        switch (exit.Reason)
        {
            case KvmExitReason.Port:
                Serve(exit.Port);
                return true;
            case KvmExitReason.Memory:
                Serve(exit.Memory);
                return true;
            default:
                return false;
        }
    }

    private void Serve(KvmPortExit exit)
    {
        ushort port = exit.Port;
        int size = exit.Size;
        for (int item = 0; item < exit.Count; item++)
        {
            if (exit.IsWrite)
            {
                uint value = exit[item];
                if (!chips.TryWritePort(cpu, port, size, value))
                    devices.WritePort(port, size, value);
            }
            else
                exit.Answer(item, chips.TryReadPort(cpu, port, size, out uint value) ? value : devices.ReadPort(port, size));
        }
    }

    private void Serve(KvmMemoryExit exit)
    {
        ulong address = exit.Address;
        int size = exit.Length;
        if (exit.IsWrite)
        {
            if (!chips.TryWrite(cpu, address, size, exit.Value))
                devices.WriteMemory(address, size, exit.Value);
        }
        else
            exit.Answer(chips.TryRead(cpu, address, size, out ulong value) ? value : devices.ReadMemory(address, size));
    }

    /// <summary>Serves an MSR of the interrupt system. KVM refuses all other MSRs that exit, so the guest gets
    /// <c>#GP</c> for them.</summary>
    /// <returns>Whether it was a write to an MSR of the interrupt system that succeeded.</returns>
    internal bool Serve(KvmMsrExit exit)
    {
        if (exit.IsWrite)
        {
            if (chips.WriteMsr(cpu, exit.Index, exit.Value) != MsrResult.Done)
            {
                exit.Fault();
                return false;
            }
            exit.Accept();
            return true;
        }
        if (chips.ReadMsr(cpu, exit.Index, out ulong value) == MsrResult.Done)
            exit.Answer(value);
        else
            exit.Fault();
        return false;
    }
}
