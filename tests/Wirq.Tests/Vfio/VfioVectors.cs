using System.Buffers.Binary;
using System.Globalization;
using Wirq.Vfio;

namespace Wirq.Tests.Vfio;

/// <summary>Reads what a real vfio-pci answered, step by step, and asks ours.</summary>
/// <remarks>One device of PCI 2.3 with INTx and one MSI vector, on a line of its own. A step a line; what stands behind
/// <c>#</c> is a remark:<code>
/// open
/// info INDEX -> rc [count flags]
/// set INDEX ACTIONS DATA start count [VALUES] [argsz=N] -> rc
/// line 0|1
/// disintx 0|1
/// write NAME n
/// read NAME -> n
/// </code></remarks>
internal sealed class VfioVectors
{
    private const int FirstFd = 100, NoFd = 1_000_000;
    private const string Arrow = "->";

    private readonly VfioWorld _world = new(new VfioDeviceOptions { Name = "device", MsiVectors = 1 });
    private readonly Dictionary<string, int> _names = [];

    /// <summary>Does one step.</summary>
    /// <returns>Our form of it, with our answer; null for a remark.</returns>
    /// <exception cref="FormatException">It is of no form.</exception>
    internal string? Step(string line)
    {
        string asked = line.Split('#')[0].Trim();
        if (asked.Length == 0)
            return null;
        int arrow = asked.IndexOf(Arrow, StringComparison.Ordinal);
        string[] words = (arrow < 0 ? asked : asked[..arrow]).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        bool answers = words.Length > 0 && words[0] is "info" or "set" or "read";
        if (words.Length == 0 || answers != arrow >= 0)
            throw new FormatException();
        string answer = words switch
        {
            ["open"] => Do(() => _world.Host.Open(0)),
            ["info", var index] => Info(IndexOf(index)),
            ["set", var index, var actions, var data, var start, var count, .. var values] => Set(IndexOf(index), actions, data, Number(start), Number(count), values),
            ["line", "0" or "1"] => Do(() => _world.Host.SetLevel(0, words[1] == "1")),
            ["disintx", "0" or "1"] => Do(() => _world.Host.SetVirtualDisable(0, words[1] == "1")),
            ["write", var name, var count] => Do(() => _world.Write(FdOf(name), Number(count))),
            ["read", var name] => _world.Read(FdOf(name)) is not 0 and var held ? held.ToString(CultureInfo.InvariantCulture) : "-",
            _ => throw new FormatException(),
        };
        return answers ? $"{string.Join(' ', words)} {Arrow} {answer}" : string.Join(' ', words);
    }

    /// <summary>A step as it is compared: without its remark, with single blanks.</summary>
    internal static string Plain(string line) => string.Join(' ', line.Split('#')[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private string Do(Action action)
    {
        action();
        _world.Settle();
        return "";
    }

    private string Info(uint index)
    {
        int answer = _world.Host.GetInfo(0, index, out int count, out VfioIrqInfoBits flags);
        return answer == 0 ? $"0 {count} {(uint)flags}" : answer.ToString(CultureInfo.InvariantCulture);
    }

    private string Set(uint index, string actions, string data, uint start, uint count, string[] values)
    {
        var flags = (VfioIrqSetBits)0;
        foreach (string action in actions.Split('+'))
            flags |= action switch
            {
                "trigger" => VfioIrqSetBits.ActionTrigger, "mask" => VfioIrqSetBits.ActionMask, "unmask" => VfioIrqSetBits.ActionUnmask,
                "none" => 0, _ => throw new FormatException(),
            };
        foreach (string kind in data.Split('+'))
            flags |= kind switch
            {
                "none" => VfioIrqSetBits.DataNone, "bool" => VfioIrqSetBits.DataBool, "eventfd" => VfioIrqSetBits.DataEventFd, _ => throw new FormatException(),
            };
        uint? size = null;
        if (values.Length > 0 && values[^1].StartsWith("argsz=", StringComparison.Ordinal))
        {
            size = Number(values[^1]["argsz=".Length..]);
            values = values[..^1];
        }
        // Of several kinds of data, what is passed is the largest.
        bool fds = (flags & VfioIrqSetBits.DataEventFd) != 0;
        byte[] bytes = new byte[values.Length * (fds ? sizeof(int) : 1)];
        for (int i = 0; i < values.Length; i++)
        {
            if (fds)
                BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(i * sizeof(int)), FdOf(values[i]));
            else
                bytes[i] = checked((byte)Number(values[i]));
        }
        return _world.Set(index, flags, start, count, bools: bytes, argsz: size).ToString(CultureInfo.InvariantCulture);
    }

    private int FdOf(string name)
    {
        if (name == "-1")
            return -1;
        if (name == "bad")
            return NoFd;
        if (!char.IsAsciiLetter(name[0]))
            throw new FormatException();
        if (!_names.TryGetValue(name, out int fd))
        {
            _names[name] = fd = FirstFd + _names.Count;
            _world.Fds.Counts[fd] = 0;
        }
        return fd;
    }

    private static uint IndexOf(string name) => name switch
    {
        "intx" => 0, "msi" => 1, "msix" => 2, "err" => 3, "req" => 4, _ => Number(name),
    };

    private static uint Number(string word) => uint.Parse(word, NumberStyles.None, CultureInfo.InvariantCulture);
}
