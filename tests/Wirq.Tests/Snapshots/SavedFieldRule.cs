using System.Reflection;
using System.Runtime.CompilerServices;
using Wirq.State;

namespace Wirq.Tests.Snapshots;

/// <summary>Each field of each state struct is saved, or named as one that is not. A new field makes the test fail until its author
/// decides this.</summary>
internal static class SavedFieldRule
{
    private const int MostPlaces = 16, MostOfNamed = 2;

    /// <summary>Changes each byte of each field, and looks whether the snapshot shows it.</summary>
    /// <param name="machines">Machines that have every struct of state between them, and how each is saved.</param>
    /// <param name="structs">Whole structs that are not saved, with the reason.</param>
    /// <param name="fields">Fields that are not saved, with the reason.</param>
    /// <param name="links">Links of lists, which are not tried.</param>
    internal static void Hold(IEnumerable<(StateArena Arena, Func<byte[]> Save)> machines, Dictionary<string, string> structs,
        Dictionary<string, string> fields, HashSet<string> links)
    {
        var unsaved = new SortedSet<string>();
        var saved = new HashSet<string>();
        foreach ((StateArena arena, Func<byte[]> save) in machines)
        {
            byte[] snapshot = save();
            foreach (StateBlock block in arena.Blocks)
            {
                if (structs.ContainsKey(block.Struct.Name))
                    continue;
                int size = SizeOf(block.Struct);
                foreach ((string field, int offset, int length) in Fields(block.Struct))
                {
                    // What another block or machine has shown to be saved needs no second proof.
                    if (links.Contains(field) || saved.Contains(field))
                        continue;
                    bool matters = false;
                    // The machines are small, so one of the first items is in use.
                    int most = (fields.ContainsKey(field) ? MostOfNamed : MostPlaces) * size;
                    for (int first = 0; first < Math.Min(block.Length, most) && !matters; first += size)
                    {
                        for (int at = 0; at < length && !matters; at++)
                            matters = Matters(save, snapshot, ref block.Span[first + offset + at]);
                    }
                    if (matters)
                        saved.Add(field);
                    else
                        unsaved.Add(field);
                }
            }
        }
        unsaved.ExceptWith(saved);
        Assert.Equal("", string.Join(", ", unsaved.Except(fields.Keys)));
        Assert.Equal("", string.Join(", ", fields.Keys.Except(unsaved)));
    }

    /// <summary>Whether a snapshot shows a change of a byte: it has other bytes, or cannot be written.</summary>
    private static bool Matters(Func<byte[]> save, byte[] snapshot, ref byte place)
    {
        for (int bit = 0; bit < 8; bit++)
        {
            place ^= (byte)(1 << bit);
            try
            {
                if (!save().AsSpan().SequenceEqual(snapshot))
                    return true;
            }
            catch (Exception impossible) when (impossible is FormatException or InvalidOperationException or IndexOutOfRangeException
                or ArgumentOutOfRangeException)
            {
                // The value is checked, so it is moved.
                return true;
            }
            finally
            {
                place ^= (byte)(1 << bit);
            }
        }
        return false;
    }

    /// <summary>The fields of a struct, with their bytes. A field that is a struct of words is one field.</summary>
    private static IEnumerable<(string Name, int Offset, int Length)> Fields(Type type)
    {
        foreach (FieldInfo field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
            yield return ($"{type.Name}.{field.Name.Trim('<').Split('>')[0]}", OffsetOf(field), SizeOf(field.FieldType));
    }

    private static int SizeOf(Type type) => (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;

    // Where the runtime has put a field: the low 26 bits of the second word of its descriptor.
    private static int OffsetOf(FieldInfo field) => System.Runtime.InteropServices.Marshal.ReadInt32(field.FieldHandle.Value + IntPtr.Size + 4) & 0x7FFFFFF;
}
