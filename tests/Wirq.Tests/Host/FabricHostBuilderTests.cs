using Wirq.Events;
using Wirq.Host;
using Wirq.Remapping;
using Wirq.Routing;

namespace Wirq.Tests.Host;

public sealed class FabricHostBuilderTests
{
    private static readonly FabricOptions s_options = FabricOptions.Pc() with { Pic = null };
    private static readonly Msi s_message = Msi.Encode(InterruptMessage.Create(0x51, DeliveryMode.Fixed, 0));

    private readonly FakeKernel _kernel = new() { Limits = new() { Routes = 128, ReservedGsis = 48, ConsumesFirst = true } };
    private readonly List<string> _order = [];

    [Fact]
    public void Without_anything_under_it_a_machine_has_its_own_local_APICs()
    {
        using HostMachine machine = new FabricHostBuilder(s_options).Build();
        Assert.Null(machine.Kernel);
        Assert.Same(s_options, machine.Host.Options);
        machine.Host.TryWrite(0, 0xFEE000F0, 4, 0x1FF);
        Assert.Equal(RefusalReason.None, machine.Host.Do(fabric => fabric.Send(s_message)));
        Assert.Equal(0x51, machine.Host.Take(0));
        Assert.Contains(nameof(FabricHostBuilder.UseEventFds),
            Assert.Throws<InvalidOperationException>(() => machine.EventFds).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Routing_is_what_the_kernel_can_do()
    {
        using HostMachine machine = Builder().Build();
        Assert.Equal(new RoutingOptions { BatchDelay = 0, Kernel = _kernel.Limits with { ConsumesFirst = false } }, machine.Host.Options.Routing);
        Assert.Same(_kernel, machine.Kernel);
        Assert.Same(_kernel, machine.EventFds);
    }

    [Fact]
    public void Only_an_edge_triggered_poll_keeps_what_a_kernel_serves()
    {
        var builder = new FabricHostBuilder(s_options with { Routing = new() { Virqs = 8 } });
        using HostMachine machine = builder.UseKernel(_kernel).UseEventFds(_kernel, edgeTriggered: true).Build();
        Assert.Equal(new RoutingOptions { Virqs = 8, Kernel = _kernel.Limits }, machine.Host.Options.Routing);
    }

    [Fact]
    public void Options_may_ask_for_less_than_the_kernel_has()
    {
        var less = new RoutingOptions { Kernel = new() { Routes = 64, ReservedGsis = 48, HasIrqfd = false } };
        using HostMachine machine = Builder(s_options with { Routing = less }).Build();
        Assert.Same(less, machine.Host.Options.Routing);
    }

    public static TheoryData<KernelLimits, string> TooMuch => new()
    {
        { new() { Routes = 129, ReservedGsis = 48 }, "Routing.Kernel.Routes is 129; expected 0 to 128" },
        { new() { Routes = 128, ReservedGsis = 49 }, "Routing.Kernel.ReservedGsis is 49; expected 0 to 48" },
        { new() { Routes = 128, OwnsIoApic = true }, "Routing.Kernel.OwnsIoApic is True; expected False, as of the kernel" },
        { new() { Routes = 128, ReservedGsis = 48, ConsumesFirst = true },
            "Routing.Kernel.ConsumesFirst is True; expected False, because the poll is level-triggered" },
    };

    [Theory, MemberData(nameof(TooMuch))]
    public void What_the_kernel_or_the_poll_cannot_do_is_refused(KernelLimits asked, string message)
    {
        FabricHostBuilder builder = Builder(s_options with { Routing = new() { Kernel = asked } });
        Assert.Equal(message, Assert.Throws<OptionException>(builder.Build).Message);
    }

    [Fact]
    public void Irqfds_that_the_kernel_lacks_are_refused()
    {
        var kernel = new FakeKernel { Limits = new() { Routes = 128, ReservedGsis = 48, HasIrqfd = false } };
        FabricHostBuilder builder = new FabricHostBuilder(s_options with { Routing = new() { Kernel = kernel.Limits with { HasIrqfd = true } } }).UseKernel(kernel);
        Assert.Equal("Routing.Kernel.HasIrqfd is True; expected False, as of the kernel", Assert.Throws<OptionException>(builder.Build).Message);
    }

    [Fact]
    public void A_kernel_that_was_promised_and_not_given_is_missed_before_anything_is_made()
    {
        FabricHostBuilder builder = new FabricHostBuilder(s_options with { Routing = new() { Kernel = _kernel.Limits } }).UseEventFds(Made);
        Assert.Equal("Routing.Kernel is set; expected null, or a kernel by UseKernel", Assert.Throws<OptionException>(builder.Build).Message);
        Assert.Empty(_order);
    }

    [Fact]
    public void Wrong_options_are_refused_before_anything_is_made()
    {
        FabricHostBuilder builder = new FabricHostBuilder(s_options with { Sources = 0 }).UseKernel(Owned).UseEventFds(Made);
        Assert.Equal("Sources", Assert.Throws<OptionException>(builder.Build).Field);
        Assert.Empty(_order);
    }

    [Fact]
    public void A_kernel_that_reserves_too_few_GSIs_is_named_and_let_go_of()
    {
        var small = new FakeKernel { Limits = new() { Routes = 128, ReservedGsis = 24 } };
        FabricHostBuilder builder = new FabricHostBuilder(s_options).UseKernel(parts =>
        {
            Assert.Equal(48, parts.ReservedGsis);
            parts.Own(new Part("kernel", _order));
            return small;
        });
        Assert.StartsWith("Routing.Kernel.ReservedGsis is 24; expected 48 or more", Assert.Throws<OptionException>(builder.Build).Message, StringComparison.Ordinal);
        Assert.Equal(["kernel disposed"], _order);
    }

    [Fact]
    public void Where_eventfds_fail_the_kernel_is_let_go_of()
    {
        FabricHostBuilder builder = new FabricHostBuilder(s_options).UseKernel(Owned)
            .UseEventFds(_ => throw new KernelException("epoll_create1", 24, -1, "close some"));
        Assert.Equal("epoll_create1", Assert.Throws<KernelException>(builder.Build).Call);
        Assert.Equal(["kernel made", "kernel disposed"], _order);
    }

    [Fact]
    public void What_was_made_last_goes_first_and_eventfds_of_devices_last()
    {
        HostMachine machine = new FabricHostBuilder(s_options).UseEventFds(Made, create: Created).UseKernel(Owned).Build();
        Assert.Equal(new EventFd(5), machine.CreateEventFd());
        machine.Dispose();
        machine.Dispose();
        Assert.Equal(["kernel made", "eventfds made", "eventfds disposed", "kernel disposed", "device disposed"], _order);
        Assert.Throws<ObjectDisposedException>(() => machine.CreateEventFd());
        Assert.Equal("device disposed", _order[^1]);
        Assert.Equal(6, _order.Count);

        EventFd Created(HostParts parts)
        {
            parts.Own(new Part("device", _order));
            return new EventFd(5);
        }
    }

    [Fact]
    public void What_fails_to_go_keeps_nothing_else_and_is_thrown()
    {
        HostMachine machine = new FabricHostBuilder(s_options).UseKernel(Owned).UseEventFds(parts =>
        {
            parts.Own(new Part("loop", _order, fails: true));
            return _kernel;
        }).Build();
        Assert.Equal("loop", Assert.Throws<InvalidOperationException>(machine.Dispose).Message);
        Assert.Equal(["kernel made", "loop disposed", "kernel disposed"], _order);
    }

    [Fact]
    public void What_the_poll_tells_reaches_the_host_and_nothing_before_it_is_there()
    {
        Action<int>? arrived = null;
        using HostMachine machine = new FabricHostBuilder(s_options).UseKernel(_kernel).UseEventFds(parts =>
        {
            Assert.Same(_kernel, parts.Kernel);
            arrived = parts.EventArrived;
            arrived(0);
            return _kernel;
        }).Build();
        using Virq disk = machine.Host.Register("disk", 0, new EventFd(7));
        disk.SetMessage(s_message);
        arrived!(_kernel.DeviceWrites(new EventFd(7)));
        Assert.Equal(0x51, Assert.Single(_kernel.Signalled).Vector);
        Assert.Equal(VirqState.Hot, disk.State);
    }

    [Fact]
    public void Each_observer_hears_what_it_observes()
    {
        var all = new Heard(_ => true);
        Heard? lines = null;
        using HostMachine machine = new FabricHostBuilder(s_options).Observe(all)
            .Observe(fabric => lines = new Heard(kind => kind == EventKind.LineChanged && fabric.Options == s_options)).Build();
        using HostSource source = machine.Host.Connect(5, "a device");
        source.Raise();
        Assert.Equal([EventKind.LineChanged], lines!.Kinds);
        Assert.Equal([EventKind.SourceConnected, EventKind.Rest, EventKind.SourceRaised, EventKind.LineChanged],
            all.Kinds.Where(kind => kind is EventKind.SourceConnected or EventKind.Rest or EventKind.SourceRaised or EventKind.LineChanged).Take(4));
    }

    [Fact]
    public void An_observer_that_throws_keeps_no_other_from_hearing()
    {
        var heard = new Heard(kind => kind == EventKind.SourceConnected);
        using HostMachine machine = new FabricHostBuilder(s_options)
            .Observe(new Heard(kind => kind == EventKind.SourceConnected, fails: true)).Observe(heard).Build();
        Assert.Throws<InvalidDataException>(() => machine.Host.Connect(5, "a device"));
        Assert.Equal([EventKind.SourceConnected], heard.Kinds);
    }

    [Fact]
    public void Memory_CPUs_and_acknowledges_are_those_that_were_given()
    {
        var memory = new Memory();
        var ports = new Ports();
        using HostMachine machine = new FabricHostBuilder(s_options).UseMemory(memory).UseCpus(ports).UseAcks(ports).Build();
        Assert.Same(memory, machine.Host.Do(fabric => fabric.Memory));
        machine.Host.TryWrite(0, 0xFEE000F0, 4, 0x1FF);
        ProgramLevel(machine.Host);
        machine.Host.Do(fabric => fabric.Connect(5, "the fabric's own").Raise());
        Assert.Equal(0x51, machine.Host.Take(0));
        machine.Host.TryWrite(0, 0xFEE000B0, 4, 0);
        // The source still asserts, so its line is delivered again.
        Assert.Equal((2, 1), (ports.Woken, ports.Acked));

        static void ProgramLevel(FabricHost host)
        {
            host.TryWrite(0, 0xFEC00000, 4, 0x10 + 2 * 5);
            host.TryWrite(0, 0xFEC00010, 4, RedirectionEntry.Create(0x51, 0, level: true).Low);
        }
    }

    [Fact]
    public void Each_part_is_given_once_and_a_builder_builds_once()
    {
        FabricHostBuilder builder = Builder().UseCpus(new Ports()).UseAcks(new Ports()).UseMemory(new Memory());
        Refused("the machine has a kernel already", () => builder.UseKernel(_kernel));
        Refused("the machine has eventfds already", () => builder.UseEventFds(_kernel, edgeTriggered: false));
        Refused("the machine has CPUs already", () => builder.UseCpus(new Ports()));
        Refused("the machine has a port for acknowledges already", () => builder.UseAcks(new Ports()));
        Refused("the machine has memory already", () => builder.UseMemory(new Memory()));
        builder.Build().Dispose();
        Refused("this builder has built its machine; a builder builds once", () => builder.Build());
    }

    [Fact]
    public void Null_is_refused_where_it_is_given_and_where_it_is_made()
    {
        FabricHostBuilder builder = new(s_options);
        Assert.Throws<ArgumentNullException>(() => new FabricHostBuilder(null!));
        Assert.Throws<ArgumentNullException>(() => builder.UseKernel((IKernelPort)null!));
        Assert.Throws<ArgumentNullException>(() => builder.UseEventFds((IEventPort)null!, edgeTriggered: false));
        Assert.Throws<ArgumentNullException>(() => builder.Observe((IEventObserver)null!));
        Refused("the function that was given to UseKernel returned null", () => builder.UseKernel(_ => null!).Build());
        Refused("the function that was given to Observe returned null", () => new FabricHostBuilder(s_options).Observe(_ => null!).Build());
        Refused("there is no kernel yet: UseKernel makes one, before eventfds",
            () => new FabricHostBuilder(s_options).UseEventFds(parts => (IEventPort)parts.Kernel).Build());
        using HostMachine machine = new FabricHostBuilder(s_options).UseEventFds(_kernel, edgeTriggered: false).Build();
        Refused("the machine was built without a way to make eventfds: give UseEventFds one", () => machine.CreateEventFd());
    }

    private static void Refused(string message, Action action) => Assert.Equal(message, Assert.Throws<InvalidOperationException>(action).Message);

    private FabricHostBuilder Builder(FabricOptions? options = null) => new FabricHostBuilder(options ?? s_options).UseKernel(_kernel).UseEventFds(_kernel, edgeTriggered: false);

    private IKernelPort Owned(HostParts parts)
    {
        _order.Add("kernel made");
        parts.Own(new Part("kernel", _order));
        return _kernel;
    }

    private IEventPort Made(HostParts parts)
    {
        _order.Add("eventfds made");
        parts.Own(new Part("eventfds", _order));
        return _kernel;
    }

    private sealed class Part(string name, List<string> order, bool fails = false) : IDisposable
    {
        public void Dispose()
        {
            order.Add($"{name} disposed");
            if (fails)
                throw new InvalidOperationException(name);
        }
    }

    private sealed class Heard(Func<EventKind, bool> wants, bool fails = false) : IEventObserver
    {
        internal List<EventKind> Kinds { get; } = [];

        public bool Observes(in Event happened) => wants(happened.Kind);

        public void Observe(in Event happened)
        {
            if (fails)
                throw new InvalidDataException();
            Kinds.Add(happened.Kind);
        }
    }

    private sealed class Memory : IGuestMemory
    {
        public bool TryRead(ulong address, Span<byte> destination) => false;
        public bool TryWrite(ulong address, ReadOnlySpan<byte> source) => false;
    }

    private sealed class Ports : ICpuPort, IAckPort
    {
        internal int Woken { get; private set; }
        internal int Acked { get; private set; }
        public void Interrupt(int cpu) => Woken++;
        public void Nmi(int cpu) { }
        public void Smi(int cpu) { }
        public void Init(int cpu) { }
        public void StartUp(int cpu, byte vector) { }
        public void Acknowledged(int source, uint generation) => Acked++;
    }
}
