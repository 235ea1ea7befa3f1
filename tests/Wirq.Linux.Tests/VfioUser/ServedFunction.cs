using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using Wirq.Linux.VfioUser;

namespace Wirq.Linux.Tests.VfioUser;

/// <summary>Registers that remember.</summary>
internal sealed class PlainRegisters : IPciRegisters
{
    internal byte[] Bytes { get; } = new byte[4096];

    public uint Size => (uint)Bytes.Length;

    public void Read(uint offset, Span<byte> bytes) => Bytes.AsSpan((int)offset, bytes.Length).CopyTo(bytes);

    public void Write(uint offset, ReadOnlySpan<byte> bytes) => bytes.CopyTo(Bytes.AsSpan((int)offset));

    public void Reset() => Array.Clear(Bytes);
}

/// <summary>A function that a thread of the test serves.</summary>
internal sealed class ServedFunction : IDisposable
{
    private readonly ConcurrentQueue<Action> _wanted = new();
    private readonly VfioUserServer _server;
    private readonly Thread _thread;
    private ExceptionDispatchInfo? _failure;
    private volatile bool _ending;

    internal ServedFunction(PciFunctionOptions? options = null)
    {
        KvmHost.RequireLinux();
        Path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"wirq-{Guid.NewGuid():n}.sock");
        Function = new PciFunction(options ?? new() { MsiVectors = 4, MsixVectors = 40 }, Registers);
        _server = new VfioUserServer(Path, Function);
        _thread = new Thread(Serve) { IsBackground = true };
        _thread.Start();
    }

    internal string Path { get; }

    internal PlainRegisters Registers { get; } = new();

    internal PciFunction Function { get; }

    /// <summary>How many descriptors are open, but for libraries, which the runtime opens when it comes to them.</summary>
    internal static int OpenDescriptors => Directory.GetFiles("/proc/self/fd").Count(file =>
        new FileInfo(file).LinkTarget is { } target && !target.EndsWith(".dll", StringComparison.Ordinal) && !target.EndsWith(".so", StringComparison.Ordinal));

    /// <summary>As many are open as before. The runtime opens some for a moment now and then.</summary>
    internal static void HasDescriptors(int count) =>
        Assert.True(SpinWait.SpinUntil(() => OpenDescriptors == count, TimeSpan.FromSeconds(10)), $"{OpenDescriptors} descriptors are open instead of {count}");

    internal VfioUserClient Connect() => VfioUserClient.Connect(Path, TimeSpan.FromSeconds(30));

    internal Socket ConnectRaw()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(Path));
        return socket;
    }

    /// <summary>Uses the function or the server, on the thread that serves it.</summary>
    internal T Do<T>(Func<VfioUserServer, PciFunction, T> what)
    {
        T result = default!;
        using var done = new ManualResetEventSlim();
        _wanted.Enqueue(() =>
        {
            result = what(_server, Function);
            done.Set();
        });
        _server.Wake();
        if (!done.Wait(TimeSpan.FromSeconds(30)))
            _failure?.Throw();
        Assert.True(done.IsSet, "the server does not come to it");
        return result;
    }

    internal void Do(Action<PciFunction> what) => Do((_, function) =>
    {
        what(function);
        return 0;
    });

    /// <summary>Waits until something is so, on the thread that serves.</summary>
    internal void Until(Func<VfioUserServer, PciFunction, bool> holds, string what) =>
        Assert.True(SpinWait.SpinUntil(() => Do(holds), TimeSpan.FromSeconds(30)), $"never: {what}");

    public void Dispose()
    {
        _ending = true;
        _server.Wake();
        Assert.True(_thread.Join(TimeSpan.FromSeconds(30)), "the server does not end");
        _server.Dispose();
        Function.Dispose();
        _failure?.Throw();
    }

    private void Serve()
    {
        try
        {
            while (!_ending)
            {
                while (_wanted.TryDequeue(out Action? wanted))
                    wanted();
                _server.Step(Timeout.InfiniteTimeSpan);
            }
        }
        catch (Exception e)
        {
            _failure = ExceptionDispatchInfo.Capture(e);
        }
    }
}
