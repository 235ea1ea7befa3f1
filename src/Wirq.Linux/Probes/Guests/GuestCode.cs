using Iced.Intel;

namespace Wirq.Linux.Probes;

/// <summary>Builds the code of a guest of a few instructions.</summary>
internal sealed class GuestCode
{
    private readonly List<(byte Vector, Label Label)> _handlers = [];

    internal GuestCode(int bits) => Asm = new Assembler(bits);

    /// <summary>Writes instructions. The guest begins at the first one.</summary>
    internal Assembler Asm { get; }

    /// <summary>Marks the beginning of a vector's handler.</summary>
    internal void Handler(byte vector)
    {
        Label label = Asm.CreateLabel();
        Asm.Label(ref label);
        _handlers.Add((vector, label));
    }

    /// <summary>Reports the position of the guest to the host: an OUT of AL.</summary>
    /// <param name="port">The port, which identifies the place.</param>
    internal void Mark(byte port) => Asm.@out(port, AssemblerRegisters.al);

    /// <summary>Assembles it.</summary>
    /// <param name="address">RIP of the first instruction.</param>
    internal (byte[] Bytes, (byte Vector, ulong Address)[] Handlers) Assemble(ulong address)
    {
        var writer = new Bytes();
        AssemblerResult result = Asm.Assemble(writer, address, BlockEncoderOptions.ReturnNewInstructionOffsets);
        return (writer.ToArray(), [.. _handlers.Select(each => (each.Vector, result.GetLabelRIP(each.Label)))]);
    }

    private sealed class Bytes : CodeWriter
    {
        private readonly List<byte> _bytes = [];

        public override void WriteByte(byte value) => _bytes.Add(value);

        internal byte[] ToArray() => [.. _bytes];
    }
}
