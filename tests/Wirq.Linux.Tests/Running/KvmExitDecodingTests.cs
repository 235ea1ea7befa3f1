using System.Runtime.InteropServices;
using Wirq.Linux.Interop;

namespace Wirq.Linux.Tests.Running;

/// <summary>Exits that a test cannot cause on a sound host, decoded from a page as KVM would write it.</summary>
public class KvmExitDecodingTests
{
    [Fact]
    public void An_instruction_that_is_not_emulated_is_shown()
    {
        KvmHost.RequireLinux();
        var page = new RunPage { ExitReason = KvmExitReason.InternalError, InternalError = KvmInternalError.Emulation, ErrorWords = 3 };
        page.ErrorData[0] = 1;
        // A length of 3, then CC 90 F4.
        page.ErrorData[1] = 0xF490CC03;
        var exit = new KvmExit(ref page, []);
        Assert.Equal([0xCC, 0x90, 0xF4], exit.Error.Instruction.ToArray());
        Assert.Equal("an instruction that KVM does not emulate: cc90f4", exit.ToString());
    }

    [Fact]
    public void Counts_that_are_too_high_are_cut_and_other_errors_have_no_instruction()
    {
        KvmHost.RequireLinux();
        var page = new RunPage { ExitReason = KvmExitReason.InternalError, InternalError = KvmInternalError.EventDelivery, ErrorWords = 1000 };
        page.ErrorData[1] = 0xFF;
        var exit = new KvmExit(ref page, []);
        Assert.Equal(16, exit.Error.Data.Length);
        Assert.True(exit.Error.Instruction.IsEmpty);
        page.InternalError = KvmInternalError.Emulation;
        page.ErrorData[0] = 1;
        Assert.Equal(15, exit.Error.Instruction.Length);
        page.ErrorWords = 0;
        Assert.True(exit.Error.Instruction.IsEmpty);
    }

    [Fact]
    public void A_refused_entry_tells_the_reason_and_the_CPU()
    {
        KvmHost.RequireLinux();
        var page = new RunPage { ExitReason = KvmExitReason.FailEntry, EntryFailure = 0x80000021, EntryFailureCpu = 3 };
        var exit = new KvmExit(ref page, []);
        Assert.Equal((0x80000021ul, 3u), (exit.HardwareReason, exit.HostCpu));
        Assert.Equal("CPU 3 refused the entry, reason 0x80000021", exit.ToString());
    }

    [Fact]
    public void Items_of_a_port_lie_where_the_page_says_and_nowhere_else()
    {
        KvmHost.RequireLinux();
        var bytes = new byte[64];
        MemoryMarshal.Write(bytes.AsSpan(48), 0x1122334455667788);
        var page = new RunPage { ExitReason = KvmExitReason.Port, PortDirection = 1, PortSize = 4, PortCount = 2, PortData = 48 };
        Assert.Equal((0x55667788u, 0x11223344u), (Item(ref page, bytes, 0), Item(ref page, bytes, 1)));
        page.PortCount = 100;
        Assert.Throws<ArgumentOutOfRangeException>(() => Item(ref page, bytes, 0));
    }

    [Theory]
    [InlineData(KvmExitReason.Halt, "halt")]
    [InlineData(KvmExitReason.InterruptWindow, "interrupt window")]
    [InlineData(KvmExitReason.Interrupted, "interrupted")]
    [InlineData((KvmExitReason)31, "exit 31")]
    public void Every_reason_reads_as_something(KvmExitReason reason, string text)
    {
        KvmHost.RequireLinux();
        var page = new RunPage { ExitReason = reason };
        var exit = new KvmExit(ref page, []);
        Assert.Equal(text, exit.ToString());
        Assert.False(exit.IsUnfinished);
    }

    private static uint Item(ref RunPage page, byte[] bytes, int index) => new KvmExit(ref page, bytes).Port[index];
}
