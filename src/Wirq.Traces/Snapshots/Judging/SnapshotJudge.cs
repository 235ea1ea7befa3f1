using Wirq.Events.Shadows;

namespace Wirq.Traces.Snapshots.Judging;

/// <summary>Says of a saved state what is owed, and which gate holds it. It is the one judge of states, whatever file they
/// come from.</summary>
internal sealed partial class SnapshotJudge
{
    private readonly SnapshotState _state;
    private readonly List<SnapshotFinding> _findings = [];

    private SnapshotJudge(SnapshotState state) => _state = state;

    /// <summary>Judges a state.</summary>
    internal static SnapshotAnswer Judge(SnapshotState state)
    {
        var judge = new SnapshotJudge(state);
        foreach (SavedCpu cpu in state.Cpus)
            judge.AtCpu(cpu);
        for (int chip = 0; chip < state.IoApics.Count; chip++)
            judge.AtIoApic(chip, state.IoApics[chip]);
        if (state.Pics.Count == 2)
            judge.AtPics();
        judge.AtBuses();
        foreach (SavedFunction function in state.Functions)
            judge.AtFunction(function);
        return new(state, [.. judge._findings.OrderByDescending(one => one.Standing)]);
    }

    private void Add(string source, Standing standing, Gate gate, string sentence, IEnumerable<ValuePlace?> evidence, int cpu = -1, int vector = -1, int gsi = -1, IEnumerable<(int, int)>? pins = null) =>
        _findings.Add(new(source, standing, gate, cpu, vector, gsi, sentence, [.. evidence.OfType<ValuePlace>()]) { Pins = [.. pins ?? []] });

    private bool AllHalted => _state.HasAllCpus && _state.Cpus.All(cpu => CpuActivity.Of(cpu) is Doing.Halted or Doing.HaltedWithInterruptsOff);

    private bool KnowsAllVectors => _state.HasAllCpus && _state.Cpus.All(cpu => cpu.KnowsVectors);

    /// <summary>What is in service at a CPU, and what is pending there.</summary>
    private void AtCpu(SavedCpu cpu)
    {
        if (!cpu.KnowsVectors)
            return;
        Vectors256 isr = cpu.Isr.Value, irr = cpu.Irr.Value;
        int served = isr.Highest;
        for (int vector = byte.MaxValue; vector >= 0; vector--)
        {
            if (isr.Has(vector))
            {
                Add($"0x{vector:x2}@{cpu.Name}", Standing.Owed, Gate.NoEoi,
                    $"Vector {Name(vector)}{OfWhom(cpu, vector)} is in service at {cpu.Name} (ISR): its EOI is owed, and {CpuActivity.Words(cpu)}{CpuActivity.Outlook(cpu)}.{Held(vector, served, irr)}",
                    [cpu.Isr.Place, cpu.Halted.Place], cpu.Number, vector, GsiOf(vector), PinsOf(vector));
            }
            if (irr.Has(vector))
                Pending(cpu, vector, served);
        }
    }

    /// <summary>A vector in a sentence. What others print has vectors in decimal.</summary>
    private string Name(int vector) => _state.IsText ? $"0x{vector:x2} ({vector})" : $"0x{vector:x2}";

    /// <summary>What the vector in service of highest priority keeps from the CPU.</summary>
    private string Held(int vector, int served, Vectors256 irr)
    {
        const int most = 4;
        int[] held = [.. StateText.Members(irr).Where(pending => pending / ClassSize <= vector / ClassSize)];
        return vector != served || held.Length == 0 ? "" : $" It holds {Phrase.All([.. held.Select(Name)], most)} back.";
    }

    private const int ClassSize = 16;

    private void Pending(SavedCpu cpu, int vector, int served)
    {
        Standing standing = CpuActivity.OfTaking(cpu);
        Gate gate = CpuActivity.GateOfTaking(cpu);
        string why = CpuActivity.Words(cpu);
        ValuePlace? besides = cpu.Halted.Place;
        if (cpu.Base.Is(bits => !new ApicBase(bits).Enabled).IsYes)
        {
            (standing, gate, besides) = (Standing.Owed, Gate.HardwareDisabled, cpu.Base.Place);
            why = $"the local APIC of {cpu.Name} is hardware-disabled (IA32_APIC_BASE bit 11)";
        }
        else if (cpu.Spurious.Is(bits => !new SpuriousVector(bits).Enabled).IsYes)
        {
            (standing, gate, besides) = (Standing.Owed, Gate.SoftwareDisabled, cpu.Spurious.Place);
            why = $"the local APIC of {cpu.Name} is software-disabled (SVR bit 8 clear)";
        }
        else if (served >= 0 && served / ClassSize >= vector / ClassSize)
        {
            (standing, gate, besides) = (CpuActivity.OfWaiting(cpu), Gate.VectorInService, cpu.Isr.Place);
            why = $"vector {Name(served)} is in service at {cpu.Name}, and PPR lets nothing of its class or below through until its EOI; {why}";
        }
        else if (cpu.Tpr.IsKnown && cpu.Tpr.Value / ClassSize >= vector / ClassSize)
        {
            // A guest raises TPR for a while; one that halts with it raised does not lower it.
            standing = CpuActivity.OfWaiting(cpu) == Standing.Owed ? Standing.Owed : Standing.NotKnown;
            (gate, besides) = (Gate.TaskPriority, cpu.Tpr.Place);
            why = $"TPR of {cpu.Name} is 0x{cpu.Tpr.Value:x2}, and PPR lets nothing of that class or below through; {why}";
        }
        else if (standing == Standing.Owed)
            why += gate == Gate.NotWoken ? ": nothing holds it, and nothing has woken the CPU" : ": only an NMI wakes it";
        else if (standing == Standing.InFlight)
            why += ": it is in flight";
        Add($"0x{vector:x2}@{cpu.Name}", standing, gate, $"Vector {Name(vector)}{OfWhom(cpu, vector)} is pending at {cpu.Name} (IRR) and not taken: {why}.",
            [cpu.Irr.Place, besides], cpu.Number, vector, GsiOf(vector), PinsOf(vector));
    }

    /// <summary>Who has a vector: pins by their entries, and which of them wait for its EOI; the CPU's own timer; messages of
    /// MSI-X.</summary>
    private string OfWhom(SavedCpu cpu, int vector)
    {
        const int most = 4;
        var names = new List<string>(PinsOf(vector).Select(pin => NameOf(pin.Chip, pin.Pin) + (Entry(pin).RemoteIrr ? ", Remote IRR set" : "")));
        if (cpu.Timer.Is(bits => new LocalVectorEntry(bits) is { Masked: false } entry && entry.Vector == vector).IsYes)
            names.Add($"lvt:timer@{cpu.Name}");
        names.AddRange(_state.Functions.Where(function => function.Msix is { } msix && msix.Enabled.Is(on => on).IsYes).SelectMany(function => function.Msix!.Entries
            .Select((entry, number) => (entry.Message, entry.Masked, Name: $"msix:{number}@{function.Name}")))
            .Where(one => !one.Masked && !one.Message.Address.Remappable && (byte)one.Message.Data.Bits == vector).Select(one => one.Name).Take(most + 1));
        return names.Count == 0 ? "" : $" (of {Phrase.All(names, most)})";
    }

    private RedirectionEntry Entry((int Chip, int Pin) pin) => _state.IoApics[pin.Chip].EntryOf(pin.Pin);

    private IEnumerable<(int Chip, int Pin)> PinsOf(int vector)
    {
        for (int chip = 0; chip < _state.IoApics.Count; chip++)
        {
            for (int pin = 0; pin < _state.IoApics[chip].Entries.Length; pin++)
            {
                RedirectionEntry entry = Entry((chip, pin));
                if (entry.Vector == vector && (!entry.Masked || entry.RemoteIrr) && !Remapped(entry) && IsVectored(entry))
                    yield return (chip, pin);
            }
        }
    }

    private int GsiOf(int vector) => PinsOf(vector).Select(pin => pin.Chip == 0 ? pin.Pin : -1).FirstOrDefault(-1);

    internal static string NameOf(int chip, int pin) => chip == 0 ? $"ioapic:{pin}" : $"ioapic{chip}:{pin}";

    private static bool IsVectored(RedirectionEntry entry) => entry.Mode is DeliveryMode.Fixed or DeliveryMode.LowestPriority;

    /// <summary>Whether the vector of an entry may be another one's: that of an entry of a remapping table in the guest's
    /// memory.</summary>
    private bool Remapped(RedirectionEntry entry) => entry.Remappable && _state.Remapper?.Enabled.Is(on => on) != Fact.No && _state.Remapper is not null;
}
