using System.Globalization;
using Wirq.Lab.Kernels;
using Wirq.Linux;

namespace Wirq.Board.Twins;

/// <summary>Compares a local APIC of KVM with a simulated one: what is requested and what is in service, with their trigger
/// modes. What a guest reads of the others is compared when it reads.</summary>
internal static class LapicComparison
{
    private const int WordBits = 32;

    /// <summary>The first difference; null for none.</summary>
    internal static string? Differs(int cpu, KvmVcpu vcpu, SimulatedKernel kernel)
    {
        ref readonly ApicState simulated = ref kernel.ApicOf(cpu);
        vcpu.GetLapic(out LapicState found);
        for (int word = 0; word < Vectors256.Registers; word++)
        {
            uint requested = simulated.Irr.Register(word), served = simulated.Isr.Register(word);
            if (Describe(cpu, "IRR", word, requested, found.Word(ApicRegister.Request, word), uint.MaxValue) is { } irr)
                return irr;
            if (Describe(cpu, "ISR", word, served, found.Word(ApicRegister.InService, word), uint.MaxValue) is { } isr)
                return isr;
            // The bit of a vector that is neither has no meaning.
            if (Describe(cpu, "TMR", word, simulated.Tmr.Register(word), found.Word(ApicRegister.TriggerMode, word), requested | served) is { } tmr)
                return tmr;
        }
        return null;
    }

    private static string? Describe(int cpu, string register, int word, uint expected, uint found, uint mask)
    {
        uint wrong = (expected ^ found) & mask;
        if (wrong == 0)
            return null;
        int vector = word * WordBits + System.Numerics.BitOperations.TrailingZeroCount(wrong);
        bool isThere = (found >> vector % WordBits & 1) != 0;
        return string.Create(CultureInfo.InvariantCulture, $"{register} of cpu{cpu} has {(isThere ? "" : "no ")}0x{vector:x2}");
    }
}
