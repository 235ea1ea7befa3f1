using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Pictures;

/// <summary>The names of messages of a log of KVM, which prints their destination, vector and mode, and not their address and data.</summary>
internal static class SentText
{
    private const int LogicalBit = 32, LevelBit = 15, ModeShift = 8;

    /// <summary>What a message is known by: destination, vector, mode and trigger.</summary>
    internal static SourceName Of(in OpenMessage message) => new(SourceClass.Message, 0, 0, message.Destination | (message.Logical ? 1UL << LogicalBit : 0),
        (uint)(message.Vector & 0xFF | (int)message.Mode << ModeShift | (message.Level ? 1 << LevelBit : 0)));

    /// <summary>IPIs of a vCPU.</summary>
    internal static SourceName OfIpi(in OpenMessage message, int sender)
    {
        bool vectored = message.Mode is DeliveryMode.Fixed or DeliveryMode.LowestPriority;
        return new(SourceClass.Ipi, sender, vectored ? message.Vector : 0, 0, vectored ? 0 : (uint)message.Mode);
    }

    internal static string NameOf(SourceName sent)
    {
        if (sent.Class != SourceClass.Message)
            return sent.ToString().Replace("@cpu-1", "", StringComparison.Ordinal);
        bool logical = (sent.Address >> LogicalBit & 1) != 0;
        var mode = (DeliveryMode)(sent.Data >> ModeShift & 7);
        string what = mode is DeliveryMode.Fixed or DeliveryMode.LowestPriority ? $"0x{sent.Data & 0xFF:x2}" : mode.ToString();
        return $"message {what} to {(logical ? $"logical 0x{(uint)sent.Address:x}" : $"APIC id {(uint)sent.Address}")}{((sent.Data >> LevelBit & 1) != 0 ? ", level" : "")}";
    }
}
