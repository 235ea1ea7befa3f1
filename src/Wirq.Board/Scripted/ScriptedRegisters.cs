using System.Buffers.Binary;
using Wirq.Linux.VfioUser;

namespace Wirq.Board.Scripted;

/// <summary>The registers of a scripted device, by which its driver serves it and answers it.</summary>
/// <remarks><code>
/// 0x00  id        "WIRQ"
/// 0x04  status    bit 0: it asserts INTx. A write of 1 (or a read, if the scenario says so) withdraws it
/// 0x08  raised    how often INTx rose
/// 0x0C  sent      how many messages were sent
/// 0x10  doorbell  the driver's; what it last wrote
/// 0x14  word      a number that the scenario shows
/// </code>
/// Each has 32 bits. An access of any size and place is one of each register that it touches. The rest reads as 0.</remarks>
internal sealed class ScriptedRegisters(bool servedByRead) : IPciRegisters
{
    internal const int Id = 0, Status = 4, Raised = 8, Sent = 12, Doorbell = 16, Word = 20;

    private const int Width = sizeof(uint), Last = Word;
    private const long NanosecondsOfOne = 1000;
    private const uint Name = 0x51524957, Asserts = 1;

    private readonly long[] _reads = new long[Last / Width + 1], _writes = new long[Last / Width + 1];
    private long _rose;
    // From a rise to its service, in ns: the longest, and all together.
    private long _longest, _all;

    /// <summary>The device that has them.</summary>
    internal PciFunction? Function { get; set; }

    /// <summary>What the driver last wrote to the doorbell.</summary>
    internal uint DoorbellValue { get; private set; }

    /// <summary>The number that the scenario shows.</summary>
    internal uint WordValue { get; set; }

    /// <summary>How often the driver has served INTx.</summary>
    internal long Served { get; private set; }

    /// <summary>The time in ns, where somebody wants to know how long the driver takes.</summary>
    internal Func<long>? Clock { get; set; }

    /// <summary>How long INTx was asserted until the driver served it, at most, in microseconds.</summary>
    internal long LongestLatency => _longest / NanosecondsOfOne;

    /// <summary>The same on average; 0 if it never was served.</summary>
    internal long MeanLatency => Served == 0 ? 0 : _all / Served / NanosecondsOfOne;

    /// <summary>INTx rises now.</summary>
    internal void NoteRise() => _rose = Now;

    private long Now => Clock?.Invoke() ?? 0;

    internal long ReadsOf(int register) => _reads[register / Width];

    internal long WritesOf(int register) => _writes[register / Width];

    /// <inheritdoc/>
    public uint Size => 4096;

    /// <inheritdoc/>
    public void Read(uint offset, Span<byte> bytes)
    {
        Span<byte> word = stackalloc byte[Width];
        foreach ((int register, int from, int at, int count) in Touched(offset, bytes.Length))
        {
            _reads[register / Width]++;
            BinaryPrimitives.WriteUInt32LittleEndian(word, ValueOf(register));
            word.Slice(from, count).CopyTo(bytes[at..]);
            if (register == Status && from == 0 && servedByRead)
                Serve();
        }
    }

    /// <inheritdoc/>
    public void Write(uint offset, ReadOnlySpan<byte> bytes)
    {
        Span<byte> word = stackalloc byte[Width];
        foreach ((int register, int from, int at, int count) in Touched(offset, bytes.Length))
        {
            _writes[register / Width]++;
            // Bytes of the doorbell that are not written stay; bits of the status that are not written do nothing.
            BinaryPrimitives.WriteUInt32LittleEndian(word, register == Doorbell ? DoorbellValue : 0);
            bytes.Slice(at, count).CopyTo(word[from..]);
            uint value = BinaryPrimitives.ReadUInt32LittleEndian(word);
            if (register == Doorbell)
                DoorbellValue = value;
            else if (register == Status && (value & Asserts) != 0 && !servedByRead)
                Serve();
        }
    }

    /// <inheritdoc/>
    public void Reset() => DoorbellValue = 0;

    private void Serve()
    {
        if (Function is not { Asserts: true } function)
            return;
        Served++;
        long took = Now - _rose;
        (_longest, _all) = (Math.Max(_longest, took), _all + took);
        function.SetIntx(false);
    }

    private uint ValueOf(int register) => register switch
    {
        Id => Name,
        Status => Function!.Asserts ? Asserts : 0,
        Raised => (uint)Function!.Interrupts.Raised,
        Sent => (uint)Function!.Interrupts.AllSent,
        Doorbell => DoorbellValue,
        _ => WordValue,
    };

    /// <summary>The parts of an access: which register, from which of its bytes on, where in the access, and how many.</summary>
    private static List<(int Register, int From, int At, int Count)> Touched(uint offset, int length)
    {
        var touched = new List<(int, int, int, int)>();
        for (int at = 0; at < length && offset + at <= Last + Width - 1;)
        {
            int place = (int)offset + at, from = place % Width, count = Math.Min(Width - from, length - at);
            touched.Add((place - from, from, at, count));
            at += count;
        }
        return touched;
    }
}
