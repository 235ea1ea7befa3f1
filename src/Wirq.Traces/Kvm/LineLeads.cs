namespace Wirq.Traces.Kvm;

/// <summary>What stands before the time in a line: task, thread, process, CPU, flags. The lines of a thread have the same again and again,
/// so what was read of one is kept.</summary>
internal sealed class LineLeads
{
    /// <summary>A lead longer than this has a mail's or grep's words before it.</summary>
    private const int Longest = 128;
    /// <summary>A power of two. Threads, times CPUs, times flags: what does not fit is read again.</summary>
    private const int Places = 256;

    private readonly Lead?[] _leads = new Lead?[Places];

    private sealed class Lead
    {
        internal readonly byte[] Text = new byte[Longest];
        internal int Length, Cpu, Thread, Process;
        internal bool InInterrupt;
        internal (int Start, int Length) Task;
    }

    internal void Read(ReadOnlySpan<byte> text, KvmRecord record)
    {
        if (text.Length is 0 or > Longest)
        {
            LinePrefix.ReadLead(text, record);
            return;
        }
        ref Lead? place = ref _leads[ByteHash.Of(text) % Places];
        if (place is { } known && text.SequenceEqual(known.Text.AsSpan(0, known.Length)))
        {
            (record.Cpu, record.Thread, record.Process, record.InInterrupt) = (known.Cpu, known.Thread, known.Process, known.InInterrupt);
            record.Task = known.Text.AsSpan(known.Task.Start, known.Task.Length);
            return;
        }
        LinePrefix.ReadLead(text, record);
        place ??= new Lead();
        text.CopyTo(place.Text);
        (place.Length, place.Cpu, place.Thread, place.Process, place.InInterrupt) = (text.Length, record.Cpu, record.Thread, record.Process, record.InInterrupt);
        // The task is a part of the lead.
        int start = text.IndexOf(record.Task);
        place.Task = (start, record.Task.Length);
    }
}
