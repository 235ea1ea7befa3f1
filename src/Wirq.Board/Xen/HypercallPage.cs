using System.Buffers.Binary;

namespace Wirq.Board.Xen;

/// <summary>The page through which a guest makes hypercalls: 32 bytes for each, which the guest calls.</summary>
/// <remarks><code>
/// b8 nn nn nn nn   mov eax, number
/// e7 ec            out 0xEC, eax
/// c3               ret
/// </code>Xen uses VMCALL or VMMCALL instead. In KVM these do not reach userspace: KVM answers them itself.</remarks>
internal static class HypercallPage
{
    /// <summary>The port. No device of the board has it.</summary>
    internal const ushort Port = 0xEC;
    /// <summary>Bytes of an access to it.</summary>
    internal const int AccessBytes = 4;
    /// <summary>Bytes of the page.</summary>
    internal const int Bytes = 4096;

    private const int StubBytes = 32;
    private const byte MoveToEax = 0xB8, OutFromEax = 0xE7, Return = 0xC3, Breakpoint = 0xCC;

    /// <summary>Writes the page, for guests of any mode.</summary>
    internal static void Write(Span<byte> page)
    {
        page.Fill(Breakpoint);
        for (int number = 0; number < Bytes / StubBytes; number++)
        {
            Span<byte> stub = page.Slice(number * StubBytes, StubBytes);
            stub[0] = MoveToEax;
            BinaryPrimitives.WriteInt32LittleEndian(stub[1..], number);
            stub[5] = OutFromEax;
            stub[6] = (byte)Port;
            stub[7] = Return;
        }
    }
}
