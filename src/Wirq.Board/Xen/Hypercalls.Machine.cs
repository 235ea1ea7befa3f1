using System.Text;
using Wirq.Board.Machine;
using Wirq.Xen;

namespace Wirq.Board.Xen;

/// <content>memory_op, sched_op, console_io and xen_version.</content>
internal sealed partial class Hypercalls
{
    // --- memory_op

    private const ulong AddToPhysmap = 7, OperationMask = 0x3F;
    private const uint SharedInfoSpace = 0, GrantTableSpace = 1, GrantFrames = 64;
    private const int AddToPhysmapBytes = 24, AddToPhysmapBytes32 = 16;

    private HypercallAnswer MemoryOp(ulong operation, ulong address, in CallerMemory memory)
    {
        // The bits above count how far a call has come.
        if ((operation & OperationMask) != AddToPhysmap)
            return XenError.NotImplemented;
        if (!TryTake(memory, address, memory.Is64Bit ? AddToPhysmapBytes : AddToPhysmapBytes32, out ReadOnlySpan<byte> argument))
            return XenError.Fault;
        (ulong index, ulong frame) = memory.Is64Bit ? (Long(argument, 8), Long(argument, 16)) : (Word(argument, 8), Word(argument, 12));
        if (!IsSelf(Half(argument, 0)))
            return XenError.NoSuchDomain;
        return xen.Call(cpu, (Space: Word(argument, 4), index, frame), static (me, a) => Add(me, a.Space, a.index, a.frame));
    }

    private static XenError Add(XenHypervisor xen, uint space, ulong index, ulong frame)
    {
        Span<byte> page = xen.Pages.Page(XenHypervisor.Domain, frame);
        if (page.IsEmpty)
            return XenError.Invalid;
        switch (space)
        {
            case SharedInfoSpace when index == 0:
                xen.Pages.MoveSharedInfo(XenHypervisor.Domain, frame);
                return XenError.None;
            // Nobody is there to grant anything to, so nothing reads the table.
            case GrantTableSpace when index < GrantFrames:
                page.Clear();
                return XenError.None;
            default:
                return XenError.Invalid;
        }
    }

    // --- sched_op

    private const uint Yield = 0, Block = 1, Shutdown = 2, Poll = 3;
    private const uint PowerOff = 0, Reboot = 1, Crash = 3, Watchdog = 4;
    private const int PollBytes = 24, PollBytes32 = 16;

    private HypercallAnswer SchedOp(uint operation, ulong address, in CallerMemory memory, bool interruptsEnabled)
    {
        switch (operation)
        {
            case Yield:
                return XenError.None;
            case Block:
                // It waits for an event to any port, which may be for another vCPU: a block may end for nothing.
                return Wait(default, long.MaxValue, interruptsEnabled);
            case Shutdown:
                return TryTake(memory, address, sizeof(uint), out ReadOnlySpan<byte> argument) ? End(Word(argument, 0)) : XenError.Fault;
            case Poll:
                if (!TryTake(memory, address, memory.Is64Bit ? PollBytes : PollBytes32, out argument))
                    return XenError.Fault;
                (ulong ports, uint count) = memory.Is64Bit ? (Long(argument, 0), Word(argument, 8)) : (Word(argument, 0), Word(argument, 4));
                ulong timeout = Long(argument, memory.Is64Bit ? 16 : 8);
                if (count > EventChannels.MaxPolled)
                    return XenError.Invalid;
                int bytes = (int)count * sizeof(uint);
                if (!TryTake(memory, ports, bytes, out _))
                    return XenError.Fault;
                return Wait(_argument.AsMemory(0, bytes), timeout is 0 or > long.MaxValue ? long.MaxValue : (long)timeout, interruptsEnabled);
            default:
                return XenError.NotImplemented;
        }
    }

    private HypercallAnswer Wait(ReadOnlyMemory<byte> ports, long deadline, bool interruptsEnabled)
    {
        PollAnswer answer = xen.Poll(cpu, ports, deadline, interruptsEnabled);
        return answer.Blocks ? new HypercallAnswer(0, HypercallThen.Waits) : answer.Answer;
    }

    private HypercallAnswer End(uint reason)
    {
        GuestEnd? end = reason switch
        {
            PowerOff => new GuestEnd(GuestEndKind.PowerOff),
            Reboot => new GuestEnd(GuestEndKind.Reset, Detail: "by SHUTDOWN_reboot"),
            Crash => new GuestEnd(GuestEndKind.Crash, Detail: "SHUTDOWN_crash"),
            Watchdog => new GuestEnd(GuestEndKind.Crash, Detail: "SHUTDOWN_watchdog"),
            _ => null,
        };
        if (end is null)
            return XenError.Invalid;
        ended(end);
        return new(0, HypercallThen.Ends);
    }

    // --- console_io

    // The length is the guest's. Xen has no limit, since its hypercalls can be interrupted.
    private const uint WriteConsole = 0, MostConsoleBytes = 1 << 16;
    private const int ConsoleBytes = 128;

    private HypercallAnswer ConsoleIo(uint operation, uint count, ulong address, in CallerMemory memory)
    {
        // Only the domain in charge may read.
        if (operation != WriteConsole)
            return XenError.NotPermitted;
        if (count > MostConsoleBytes)
            return XenError.Invalid;
        for (uint done = 0; done < count;)
        {
            int part = (int)Math.Min(count - done, ConsoleBytes);
            if (!TryTake(memory, address + done, part, out ReadOnlySpan<byte> text))
                return XenError.Fault;
            foreach (byte character in text)
                xen.Console?.Invoke(character);
            done += (uint)part;
        }
        return XenError.None;
    }

    // --- xen_version

    private const uint Version = 0, ExtraVersion = 1, CompileInfo = 2, Capabilities = 3, ChangeSet = 4, Features = 6, PageSize = 7;
    private const int ExtraVersionBytes = 16, CompileInfoBytes = 144, CapabilitiesBytes = 1024, ChangeSetBytes = 64, FeaturesBytes = 8;
    // Page tables are the guest's own, frames are its own, and its callback may be a vector.
    private const uint WritablePageTables = 1 << 0, AutoTranslated = 1 << 2, CallbackVector = 1 << 8;

    private HypercallAnswer XenVersion(uint operation, ulong address, in CallerMemory memory) => operation switch
    {
        Version => new HypercallAnswer(XenCpuid.Version),
        ExtraVersion => Text(".0-wirq", ExtraVersionBytes, address, memory),
        CompileInfo => Text("wirq", CompileInfoBytes, address, memory),
        Capabilities => Text("hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64", CapabilitiesBytes, address, memory),
        ChangeSet => Text("unavailable", ChangeSetBytes, address, memory),
        Features => FeaturesOf(address, memory),
        PageSize => new HypercallAnswer(IXenPages.PageSize),
        _ => XenError.NotImplemented,
    };

    private static XenError Text(string text, int room, ulong address, in CallerMemory memory)
    {
        Span<byte> bytes = stackalloc byte[CapabilitiesBytes];
        bytes.Clear();
        Encoding.ASCII.GetBytes(text, bytes);
        return memory.TryWrite(address, bytes[..room]) ? XenError.None : XenError.Fault;
    }

    private XenError FeaturesOf(ulong address, in CallerMemory memory)
    {
        if (!TryTake(memory, address, FeaturesBytes, out ReadOnlySpan<byte> argument))
            return XenError.Fault;
        uint features = Word(argument, 0) == 0 ? WritablePageTables | AutoTranslated | CallbackVector : 0;
        return memory.TryWrite(address + sizeof(uint), BitConverter.GetBytes(features)) ? XenError.None : XenError.Fault;
    }
}
