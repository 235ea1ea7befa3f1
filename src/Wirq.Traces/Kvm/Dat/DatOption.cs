using System.Buffers.Binary;

namespace Wirq.Traces.Kvm.Dat;

/// <summary>The options of a trace.dat that matter here.</summary>
internal static class DatOption
{
    internal const ushort Done = 0, CpuStatistics = 2, Buffer = 3, Tsc2Nsec = 14, Header = 16, EventFormats = 18, TaskNames = 21, TaskGroups = 23;

    /// <summary>Whether an option of version 6 is read; of version 7 some more point to sections.</summary>
    internal static bool IsRead(ushort id) => id is CpuStatistics or Tsc2Nsec;

    internal static void Take(ushort id, ReadOnlySpan<byte> data, DatFile file)
    {
        if (id == CpuStatistics)
            file.Statistics(data);
        else if (id == Tsc2Nsec && data.Length >= 16)
        {
            file.SetClock(BinaryPrimitives.ReadUInt32LittleEndian(data), BinaryPrimitives.ReadUInt32LittleEndian(data[4..]),
                BinaryPrimitives.ReadUInt64LittleEndian(data[8..]));
        }
    }
}
