namespace Wirq.Traces.Kvm.Replay;

/// <summary>What is known of the sources that hold a line: each has its own level, and the line is high while one of them is.</summary>
internal struct LineFacts
{
    private ulong _high, _known;

    /// <summary>Sources that the log has not shown are low.</summary>
    private bool _restLow;

    /// <summary>The level of the line; null where it is not known.</summary>
    internal readonly bool? Level => _high != 0 ? true : _restLow ? false : null;

    /// <summary>A source gets a level.</summary>
    internal void Drive(int source, bool level)
    {
        ulong bit = 1UL << (source & 63);
        _known |= bit;
        _high = level ? _high | bit : _high & ~bit;
    }

    /// <summary>The line is known to be low: so is every source.</summary>
    internal void SetLow()
    {
        _high = 0;
        _restLow = true;
    }

    /// <summary>No source that the log has not shown is high.</summary>
    internal void SetRestLow() => _restLow = true;
}

/// <summary>What is known of a pin of the I/OAPIC.</summary>
internal struct PinFacts
{
    internal LineFacts Line;
    /// <summary>The halves of the entry; of the lower one all but polarity, which no record prints, and Remote IRR.</summary>
    internal bool Low, High, Polarity;
    internal bool RemoteIrr, CountKnown;
    /// <summary>EOIs in a row that found the line high.</summary>
    internal int Count;

    internal readonly bool Entry => Low && High;
}

/// <summary>What is known of one 8259: sets have bit n for input n.</summary>
internal struct PicFacts
{
    internal byte Mask, Triggers, Requests, Edges;
    /// <summary>Its modes, its priorities and what is in service.</summary>
    internal bool Modes;
}

/// <summary>What is known of a vCPU's local APIC.</summary>
internal struct VcpuFacts
{
    private ulong _registers;

    /// <summary>Its APIC id, and IA32_APIC_BASE.</summary>
    internal bool Id, Base;
    /// <summary>Vectors of which it is not known whether they are in service, or pending.</summary>
    internal Vectors256 UnknownService, UnknownRequests;
    /// <summary>The vector that it was given last, plus 1; 0 where that is not known.</summary>
    internal short Given;

    internal readonly bool Knows(int register) => (_registers >> (register >> 4) & 1) != 0;
    internal void Learn(int register) => _registers |= 1UL << (register >> 4);
    internal void LearnAll() => _registers = ulong.MaxValue;
    internal readonly bool Enabled => Knows((int)ApicRegister.SpuriousVector);
}

/// <summary>What is known of the chips of one VM. The rest of their state is assumed, and nothing is judged by it.</summary>
internal sealed class KvmFacts(int vcpus)
{
    internal readonly LineFacts[] PicLines = new LineFacts[KvmMachine.PicLines];
    internal readonly PinFacts[] Pins = new PinFacts[KvmMachine.Pins];
    internal readonly PicFacts[] Pics = new PicFacts[2];
    internal readonly VcpuFacts[] Vcpus = new VcpuFacts[vcpus];
    /// <summary>The index register and the id of the I/OAPIC.</summary>
    internal bool Selected, IoApicId;

    internal void CopyFrom(KvmFacts other)
    {
        other.PicLines.CopyTo(PicLines, 0);
        other.Pins.CopyTo(Pins, 0);
        other.Pics.CopyTo(Pics, 0);
        other.Vcpus.CopyTo(Vcpus, 0);
        (Selected, IoApicId) = (other.Selected, other.IoApicId);
    }

    /// <summary>Nothing is known any more: the log begins in mid-life, or lost records.</summary>
    internal void Forget()
    {
        Array.Clear(PicLines);
        Array.Clear(Pins);
        Array.Clear(Pics);
        for (int cpu = 0; cpu < Vcpus.Length; cpu++)
            Vcpus[cpu] = new() { UnknownService = All, UnknownRequests = All };
        Selected = IoApicId = false;
    }

    /// <summary>The chips are in their reset state, and all of it is known.</summary>
    internal void KnowAll()
    {
        foreach (ref LineFacts line in PicLines.AsSpan())
            line.SetRestLow();
        foreach (ref PinFacts pin in Pins.AsSpan())
        {
            (pin.Low, pin.High, pin.Polarity, pin.RemoteIrr, pin.CountKnown) = (true, true, true, true, true);
            pin.Line.SetRestLow();
        }
        Array.Fill(Pics, new() { Mask = 0xFF, Triggers = 0xFF, Requests = 0xFF, Edges = 0xFF, Modes = true });
        foreach (ref VcpuFacts vcpu in Vcpus.AsSpan())
        {
            vcpu = new() { Id = true, Base = true };
            vcpu.LearnAll();
        }
        Selected = true;
    }

    private static Vectors256 All
    {
        get
        {
            Vectors256 all = default;
            for (int vector = 0; vector < 256; vector++)
                all.Add(vector);
            return all;
        }
    }
}
