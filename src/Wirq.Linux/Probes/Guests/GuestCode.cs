using Iced.Intel;

namespace Wirq.Linux.Probes;

/// <summary>The code of a guest of a few instructions, while it is written.</summary>
internal sealed class GuestCode
{
    private readonly List<(byte Vector, Label Label)> _handlers = [];

    internal GuestCode(int bits) => Asm = new Assembler(bits);

    /// <summary>Writes instructions. The first is where the guest begins.</summary>
    internal Assembler Asm { get; }

    /// <summary>Says that a vector's handler begins here.</summary>
    internal void Handler(byte vector)
    {
        Label label = Asm.CreateLabel();
        Asm.Label(ref label);
        _handlers.Add((vector, label));
    }

    /// <summary>Reports to the host that the guest is here: an OUT of AL.</summary>
    /// <param name="port">The port, which identifies the place.</param>
    internal void Mark(byte port) => Asm.@out(port, AssemblerRegisters.al);

    /// <summary>Assembles it.</summary>
    /// <param name="address">Of the first instruction, as RIP counts.</param>
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
