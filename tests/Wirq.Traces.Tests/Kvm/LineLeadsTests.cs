using System.Text;
using Wirq.Traces.Kvm;

namespace Wirq.Traces.Tests.Kvm;

/// <summary>The columns that a thread's lines repeat are read once: what is remembered of them is what was read.</summary>
public class LineLeadsTests
{
    [Theory]
    [InlineData(" qemu-system-x86-1420    [001] d.h1.", 1420, 1, true)]
    [InlineData(" qemu-system-x86-1420    [001] .....", 1420, 1, false)]
    [InlineData(" qemu-system-x86-28182   (  28180) [011] ...1.", 28182, 11, false)]
    [InlineData("qemu-system-x86 1337/25597 [001]", 25597, 1, false)]
    [InlineData("some words of a mail that was wrapped by nobody, and is therefore longer than what is remembered of a line, which is 128 bytes at most: "
        + " qemu-system-x86-1420    [001] d.h1.", 1420, 1, true)]
    public void A_line_like_the_one_before_tells_the_same(string lead, int thread, int cpu, bool inInterrupt)
    {
        const string other = " kworker/u8:2-16559   [000] d.s2.";
        // The place in the table may be another's in between.
        string[] leads = [lead, lead, other, other, lead];
        string text = string.Concat(leads.Select((one, at) => $"{one}  10.00000{at}: kvm_eoi: apicid 0 vector 49\n"));
        using IKvmRecords log = KvmLog.Open(() => new MemoryStream(Encoding.ASCII.GetBytes(text)), "text");
        var found = new List<(int, int, int, bool, string, long)>();
        while (log.TryRead())
        {
            KvmRecord record = log.Record;
            found.Add((record.Thread, record.Process, record.Cpu, record.InInterrupt, Encoding.ASCII.GetString(record.Task), record.Time));
        }
        Assert.Equal((thread, cpu, inInterrupt), (found[0].Item1, found[0].Item3, found[0].Item4));
        Assert.Equal([.. leads.Select((one, at) => (one == lead ? found[0] : found[2]) with { Item6 = 10_000_000_000 + at * 1000 })], found);
    }
}
