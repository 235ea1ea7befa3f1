using Wirq.Linux.Interop;
using Wirq.Tests.Shared.Headers;

namespace Wirq.Linux.Tests.Interop;

/// <summary>Structs, constants and request numbers against the headers of the host.</summary>
public class HeaderTests
{
    [Fact]
    public void Structs_constants_and_requests_are_those_of_the_headers() => AssertCompiles(HeaderProgram.Assertions());

    [Theory]
    [InlineData("sizeof(struct kvm_irqfd)", 31)]
    [InlineData("offsetof(struct kvm_irq_routing_entry, u.msi.data)", 28)]
    [InlineData("(unsigned long long)(KVM_CAP_SPLIT_IRQCHIP)", 122)]
    [InlineData("(unsigned long long)(KVM_SET_GSI_ROUTING)", 0x4008AE6B)]
    public void A_wrong_value_is_rejected(string expression, long wrong)
    {
        AssertCompiles("");
        string? said = CCompiler.Check(HeaderProgram.Includes + HeaderProgram.Equal(expression, wrong));
        Assert.Contains($"is not {wrong}", said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_struct_with_two_fields_swapped_is_rejected()
    {
        AssertCompiles(HeaderProgram.AssertionsOf(typeof(IrqLevel)));
        string? said = CCompiler.Check(HeaderProgram.Includes + HeaderProgram.AssertionsOf(typeof(SwappedLevel)));
        Assert.Contains("offsetof(struct kvm_irq_level, level) is not 0", said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_no_header_has_is_rejected()
    {
        AssertCompiles("");
        string? said = CCompiler.Check(HeaderProgram.Includes + HeaderProgram.Equal("(unsigned long long)(KVM_CAP_NONE_SUCH)", 1));
        Assert.Contains("KVM_CAP_NONE_SUCH", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_that_crosses_to_the_kernel_is_checked()
    {
        Assert.InRange(HeaderProgram.Structs.Count(), 20, 100);
        Assert.InRange(HeaderProgram.Constants.Count(), 50, 500);
        Assert.InRange(HeaderProgram.Calls.Count(), 25, 100);
    }

    [Fact]
    public void A_request_number_says_direction_size_type_and_number()
    {
        // The values that Linux has had since these calls came.
        Assert.Equal(0xAE60u, KvmCalls.CreateIrqChip.Request.Bits);
        Assert.Equal(0x4008AE6Au, KvmCalls.SetGsiRouting.Request.Bits);
        Assert.Equal(0x8400AE8Eu, KvmCalls.GetLapic.Request.Bits);
        Assert.Equal(0xC208AE62u, KvmCalls.GetIrqChip.Request.Bits);
    }

    [CName("struct kvm_irq_level")]
    private struct SwappedLevel
    {
        [CName("level")] private uint _level;
        [CName("irq")] private int _gsi;

        /// <summary>Fills it, so that the compiler sees its fields used.</summary>
        internal void Fill() => (_level, _gsi) = (1, 1);
    }

    private static void AssertCompiles(string assertions)
    {
        KvmHost.RequireLinux();
        string? headers = CCompiler.Check(HeaderProgram.Includes);
        Assert.SkipUnless(headers is not null, "needs gcc");
        Assert.SkipUnless(headers!.Length == 0, $"needs the headers of Linux and libc: {headers}");
        Assert.Equal("", CCompiler.Check(HeaderProgram.Includes + assertions));
    }
}
