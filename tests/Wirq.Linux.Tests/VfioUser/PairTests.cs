using Wirq.Linux.VfioUser;
using Wirq.Routing;
using Wirq.Vfio;

namespace Wirq.Linux.Tests.VfioUser;

/// <summary>Our client and our server over a socket count the same.</summary>
public sealed class PairTests
{
    private static ulong Count(EventFdHandle eventFd) => eventFd.TryRead(out ulong count) ? count : 0;

    [Fact]
    public void Vectors_come_in_pieces_and_each_has_its_own_eventfd()
    {
        using var served = new ServedFunction(new() { MsixVectors = 100 });
        using VfioUserClient client = served.Connect();
        Assert.Equal(16, client.MostDescriptors);
        EventFdHandle[] triggers = [.. Enumerable.Range(0, 100).Select(_ => EventFdHandle.Create())];
        try
        {
            // 40 with one, 7 without, and the rest.
            client.SetTriggers(VfioIrqIndex.Msix, 0, [.. triggers.Select((trigger, i) => i is >= 40 and < 47 ? EventFd.None : trigger.EventFd)]);
            Assert.Equal((VfioIrqIndex.Msix, 40), served.Do((_, function) => (function.Enabled, function.ReadyVectors)));
            served.Do(function =>
            {
                for (int vector = 0; vector < 100; vector++)
                {
                    for (int i = 0; i <= vector % 3; i++)
                        Assert.Equal(vector is < 40 or >= 47, function.Send(vector));
                }
            });
            for (int vector = 0; vector < 100; vector++)
                Assert.Equal(vector is >= 40 and < 47 ? 0u : (ulong)(vector % 3 + 1), Count(triggers[vector]));
            Assert.Equal((93, 0, 0, 199 - 14, 14), (served.Function.Interrupts.TriggersSet, served.Function.Interrupts.TriggersSwapped,
                served.Function.Interrupts.TriggersRemoved, served.Function.Interrupts.AllSent, served.Function.Interrupts.AllLost));
            // Swapped, removed, and what comes then is lost, as with VFIO.
            client.SetTriggers(VfioIrqIndex.Msix, 0, triggers[1], EventFd.None);
            served.Do(function => Assert.True(function.Send(0) && !function.Send(1)));
            Assert.Equal((0ul, 1ul), (Count(triggers[0]), Count(triggers[1])));
            Assert.Equal((1, 1), (served.Function.Interrupts.TriggersSwapped, served.Function.Interrupts.TriggersRemoved));
            client.Disable(VfioIrqIndex.Msix);
            Assert.Equal(93, served.Function.Interrupts.TriggersRemoved);
            Assert.Null(served.Do((_, function) => function.Enabled));
        }
        finally
        {
            Array.ForEach(triggers, trigger => trigger.Dispose());
        }
    }

    [Fact]
    public void A_level_under_messages_is_not_signalled_and_comes_with_INTx()
    {
        using var served = new ServedFunction();
        using VfioUserClient client = served.Connect();
        using EventFdHandle vector = EventFdHandle.Create(), line = EventFdHandle.Create();
        client.SetTriggers(VfioIrqIndex.Msi, 0, vector);
        served.Do(function => function.SetIntx(true));
        Assert.Equal(0ul, Count(vector));
        Assert.Equal(22, Assert.Throws<VfioUserException>(() => client.SetTriggers(VfioIrqIndex.Intx, 0, line)).Error);
        client.Disable(VfioIrqIndex.Msi);
        client.SetTriggers(VfioIrqIndex.Intx, 0, line);
        Assert.Equal((0ul, 1ul), (Count(vector), Count(line)));
    }

    [Fact]
    public void A_client_can_signal_by_itself()
    {
        using var served = new ServedFunction();
        using VfioUserClient client = served.Connect();
        using var trigger = EventFdHandle.Create();
        client.SetTriggers(VfioIrqIndex.Msix, 3, trigger);
        client.Trigger(VfioIrqIndex.Msix, 3);
        client.Trigger(VfioIrqIndex.Msix, 2);
        Assert.Equal((1ul, 1, 0), (Count(trigger), served.Function.Interrupts.ByClient, served.Function.Interrupts.AllSent));
    }

    [Fact]
    public void The_next_client_finds_the_function_as_it_was_without_eventfds()
    {
        using var served = new ServedFunction();
        int before = ServedFunction.OpenDescriptors;
        for (int round = 0; round < 3; round++)
        {
            using (VfioUserClient client = served.Connect())
            {
                using EventFdHandle trigger = EventFdHandle.Create(), unmask = EventFdHandle.Create();
                Assert.Equal((uint)round, client.Read32(0, 0));
                client.Write32(0, 0, (uint)round + 1);
                client.SetTriggers(VfioIrqIndex.Intx, 0, trigger);
                client.SetUnmask(unmask);
                client.MapDma(0x1000, 0x1000);
                served.Do(function => function.SetIntx(true));
                Assert.Equal(1ul, Count(trigger));
            }
            served.Until((server, function) => !server.IsConnected && function is { Enabled: null, Asserts: true }, "the client has gone");
            served.Do(function => function.SetIntx(false));
        }
        ServedFunction.HasDescriptors(before);
        Assert.Equal(3, served.Function.Accesses.Connections);
    }

    [Fact]
    public async Task A_second_client_waits_until_the_first_has_gone()
    {
        using var served = new ServedFunction();
        VfioUserClient first = served.Connect();
        Task<VfioUserClient> waiting = Task.Run(served.Connect, TestContext.Current.CancellationToken);
        Assert.Equal(0u, first.Read32(0, 0));
        Assert.False(waiting.IsCompleted);
        first.Dispose();
        using VfioUserClient second = await waiting;
        Assert.Equal(2, served.Do((_, function) => function.Accesses.Connections));
    }

    [Fact]
    public void Windows_of_DMA_come_one_after_the_other_with_and_without_memory()
    {
        using var served = new ServedFunction();
        int before = ServedFunction.OpenDescriptors;
        using VfioUserClient client = served.Connect();
        using var memory = EventFdHandle.Create();
        for (ulong i = 0; i < 50; i++)
            client.MapDma(i << 20, 1 << 20, writable: i % 2 == 0, i % 3 == 0 ? memory : null);
        Assert.Equal(50, served.Do((server, _) => server.DmaWindows));
        Assert.Equal(17, Assert.Throws<VfioUserException>(() => client.MapDma(5 << 20, 4096)).Error);
        client.UnmapDma(3 << 20, 1 << 20);
        Assert.Equal(49, served.Do((server, _) => server.DmaWindows));
        // Both ends of the connection, and the eventfd.
        ServedFunction.HasDescriptors(before + 3);
    }

    [Fact]
    public void Long_accesses_come_in_pieces()
    {
        using var served = new ServedFunction(new() { MsixVectors = 2048 });
        using VfioUserClient client = served.Connect();
        byte[] written = new byte[2048 * 16], read = new byte[client.SizeOf(2)];
        new Random(7).NextBytes(written);
        Assert.Equal(65536, read.Length);
        client.Write(2, 0, written);
        client.Read(2, 0, read);
        Assert.Equal(written, read[..written.Length]);
        // Pending bits are not writable.
        client.Write32(2, 32768, uint.MaxValue);
        Assert.Equal(0u, client.Read32(2, 32768));
    }
}
