using System.Numerics;
using Wirq.Linux.Interop;
using Wirq.Vfio;

namespace Wirq.Linux.VfioUser;

/// <summary>A PCI function that is served to other processes: configuration space, registers of its owner in BAR 0, the MSI-X
/// table in BAR 2, and interrupts with VFIO's rules.</summary>
/// <remarks>Not thread-safe: its owner uses it between the steps of its <see cref="VfioUserServer"/>. A client does not tell
/// masks of single MSI-X vectors: it keeps them to itself, and what the table says here is only what was written.</remarks>
public sealed class PciFunction : IVfioUserDevice, IDisposable
{
    private const uint Page = 4096;

    private readonly IPciRegisters _registers;
    private readonly PciConfigSpace _config;
    private readonly PciInterrupts _interrupts;
    private readonly byte[] _table;

    /// <summary>Makes a function.</summary>
    /// <param name="options">What it is.</param>
    /// <param name="registers">Its registers.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option, or the size of the registers, is outside its range.</exception>
    public PciFunction(PciFunctionOptions options, IPciRegisters registers)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(registers);
        options.Validate();
        if (registers.Size < Page || !uint.IsPow2(registers.Size))
            throw new ArgumentOutOfRangeException(nameof(registers), registers.Size, "a power of two, 4096 or more");
        (Options, _registers) = (options, registers);
        // Pending bits have pages of their own, so that a client can map around the table.
        uint pendingBits = ((uint)options.MsixVectors * MsixTable.EntrySize + Page - 1) / Page * Page;
        _table = options.MsixVectors == 0 ? [] : new byte[BitOperations.RoundUpToPowerOf2(pendingBits + Page)];
        _config = new PciConfigSpace(options, [registers.Size, 0, (uint)_table.Length, 0, 0, 0], VfioPciRegion.Bar2, pendingBits);
        _interrupts = new PciInterrupts(options);
    }

    /// <summary>What it is.</summary>
    public PciFunctionOptions Options { get; }

    /// <summary>What became of its interrupts.</summary>
    public InterruptCounts Interrupts => _interrupts.Counts;

    /// <summary>What clients asked of it.</summary>
    public AccessCounts Accesses { get; } = new();

    /// <summary>Whether it asserts INTx.</summary>
    public bool Asserts => _interrupts.Asserts;

    /// <summary>Whether INTx is masked.</summary>
    public bool IsMasked => _interrupts.IsMasked;

    /// <summary>Which interrupts a client has enabled; null for none.</summary>
    public VfioIrqIndex? Enabled => _interrupts.Enabled;

    /// <summary>Whether INTx has an eventfd to signal.</summary>
    public bool HasIntxTrigger => _interrupts.HasIntxTrigger;

    /// <summary>How many vectors, from 0 on, have an eventfd to signal.</summary>
    public int ReadyVectors => _interrupts.ReadyVectors;

    /// <summary>The eventfd of a client that unmasks INTx; -1 for none.</summary>
    internal int UnmaskEventFd => _interrupts.UnmaskEventFd;

    /// <summary>INTx rises or falls. While messages are enabled, nothing is signalled.</summary>
    /// <exception cref="InvalidOperationException">It has no INTx.</exception>
    public void SetIntx(bool asserts)
    {
        if (!Options.HasIntx)
            throw new InvalidOperationException("the function has no INTx");
        _config.Asserts = asserts;
        _interrupts.SetLevel(asserts);
    }

    /// <summary>Sends the message of a vector, of MSI or MSI-X: what is enabled.</summary>
    /// <returns>False if it is lost: nothing is enabled, or the vector has no eventfd.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such vector.</exception>
    public bool Send(int vector)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)vector, (uint)Interrupts.Sent.Count, nameof(vector));
        return _interrupts.Send(vector);
    }

    /// <summary>Closes every eventfd.</summary>
    public void Dispose() => _interrupts.Dispose();

    /// <summary>The unmask eventfd is readable.</summary>
    internal void UnmaskByEventFd() => _interrupts.UnmaskByEventFd();

    /// <summary>A client has come.</summary>
    internal void Come() => Accesses.Connections++;

    /// <summary>The client is gone.</summary>
    internal void Leave() => _interrupts.Leave();

    // --- what a client asks

    int IVfioUserDevice.Regions => VfioPciRegion.Count;

    int IVfioUserDevice.IrqIndexes => VfioPciRegion.IrqIndexes;

    ulong IVfioUserDevice.SizeOf(int region) => region switch
    {
        VfioPciRegion.Bar0 => _registers.Size,
        VfioPciRegion.Bar2 => (ulong)_table.Length,
        VfioPciRegion.Config => PciConfigSpace.Size,
        _ => 0,
    };

    void IVfioUserDevice.Read(int region, ulong offset, Span<byte> bytes)
    {
        switch (region)
        {
            case VfioPciRegion.Bar0:
                Accesses.RegisterReads++;
                _registers.Read((uint)offset, bytes);
                break;
            case VfioPciRegion.Bar2:
                Accesses.TableReads++;
                _table.AsSpan((int)offset, bytes.Length).CopyTo(bytes);
                break;
            default:
                Accesses.ConfigReads++;
                _config.Read((int)offset, bytes);
                break;
        }
    }

    void IVfioUserDevice.Write(int region, ulong offset, ReadOnlySpan<byte> bytes)
    {
        switch (region)
        {
            case VfioPciRegion.Bar0:
                Accesses.RegisterWrites++;
                _registers.Write((uint)offset, bytes);
                break;
            case VfioPciRegion.Bar2:
                Accesses.TableWrites++;
                WriteTable((int)offset, bytes);
                break;
            default:
                Accesses.ConfigWrites++;
                _config.Write((int)offset, bytes);
                _interrupts.SetInterruptDisable(_config.DisablesIntx);
                break;
        }
    }

    int IVfioUserDevice.GetIrqInfo(uint index, out int count, out VfioIrqInfoBits flags) => _interrupts.GetInfo(index, out count, out flags);

    int IVfioUserDevice.SetIrqs(VfioIrqSet set, ReadOnlySpan<byte> data, Span<int> descriptors) => _interrupts.Set(set, data, descriptors);

    void IVfioUserDevice.Reset()
    {
        Accesses.Resets++;
        _config.Reset();
        Array.Clear(_table);
        _registers.Reset();
        if (Options.HasIntx)
            SetIntx(false);
        // Eventfds stay, as with VFIO.
        _interrupts.SetInterruptDisable(_config.DisablesIntx);
    }

    void IVfioUserDevice.Refused() => Accesses.Refused++;

    /// <summary>Pending bits and what lies between are not writable (PCI Local Bus Specification 3.0, 6.8.2).</summary>
    private void WriteTable(int offset, ReadOnlySpan<byte> bytes)
    {
        int end = Options.MsixVectors * (int)MsixTable.EntrySize;
        if (offset < end)
            bytes[..Math.Min(bytes.Length, end - offset)].CopyTo(_table.AsSpan(offset));
    }
}
