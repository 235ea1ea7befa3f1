using Wirq.Board.Firmware;

namespace Wirq.Board.Tests.Firmware;

public sealed class AmlTests
{
    [Theory]
    [InlineData(0, "00")]
    [InlineData(1, "01")]
    [InlineData(2, "0A02")]
    [InlineData(0x100, "0B0001")]
    [InlineData(0x10000, "0C00000100")]
    [InlineData(0x1_0000_0000, "0E0000000001000000")]
    public void A_number_takes_as_few_bytes_as_it_can(ulong value, string expected) => Assert.Equal(expected, Convert.ToHexString(Aml.Integer(value)));

    [Theory]
    [InlineData("_HID", "5F484944")]
    [InlineData("\\_SB", "5C5F53425F")]
    [InlineData("\\_SB.C1", "5C2E5F53425F43315F5F")]
    [InlineData("A.B.C", "2F03415F5F5F425F5F5F435F5F5F")]
    public void A_path_has_segments_of_four_characters(string path, string expected) => Assert.Equal(expected, Convert.ToHexString(Aml.Path(path)));

    // ACPI 6.5, 19.3.4, has PNP0A03 compressed as 0x030AD041.
    [Fact]
    public void An_id_is_compressed() => Assert.Equal("0C41D00A03", Convert.ToHexString(Aml.EisaId("PNP0A03")));

    [Theory]
    // The largest content of each form: the length counts itself, and for a buffer the bytes of its size.
    [InlineData(0x3F - 1 - 2, "113F")]
    [InlineData(0x3F - 2, "114104")]
    [InlineData(0xFFF - 2 - 3, "114FFF")]
    [InlineData(0xFFF - 2 - 2, "11810001")]
    [InlineData(0xFFFFF - 3 - 5, "118FFFFF")]
    [InlineData(0xFFFFF - 3 - 4, "11C1000001")]
    public void A_length_counts_itself(int bytes, string expected) =>
        Assert.StartsWith(expected, Convert.ToHexString(Aml.Buffer(new byte[bytes])));

    [Fact]
    public void A_list_has_at_most_255_elements() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Aml.Package([.. Enumerable.Repeat(Aml.Integer(0), 256)]));
}
