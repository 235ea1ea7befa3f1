using System.Buffers.Binary;
using Wirq.Board.Memory;

namespace Wirq.Board.Tests.Loading;

/// <summary>Reads what an image finds in memory.</summary>
internal static class MemoryWords
{
    internal static uint Word(BoardMemory memory, ulong at) => BinaryPrimitives.ReadUInt32LittleEndian(memory.AsSpan(at, sizeof(uint)));
}
