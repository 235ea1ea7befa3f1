using System.Diagnostics;

namespace Wirq.Linux.Tests.Updates;

/// <summary>Live updates between two real processes.</summary>
public sealed class HandoverTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly Connection _connection;
    private readonly MemoryFile _memory;
    private readonly EventFdHandle _disk, _line, _resample;
    private readonly HandedMachine _machine;

    public HandoverTests()
    {
        KvmHost.RequireLinux();
        _connection = new Connection();
        _memory = MemoryFile.Create(HandedMachine.MemoryBytes);
        (_disk, _line, _resample) = (EventFdHandle.Create(), EventFdHandle.Create(), EventFdHandle.Create());
        _machine = new HandedMachine(_memory);
        _machine.SetUp(_disk, _line, _resample);
    }

    [Fact]
    public void The_new_process_goes_on_with_what_fired_and_with_what_is_in_service()
    {
        (LiveUpdateOutcome outcome, Process next) = HandOver(NewSide.Takes, s_patience);
        using (next)
        {
            Assert.Equal(new LiveUpdateOutcome(LiveUpdateAnswer.Taken, ""), outcome);
            // What fired while nobody had the machine; then the acknowledge of the line that the old side had in service.
            Soon(() => Volatile.Read(ref _machine.Account.Disk) == 2, next);
            Soon(() => _resample.IsReadable, next);
            Assert.True(_resample.TryRead(out ulong acknowledged));
            Assert.Equal(1ul, acknowledged);
            for (int i = 1; i <= 20; i++)
            {
                _disk.Write();
                Soon(() => Volatile.Read(ref _machine.Account.Disk) == 2 + i, next);
            }
            _line.Write();
            Soon(() => Volatile.Read(ref _machine.Account.Line) == 2, next);
            Soon(() => _resample.TryRead(), next);
            Volatile.Write(ref _machine.Account.End, 1);
            Assert.Equal(NewSide.Done, ExitOf(next));
            Assert.Equal((22, 2), (_machine.Account.Disk, _machine.Account.Line));
        }
    }

    [Theory]
    [InlineData(NewSide.Dies, LiveUpdateAnswer.Failed, "closed the connection")]
    [InlineData(NewSide.WrongShape, LiveUpdateAnswer.Failed, "only a machine of the same shape can be restored")]
    [InlineData(NewSide.DiesAfterGo, LiveUpdateAnswer.NotKnown, "closed the connection")]
    public void If_the_new_process_fails_the_old_one_goes_on_and_nothing_is_lost(string way, LiveUpdateAnswer answer, string reason)
    {
        (LiveUpdateOutcome outcome, Process next) = HandOver(way, s_patience);
        using (next)
        {
            // With an answer that is not known, the old side may go on only once the new process has ended.
            Assert.NotEqual(NewSide.Done, ExitOf(next));
            Assert.Equal(answer, outcome.Answer);
            Assert.Contains(reason, outcome.Reason, StringComparison.Ordinal);
            AssertGoesOn();
        }
    }

    [Fact]
    public void A_new_process_that_is_late_does_not_get_the_machine()
    {
        (LiveUpdateOutcome outcome, Process next) = HandOver(NewSide.IsLate, TimeSpan.FromMilliseconds(300));
        using (next)
        {
            Assert.Equal(new LiveUpdateOutcome(LiveUpdateAnswer.Failed, "the other side has done nothing for 0.3 s"), outcome);
            Volatile.Write(ref _machine.Account.GoOn, 1);
            // On a slow host it may not even have received everything by then; it is told all the same.
            Assert.NotEqual(NewSide.Done, ExitOf(next));
            AssertGoesOn();
        }
    }

    public void Dispose()
    {
        _machine.Dispose();
        _memory.Dispose();
        _disk.Dispose();
        _line.Dispose();
        _resample.Dispose();
        _connection.Dispose();
    }

    /// <summary>Hands over with one interrupt in service, and one that fires while nobody has the machine.</summary>
    private (LiveUpdateOutcome Outcome, Process Next) HandOver(string way, TimeSpan patience)
    {
        _disk.Write();
        Soon(() => _machine.Take() == HandedMachine.DiskVector);
        _machine.Eoi();
        _line.Write();
        Soon(() => _machine.Take() == HandedMachine.LineVector);
        _machine.Host.Suspend();
        byte[] snapshot = _machine.Host.Save();
        _disk.Write();
        Process next = NewSide.Start(way, _connection.Address);
        _connection.Accept();
        LiveUpdateOutcome outcome = LiveUpdate.HandOver(_connection.Old, new LiveUpdateParcel
        {
            Snapshot = snapshot,
            EventFds = [_disk, _line, _resample],
            Descriptors = new Dictionary<string, FileDescriptor> { ["memory"] = _memory },
        }, patience);
        return (outcome, next);
    }

    private void AssertGoesOn()
    {
        _machine.Host.Resume();
        _machine.Eoi();
        Assert.True(_resample.TryRead());
        Soon(() => _machine.Take() == HandedMachine.DiskVector);
        _machine.Eoi();
        Assert.Equal(-1, _machine.Take());
        _line.Write();
        Soon(() => _machine.Take() == HandedMachine.LineVector);
        Assert.Equal((2, 2), (_machine.Account.Disk, _machine.Account.Line));
    }

    private static void Soon(Func<bool> condition, Process? next = null) =>
        Assert.True(SpinWait.SpinUntil(condition, s_patience), next is { HasExited: true } ? $"the new side exits with {next.ExitCode}" : "it does not happen");

    private static int ExitOf(Process process)
    {
        Assert.True(process.WaitForExit(s_patience), "the new side does not end");
        return process.ExitCode;
    }
}
