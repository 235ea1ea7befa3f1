namespace Wirq.Board.Machine;

/// <summary>What a board counted from its start until a mark of the guest, or until its end.</summary>
/// <param name="Mark">The number that the guest wrote; null: until the end.</param>
/// <param name="Commits">Replacements of the kernel's route table.</param>
/// <param name="Misses">Interrupts of virqs that userspace served: each of them where no kernel has the local APICs.</param>
/// <param name="Invalidations">Invalidations of remapping entries.</param>
/// <param name="Touched">Routes that all of them touched.</param>
/// <param name="Ranges">The invalidations by their ranges, at most <see cref="MostRows"/>.</param>
/// <param name="Faults">Messages that a unit blocked, at most <see cref="MostRows"/> different ones.</param>
/// <param name="Lines">How often each source raised its line.</param>
/// <param name="Messages">How often each device wrote the eventfd of a vector.</param>
public sealed record BoardCounts(byte? Mark, long Commits, long Misses, long Invalidations, long Touched, IReadOnlyList<InvalidatedRange> Ranges,
    IReadOnlyList<BlockedMessage> Faults, IReadOnlyList<RaisedLine> Lines, IReadOnlyList<SentMessages> Messages)
{
    /// <summary>How many ranges and how many faults are told apart. What comes after that many is in the sums only.</summary>
    public const int MostRows = 1024;
}

/// <summary>Invalidations of one range of remapping entries.</summary>
/// <param name="Unit">Number of the unit.</param>
/// <param name="First">Key of the first entry; for VT-d its index.</param>
/// <param name="Last">Key of the last one; <see cref="Remapping.RouteCookie.MaxKey"/> if all of the unit was invalidated.</param>
/// <param name="Count">How often.</param>
/// <param name="Touched">How many routes they touched.</param>
public sealed record InvalidatedRange(int Unit, ulong First, ulong Last, long Count, long Touched);

/// <summary>Messages that a unit blocked while they were delivered, of one kind.</summary>
/// <param name="Unit">Number of the unit.</param>
/// <param name="Requester">Bus, device and function of the sender.</param>
/// <param name="Reason">Fault reason, 8 bits, as the unit's architecture numbers them.</param>
/// <param name="Entry">Index of the entry, 16 bits.</param>
/// <param name="Recorded">Whether the unit recorded them; else the entry suppresses its faults, or there was no room.</param>
/// <param name="Count">How often.</param>
public sealed record BlockedMessage(int Unit, ushort Requester, byte Reason, ushort Entry, bool Recorded, long Count);

/// <summary>How often a source raised its line.</summary>
/// <param name="Source">Its label.</param>
/// <param name="Gsi">The line.</param>
/// <param name="Count">How often.</param>
public sealed record RaisedLine(string Source, int Gsi, long Count);

/// <summary>How often a device wrote the eventfd of a vector, whoever read it.</summary>
/// <param name="Requester">Bus, device and function.</param>
/// <param name="Vector">The vector of the device, from 0.</param>
/// <param name="Count">How often.</param>
public sealed record SentMessages(ushort Requester, int Vector, long Count);
