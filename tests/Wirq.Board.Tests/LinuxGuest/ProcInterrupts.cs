using System.Globalization;
using System.Text.Json;

namespace Wirq.Board.Tests.LinuxGuest;

/// <summary>What Linux counted (<c>/proc/interrupts</c>), against what the board counted (<c>taken</c> in the JSON of
/// <c>wirq boot</c>), at the same time.</summary>
internal static class ProcInterrupts
{
    // Linux arch/x86/include/asm/irq_vectors.h.
    private const int Spurious = 0xFF, Error = 0xFE, Reschedule = 0xFD, Call = 0xFC, CallSingle = 0xFB, IrqWork = 0xF6,
        FirstSystem = 0xEC, MoveCleanup = 0x20;

    /// <summary>What differs; empty if each number is the same.</summary>
    /// <param name="console">The guest's console, with the program's lines.</param>
    /// <param name="taken">The board's counts.</param>
    internal static IReadOnlyList<string> Differences(string console, JsonElement taken)
    {
        Dictionary<(string Row, int Cpu), long> guest = [], board = [];
        List<string> differences = [];
        foreach ((string row, long[] counts) in Rows(console))
        {
            for (int cpu = 0; cpu < counts.Length; cpu++)
                guest[(row, cpu)] = guest.GetValueOrDefault((row, cpu)) + counts[cpu];
        }
        foreach (JsonElement each in taken.EnumerateArray())
        {
            int cpu = each.GetProperty("cpu").GetInt32(), vector = each.GetProperty("vector").GetInt32();
            string of = each.GetProperty("of").GetString()!;
            if (RowOf(vector, of) is { } row)
                board[(row, cpu)] = board.GetValueOrDefault((row, cpu)) + each.GetProperty("count").GetInt64();
        }
        foreach ((string Row, int Cpu) key in guest.Keys.Union(board.Keys).Order())
        {
            (long ours, long theirs) = (board.GetValueOrDefault(key), guest.GetValueOrDefault(key));
            if (ours != theirs)
                differences.Add($"{key.Row} on cpu{key.Cpu}: the guest counts {theirs}, the board {ours}");
        }
        return differences;
    }

    /// <summary>The rows of devices that the guest counted more often than the device triggered; empty if there are none. A trigger is
    /// a rise of a line, or a message.</summary>
    /// <param name="console">The guest's console, with the program's lines.</param>
    /// <param name="counts">The board's counts at the mark of that program.</param>
    internal static IReadOnlyList<string> MoreThanTriggered(string console, JsonElement counts)
    {
        Dictionary<string, long> triggered = [];
        foreach (JsonElement line in counts.GetProperty("lines").EnumerateArray())
            Add($"pin {line.GetProperty("gsi").GetInt32()}", line);
        foreach (JsonElement message in counts.GetProperty("messages").EnumerateArray())
            Add(RowOf(0, message.GetProperty("of").GetString()!)!, message);
        return
        [
            .. Rows(console).Where(row => row.Row.StartsWith("pin ", StringComparison.Ordinal) || row.Row.StartsWith("requester ", StringComparison.Ordinal))
                .GroupBy(row => row.Row, (row, all) => (Row: row, Count: all.Sum(one => one.Counts.Sum())))
                .Where(row => row.Count > triggered.GetValueOrDefault(row.Row))
                .Select(row => $"{row.Row}: the guest handled {row.Count}, its device triggered {triggered.GetValueOrDefault(row.Row)}"),
        ];

        void Add(string row, JsonElement counted) => triggered[row] = triggered.GetValueOrDefault(row) + counted.GetProperty("count").GetInt64();
    }

    /// <summary>The rows that count interrupts of the board. Interrupts of devices are named by their pin.</summary>
    private static IEnumerable<(string Row, long[] Counts)> Rows(string console)
    {
        string[] lines = console.ReplaceLineEndings("\n").Split('\n');
        int begin = Array.FindIndex(lines, line => line.StartsWith("WIRQ-COUNTS", StringComparison.Ordinal));
        int end = Array.FindIndex(lines, line => line.StartsWith("WIRQ-EQUAL", StringComparison.Ordinal));
        Assert.True(begin >= 0 && end > begin, "the guest has not printed counts that stood still");
        int cpus = lines[begin + 1].Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
        foreach (string line in lines[(begin + 2)..end])
        {
            string[] words = line.Split((char[])[' ', ':'], StringSplitOptions.RemoveEmptyEntries);
            // The rows ERR and MIS have one number for all CPUs.
            if (words.Length <= cpus || RowOf(words[0], words[(cpus + 1)..]) is not { } row)
                continue;
            yield return (row, [.. words[1..(cpus + 1)].Select(word => long.Parse(word, CultureInfo.InvariantCulture))]);
        }
    }

    private static string? RowOf(string label, string[] rest)
    {
        if (!int.TryParse(label, NumberStyles.None, CultureInfo.InvariantCulture, out int irq))
            return label is "LOC" or "RES" or "CAL" or "IWI" or "SPU" ? label : null;
        // "IO-APIC 4-edge ttyS0": the chip, its input and the trigger mode. With remapping its name begins with IR-.
        string chip = rest[0].StartsWith("IR-", StringComparison.Ordinal) ? rest[0][3..] : rest[0];
        string input = rest.Length > 1 ? rest[1].Split('-')[0] : "";
        return chip switch
        {
            "IO-APIC" => $"pin {input}",
            // Bus, device and function, above 11 bits for the vector of the function.
            "PCI-MSI" => $"requester 0x{int.Parse(input, CultureInfo.InvariantCulture) >> 11:x4}",
            "DMAR-MSI" => $"unit {input}",
            // The 8259s' interrupts have the numbers of IRQs.
            _ => $"pin {(irq == 0 ? 2 : irq)}",
        };
    }

    /// <summary>The row in which Linux counts a vector; null if it counts it nowhere.</summary>
    private static string? RowOf(int vector, string of)
    {
        string[] words = of.Split(' ');
        if (of.StartsWith("I/OAPIC 0 pin ", StringComparison.Ordinal))
            return $"pin {words[3]}";
        // IRQ 0 is pin 2 of the I/OAPIC: Linux counts both in one row.
        if (of.StartsWith("8259 IRQ ", StringComparison.Ordinal))
            return words[2] == "0" ? "pin 2" : $"pin {words[2]}";
        // "device 00:02.0"
        if (words[0] == "device")
        {
            string[] parts = words[1].Split(':', '.');
            int[] numbers = [.. parts.Select(part => int.Parse(part, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
            return $"requester 0x{numbers[0] << 8 | numbers[1] << 3 | numbers[2]:x4}";
        }
        if (of.StartsWith("remapping unit ", StringComparison.Ordinal))
            return $"unit {words[2]}";
        return vector switch
        {
            FirstSystem => "LOC",
            Reschedule => "RES",
            Call or CallSingle => "CAL",
            IrqWork => "IWI",
            Spurious => "SPU",
            Error or MoveCleanup => null,
            _ => $"vector 0x{vector:x2} of {of}",
        };
    }
}
