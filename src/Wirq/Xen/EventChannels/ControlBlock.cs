namespace Wirq.Xen;

/// <summary>A vCPU's control block in the FIFO ABI: which queues have a new head, and the heads.</summary>
/// <remarks><code>
/// +0    ready      a bit for each queue
/// +4    reserved
/// +8    head[16]   the first port of each queue, by priority
/// </code></remarks>
internal static class ControlBlock
{
    internal const int Ready = 0, Heads = 8, Queues = 16, Size = Heads + Queues * sizeof(uint), Alignment = 8;
    internal const byte LowestPriority = Queues - 1, DefaultPriority = 7;

    internal static int HeadOf(int queue) => Heads + queue * sizeof(uint);
}
