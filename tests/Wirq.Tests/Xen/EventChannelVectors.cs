using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Wirq.Events;
using Wirq.Xen;

namespace Wirq.Tests.Xen;

/// <summary>What Xen's own event channels answered, step by step, against ours: domain 0 is PV and privileged, domain 1 is
/// HVM, both with words of 64 bits, and domain 2 has words of 32 bits. Each has four vCPUs.</summary>
internal sealed class EventChannelVectors
{
    private const int Domains = 3;
    private readonly XenMemory _memory = new(Domains);
    private readonly EventChannels _channels;

    internal EventChannelVectors()
    {
        _channels = new(new EventChannelOptions
        {
            Domains =
            [
                new() { Id = 0, Vcpus = 4, IsHvm = false, IsPrivileged = true, Pirqs = 64 },
                new() { Id = 1, Vcpus = 4, Pirqs = 64 },
                new() { Id = 2, Vcpus = 4, Is64Bit = false, Pirqs = 64 },
            ],
        }, _memory);
    }

    /// <summary>Whether a line is of this form.</summary>
    internal static bool Reads(string line) => line.Length > 1 && line[..(line + " ").IndexOf(' ', StringComparison.Ordinal)] is "H" or "W" or "D" or "PIRQ" or "VIRQ"
        && line.Contains(' ', StringComparison.Ordinal);

    /// <summary>Makes a step.</summary>
    /// <returns>The whole line, with our answers.</returns>
    internal string Step(string line)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        switch (words[0])
        {
            case "H":
            {
                (ushort domain, _) = Vcpu(words[1]);
                byte[] argument = Convert.FromHexString(words[3]);
                var operation = (EventChannelOperation)uint.Parse(words[2], CultureInfo.InvariantCulture);
                XenError answer = _channels.Hypercall(domain, operation, argument);
                string result = answer == XenError.None ? "0" : $"-{(int)answer}";
                return $"H {words[1]} {words[2]} {words[3]} {result} {Convert.ToHexStringLower(argument)} | {Upcalls()}";
            }
            case "W":
            {
                ushort domain = ushort.Parse(words[1], CultureInfo.InvariantCulture);
                Span<byte> page = words[2] == "S" ? _memory.SharedInfo(domain)
                    : _memory.Page(domain, ulong.Parse(words[2].AsSpan(1), CultureInfo.InvariantCulture));
                int offset = int.Parse(words[3], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                int length = int.Parse(words[4], CultureInfo.InvariantCulture);
                Span<byte> value = stackalloc byte[sizeof(ulong)];
                BinaryPrimitives.WriteUInt64LittleEndian(value, ulong.Parse(words[5], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                value[..length].CopyTo(page.Slice(offset, length));
                return line;
            }
            case "PIRQ":
                _channels.RaisePirq(ushort.Parse(words[1], CultureInfo.InvariantCulture), int.Parse(words[2], CultureInfo.InvariantCulture));
                return $"PIRQ {words[1]} {words[2]} | {Upcalls()}";
            case "VIRQ":
            {
                (ushort domain, int vcpu) = Vcpu(words[1]);
                _channels.RaiseVirq(domain, vcpu, int.Parse(words[2], CultureInfo.InvariantCulture));
                return $"VIRQ {words[1]} {words[2]} | {Upcalls()}";
            }
            default:
            {
                ushort domain = ushort.Parse(words[1], CultureInfo.InvariantCulture);
                return string.Create(CultureInfo.InvariantCulture,
                    $"D {domain} {Digest(_memory.SharedInfo(domain)):x16} {Digest(_memory.AllPages(domain)):x16}");
            }
        }
    }

    private static (ushort Domain, int Vcpu) Vcpu(string word)
    {
        string[] parts = word.Split('.');
        return (ushort.Parse(parts[0], CultureInfo.InvariantCulture), int.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    private string Upcalls()
    {
        var told = new StringBuilder();
        while (_channels.Events.TryTake(out Event effect))
        {
            XenUpcall upcall = XenUpcall.Of(effect);
            Assert.Equal(EventKind.XenUpcall, effect.Kind);
            told.Append(CultureInfo.InvariantCulture, $"{(told.Length > 0 ? "," : "")}{upcall.Domain}.{upcall.Vcpu}");
        }
        return told.ToString();
    }

    private static ulong Digest(ReadOnlySpan<byte> bytes)
    {
        ulong hash = 0xCBF2_9CE4_8422_2325;
        foreach (byte each in bytes)
            hash = (hash ^ each) * 0x100_0000_01B3;
        return hash;
    }
}
