using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Wirq.Board.Machine;
using Wirq.Xen;

namespace Wirq.Board.Xen;

/// <summary>The hypercalls that a board offers. What a guest passes may be anything: it gets Xen's answer.</summary>
/// <remarks>Of a vCPU. Structures are copied from and to the guest outside of the lock.</remarks>
internal sealed partial class Hypercalls(XenHypervisor xen, int cpu, Action<GuestEnd> ended)
{
    // The largest argument: the ports of SCHEDOP_poll.
    private readonly byte[] _argument = new byte[EventChannels.MaxPolled * sizeof(uint)];

    /// <summary>Makes a hypercall.</summary>
    /// <param name="call">The call.</param>
    /// <param name="memory">The caller's memory.</param>
    /// <param name="interruptsEnabled">Whether the caller would take an interrupt.</param>
    internal HypercallAnswer Make(in Hypercall call, in CallerMemory memory, bool interruptsEnabled) => call.Number switch
    {
        HypercallNumber.MemoryOp => MemoryOp(call.First, call.Second, memory),
        HypercallNumber.XenVersion => XenVersion((uint)call.First, call.Second, memory),
        HypercallNumber.ConsoleIo => ConsoleIo((uint)call.First, (uint)call.Second, call.Third, memory),
        HypercallNumber.VcpuOp => VcpuOp((uint)call.First, (uint)call.Second, call.Third, memory),
        HypercallNumber.SchedOp => SchedOp((uint)call.First, call.Second, memory, interruptsEnabled),
        HypercallNumber.EventChannelOp => EventChannelOp((EventChannelOperation)(uint)call.First, call.Second, memory),
        HypercallNumber.HvmOp => HvmOp((uint)call.First, call.Second, memory),
        _ => XenError.NotImplemented,
    };

    /// <summary>Copies an argument, so that the guest cannot change it meanwhile.</summary>
    private bool TryTake(in CallerMemory memory, ulong address, int bytes, out ReadOnlySpan<byte> argument)
    {
        argument = _argument.AsSpan(0, bytes);
        return memory.TryRead(address, _argument.AsSpan(0, bytes));
    }

    private static bool IsSelf(ushort domain) => domain is XenDomainOptions.SelfId or XenHypervisor.Domain;

    private static ushort Half(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);
    private static uint Word(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);
    private static ulong Long(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);

    // --- event_channel_op

    private HypercallAnswer EventChannelOp(EventChannelOperation operation, ulong address, in CallerMemory memory)
    {
        (int bytes, bool answers) = ArgumentOf(operation);
        if (bytes == 0)
            return XenError.NotImplemented;
        if (!TryTake(memory, address, bytes, out ReadOnlySpan<byte> argument))
            return XenError.Fault;
        XenError error = xen.Call(cpu, (operation, Argument: _argument.AsMemory(0, bytes)), static (me, a) =>
            me.Channels.Hypercall(XenHypervisor.Domain, a.operation, a.Argument.Span));
        // What was done stays done (Xen, do_event_channel_op).
        return error == XenError.None && answers && !memory.TryWrite(address, argument) ? XenError.Fault : error;
    }

    /// <summary>How long the structure of an operation is, and whether results are written to it.</summary>
    private static (int Bytes, bool Answers) ArgumentOf(EventChannelOperation operation) => operation switch
    {
        EventChannelOperation.BindInterdomain or EventChannelOperation.BindVirq or EventChannelOperation.BindPirq => (12, true),
        EventChannelOperation.Close or EventChannelOperation.Send or EventChannelOperation.Unmask => (4, false),
        EventChannelOperation.Status or EventChannelOperation.InitControl => (24, true),
        EventChannelOperation.AllocUnbound or EventChannelOperation.BindIpi => (8, true),
        EventChannelOperation.BindVcpu or EventChannelOperation.ExpandArray or EventChannelOperation.SetPriority => (8, false),
        EventChannelOperation.Reset or EventChannelOperation.ContinueReset => (2, false),
        _ => (0, false),
    };

    // --- hvm_op

    private const uint SetParameter = 0, GetParameter = 1, SetUpcallVector = 23;
    private const int ParameterBytes = 16, ValueAt = 8, UpcallVectorBytes = 8;

    private HypercallAnswer HvmOp(uint operation, ulong address, in CallerMemory memory)
    {
        switch (operation)
        {
            case SetParameter or GetParameter:
                if (!TryTake(memory, address, ParameterBytes, out ReadOnlySpan<byte> argument))
                    return XenError.Fault;
                if (!IsSelf(Half(argument, 0)))
                    return XenError.NoSuchDomain;
                return operation == SetParameter
                    ? Set(Word(argument, 4), Long(argument, ValueAt), memory.Is64Bit)
                    : Get(Word(argument, 4), address, memory);
            case SetUpcallVector:
                if (!TryTake(memory, address, UpcallVectorBytes, out argument))
                    return XenError.Fault;
                return xen.Call(cpu, (Vcpu: Word(argument, 0), Vector: argument[4]), static (me, a) => me.Callback.SetVector(a.Vcpu, a.Vector));
            default:
                return XenError.NotImplemented;
        }
    }

    private XenError Set(uint index, ulong value, bool is64Bit) => xen.Call(cpu, (index, value, is64Bit), static (me, a) =>
    {
        XenError error = me.Parameters.Set(a.index, a.value);
        if (error == XenError.None && a.index == XenParameters.CallbackIrq)
        {
            me.Channels.LatchWidth(XenHypervisor.Domain, a.is64Bit);
            me.Callback.SetVia(new CallbackVia(a.value));
        }
        return error;
    });

    private XenError Get(uint index, ulong address, in CallerMemory memory)
    {
        (XenError error, ulong value) = xen.Call(cpu, index, static (me, a) => (me.Parameters.Get(a, out ulong found), found));
        return error == XenError.None && !memory.TryWrite(address + ValueAt, MemoryMarshal.AsBytes([value])) ? XenError.Fault : error;
    }

    // --- vcpu_op

    private const uint RegisterVcpuInfo = 10;
    private const int VcpuInfoBytes = 16;

    private HypercallAnswer VcpuOp(uint operation, uint vcpu, ulong address, in CallerMemory memory)
    {
        if (operation != RegisterVcpuInfo)
            return XenError.NotImplemented;
        if (!TryTake(memory, address, VcpuInfoBytes, out ReadOnlySpan<byte> argument))
            return XenError.Fault;
        return xen.Call(cpu, (vcpu, Frame: Long(argument, 0), Offset: Word(argument, 8)),
            static (me, a) => me.Channels.RegisterVcpuInfo(XenHypervisor.Domain, a.vcpu, a.Frame, a.Offset));
    }
}
