using System.Globalization;
using Wirq.Lab.Kernels;
using Wirq.Linux;

namespace Wirq.Board.Twins;

/// <summary>Compares the I/OAPIC and the 8259s of KVM with those of a simulated kernel: the redirection entries with Remote IRR, and
/// the requests of the 8259s.</summary>
internal static class ChipComparison
{
    private const int ByteBits = 8, Pins = 24;

    /// <summary>The first difference; null for none.</summary>
    internal static string? Differs(KvmVm vm, SimulatedKernel simulated)
    {
        KvmIoApicState chip = vm.GetIoApic();
        for (int pin = 0; pin < Pins; pin++)
        {
            if (chip.Entries[pin] != simulated.IoApicEntry(pin))
                return $"entry {pin} is {chip.Entries[pin]} instead of {simulated.IoApicEntry(pin)}";
        }
        int requests = vm.GetPic(slave: true).Requests << ByteBits | vm.GetPic().Requests;
        return requests == simulated.PicRequests ? null
            : string.Create(CultureInfo.InvariantCulture, $"the 8259s have requests 0x{requests:x4} instead of 0x{simulated.PicRequests:x4}");
    }
}
