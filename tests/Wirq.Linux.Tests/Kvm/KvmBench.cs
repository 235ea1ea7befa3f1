using Wirq.Linux.Interop;
using Wirq.Linux.Tests.Differential;
using Wirq.Routing;
using Wirq.Tests.Shared.Kernels;

namespace Wirq.Linux.Tests.Kvm;

/// <summary>The host's KVM as a bench. Vectors that a local APIC accepted stay in its IRR, as KVM_GET_LAPIC shows it: no
/// vCPU runs, or its guest has its interrupts off until the test has it take one.</summary>
internal partial class KvmBench : IKernelBench
{
    // No other file of the process gets such high numbers, so a closed one is not reused.
    private const int FirstNumber = 512;
    private static int s_numbers = FirstNumber;

    private readonly KvmSystem _system;
    private readonly KvmVm _vm;
    private readonly FileDescriptor _epoll;
    private readonly HashSet<int> _open = [];
    private readonly WorkQueue _work;
    private readonly AccessGuest? _guest;
    private readonly HeldWork? _held;
    private KernelLimits? _limits;

    internal KvmBench(BenchMachine machine)
    {
        _system = KvmHost.Require();
        _vm = _system.CreateVm();
        _epoll = FileDescriptor.From(Libc.EpollCreate(EpollFlags.CloseOnExec), "epoll_create1");
        _work = new WorkQueue(_vm);
        try
        {
            RequireVersion(machine);
            Build(machine);
            if ((machine.Needs & BenchNeeds.Guest) != 0)
                _guest = OpenGuest(machine.Needs);
            if ((machine.Needs & BenchNeeds.HeldWork) != 0)
                _held = HeldWork.Begin();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public KernelLimits Limits
    {
        get
        {
            if (_limits is null)
            {
                using var port = new KvmKernelPort(_vm);
                _limits = port.Limits;
            }
            return _limits;
        }
    }

    public ushort PicRequests => (ushort)(_vm.GetPic(slave: true).Requests << 8 | _vm.GetPic().Requests);

    public IKernelBench OpenAnother(BenchMachine machine) => new KvmBench(machine);

    public EventFd CreateEventFd(bool semaphore) => Keep(HostCalls.Check(
        Libc.EventFd(0, EventFdFlags.CloseOnExec | EventFdFlags.NonBlocking | (semaphore ? HostCalls.EventFdSemaphore : 0)), "eventfd"));

    public EventFd Duplicate(EventFd fd)
    {
        int copy = HostCalls.Duplicate(fd.Number, Interlocked.Increment(ref s_numbers));
        _open.Add(copy);
        return new EventFd(copy);
    }

    public void Close(EventFd fd)
    {
        Assert.True(_open.Remove(fd.Number));
        HostCalls.Check(Libc.Close(fd.Number), "close");
    }

    public void Write(EventFd fd, ulong count) => HostCalls.Check(
        (int)Libc.Write(fd.Number, count, sizeof(ulong)), "write");

    public ulong Read(EventFd fd) => EventCounter.TryTake(fd.Number, out ulong count) ? count : 0;

    public bool IsReadable(EventFd fd) => EventCounter.IsReadable(fd.Number);

    public void Watch(EventFd fd, int token)
    {
        var wanted = new EpollEvent { Events = EpollFlags.Readable, Key = new EpollKey(EpollKey.Use.Watched, token) };
        HostCalls.Check(Libc.EpollControl(_epoll, EpollFlags.Add, fd.Number, ref wanted), "epoll_ctl");
    }

    public void Unwatch(EventFd fd)
    {
        EpollEvent none = default;
        HostCalls.Check(Libc.EpollControl(_epoll, EpollFlags.Delete, fd.Number, ref none), "epoll_ctl");
    }

    // A wake-up comes within the write; nothing has to be waited for.
    public int TakeReadable()
    {
        EpollEvent found = default;
        return HostCalls.Check(Libc.EpollWait(_epoll, ref found, 1, 0), "epoll_wait") == 0 ? -1 : found.Key.Token;
    }

    public void Commit(params ReadOnlySpan<BenchRoute> routes)
    {
        var rows = new KvmRoutingEntry[routes.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            BenchRoute row = routes[i];
            rows[i] = row.Chip < 0 ? new(row.Gsi, row.Message) : new(row.Gsi, (KvmChip)row.Chip, row.Pin);
        }
        _vm.SetGsiRouting(rows);
    }

    public void Bind(int gsi, EventFd trigger, EventFd resample) => Assign(gsi, trigger, resample, 0);

    public void Unbind(int gsi, EventFd trigger) => Assign(gsi, trigger, EventFd.None, Irqfd.Deassign);

    public bool SignalMsi(Msi message) => _vm.SignalMsi(message);
    public void SetIrqLine(int gsi, bool high) => _vm.SetIrqLine(gsi, high);

    public void RaiseExtInt(int cpu, byte vector)
    {
        _vm.Vcpus[cpu].Interrupt(vector);
        _extInt = true;
    }

    public void Settle() => _work.Settle();

    public uint ReadApic(int cpu, ApicRegister register) => _vm.Vcpus[cpu].ReadLapic(register);
    public void WriteApic(int cpu, ApicRegister register, uint value) => _vm.Vcpus[cpu].WriteLapic(register, value);
    public void ClearRequests(int cpu) => _vm.Vcpus[cpu].ClearIrr();

    public void EnterX2Apic(int cpu)
    {
        KvmVcpu vcpu = _vm.Vcpus[cpu];
        vcpu.SetCpuid(_system.GetSupportedCpuid());
        KvmSystemRegisters registers = vcpu.SystemRegisters;
        registers.ApicBase |= 0xC00;
        vcpu.SystemRegisters = registers;
    }

    public RedirectionEntry IoApicEntry(int pin) => _vm.GetIoApic().Entries[pin];

    public void SetIoApicEntry(int pin, RedirectionEntry entry)
    {
        KvmIoApicState state = _vm.GetIoApic();
        state.Entries[pin] = entry;
        _vm.SetIoApic(state);
    }

    public void Dispose()
    {
        _held?.Dispose();
        foreach (int number in _open)
            Libc.Close(number);
        _open.Clear();
        _epoll.Dispose();
        _work.Dispose();
        _guest?.Dispose();
        _vm.Dispose();
        _system.Dispose();
    }

    /// <summary>As the kernel takes it: <see cref="KvmVm"/> itself refuses GSIs that lead nowhere.</summary>
    private void Assign(int gsi, EventFd trigger, EventFd resample, uint flags)
    {
        var irqfd = new Irqfd
        {
            Trigger = trigger.Number,
            Gsi = gsi,
            Flags = flags | (resample.Exists ? Irqfd.Resample : 0),
            ResampleFd = resample.Exists ? resample.Number : 0,
        };
        int result = KvmCalls.AssignIrqfd.TryInvoke(_vm.Descriptor, ref irqfd);
        if (result < 0)
            throw HostError.Of(KvmCalls.AssignIrqfd.Name, -result, gsi);
    }

    private EventFd Keep(int number)
    {
        int kept = HostCalls.Duplicate(number, Interlocked.Increment(ref s_numbers));
        Libc.Close(number);
        _open.Add(kept);
        return new EventFd(kept);
    }

    private void Build(BenchMachine machine)
    {
        if (machine.Chips == BenchChips.Split)
            _vm.CreateSplitIrqChip(machine.ReservedGsis);
        else if (machine.Chips == BenchChips.Full)
            _vm.CreateIrqChip();
        if (machine.X2ApicApi != 0)
            Require((X2ApicApi)machine.X2ApicApi);
        for (int cpu = 0; cpu < machine.Cpus; cpu++)
            _vm.CreateVcpu(machine.ApicIds is { } ids ? (int)ids[cpu] : cpu);
    }

    private static void RequireVersion(BenchMachine machine)
    {
        Version host = Environment.OSVersion.Version;
        if (machine.Since is { } since)
            Assert.SkipUnless(host >= new Version(since.Major, since.Minor), $"this host is Linux {host}, and the semantic began with {since.Major}.{since.Minor}");
        if (machine.Before is { } before)
            Assert.SkipUnless(host < new Version(before.Major, before.Minor), $"this host is Linux {host}, and the semantic ended with {before.Major}.{before.Minor}");
    }

    private void Require(X2ApicApi flags)
    {
        int has = _vm.CheckExtension(KvmCapability.X2ApicApi);
        Assert.SkipUnless((has & (int)flags) == (int)flags, $"this host has flags 0x{has:x} of KVM_CAP_X2APIC_API, and the test needs {flags}");
        _vm.EnableX2ApicApi(flags);
    }
}

/// <summary>The semantics over the host's KVM.</summary>
public class KvmKernelSemantics : KernelSemantics
{
    protected override IKernelBench OpenBench(BenchMachine machine) => new KvmBench(machine);
}
