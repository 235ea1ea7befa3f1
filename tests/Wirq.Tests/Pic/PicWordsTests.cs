namespace Wirq.Tests.Pic;

public class PicWordsTests
{
    [Theory]
    [InlineData(0x11, true, false, false)]
    [InlineData(0x13, true, true, false)]
    [InlineData(0x19, true, false, true)]
    [InlineData(0x10, false, false, false)]
    public void Icw1_has_its_bits_where_the_data_sheet_has_them(byte bits, bool icw4, bool single, bool level)
    {
        var word = new Icw1(bits);
        Assert.Equal((icw4, single, level), (word.NeedsIcw4, word.Single, word.Level));
        Assert.Equal(word, Icw1.Create(icw4, single, level));
        Assert.True(Icw1.Is(bits));
        Assert.False(Icw1.Is((byte)(bits & ~0x10)));
    }

    [Fact]
    public void Icw2_gives_the_upper_five_bits_of_a_vector() =>
        Assert.Equal(0xFD, new Icw2(0xFF).Vector(5));

    [Fact]
    public void Icw3_names_inputs_for_a_master_and_an_id_for_a_slave()
    {
        Assert.True(new Icw3(0x04).HasSlave(2));
        Assert.False(new Icw3(0x04).HasSlave(3));
        Assert.Equal(2, new Icw3(0xFA).SlaveId);
    }

    [Theory]
    [InlineData(0x01, true, false, false)]
    [InlineData(0x03, true, true, false)]
    [InlineData(0x11, true, false, true)]
    [InlineData(0x00, false, false, false)]
    public void Icw4_has_its_bits_where_the_data_sheet_has_them(byte bits, bool is8086, bool autoEoi, bool nested)
    {
        var word = new Icw4(bits);
        Assert.Equal((is8086, autoEoi, nested), (word.Is8086, word.AutoEoi, word.SpecialFullyNested));
        if (is8086)
            Assert.Equal(word, Icw4.Create(autoEoi, nested));
    }

    [Theory]
    [InlineData(0x00, Ocw2Command.ClearRotateInAutoEoi)]
    [InlineData(0x20, Ocw2Command.NonSpecificEoi)]
    [InlineData(0x40, Ocw2Command.None)]
    [InlineData(0x63, Ocw2Command.SpecificEoi)]
    [InlineData(0x80, Ocw2Command.SetRotateInAutoEoi)]
    [InlineData(0xA0, Ocw2Command.RotateOnNonSpecificEoi)]
    [InlineData(0xC3, Ocw2Command.SetPriority)]
    [InlineData(0xE3, Ocw2Command.RotateOnSpecificEoi)]
    internal void Ocw2_has_the_eight_commands_of_the_data_sheet(byte bits, Ocw2Command command)
    {
        var word = new Ocw2(bits);
        Assert.Equal(command, word.Command);
        Assert.Equal(bits & 7, word.Level);
        Assert.Equal(word, Ocw2.Create(command, bits & 7));
    }

    [Fact]
    public void Ocw3_has_the_bytes_that_guests_write()
    {
        Assert.Equal(0x0A, Ocw3.ReadRequests.Bits);
        Assert.Equal(0x0B, Ocw3.ReadInService.Bits);
        Assert.Equal(0x0C, Ocw3.NextReadPolls.Bits);
        Assert.Equal(0x68, Ocw3.ForSpecialMask(true).Bits);
        Assert.Equal(0x48, Ocw3.ForSpecialMask(false).Bits);
        Assert.True(new Ocw3(0x68) is { ChangesSpecialMask: true, SpecialMask: true, SelectsRegister: false, Poll: false });
        Assert.True(new Ocw3(0x0B) is { ChangesSpecialMask: false, SelectsRegister: true, SelectsInService: true });
    }

    [Fact]
    public void A_poll_word_says_what_was_taken()
    {
        Assert.Equal(0x85, PicPoll.Taken(5).Bits);
        Assert.True(new PicPoll(0x85) is { Interrupt: true, Level: 5 });
        Assert.False(new PicPoll(0x07).Interrupt);
    }

    [Fact]
    public void Words_say_what_they_mean()
    {
        Assert.Equal("ICW1 level single ICW4 follows", new Icw1(0x1B).ToString());
        Assert.Equal("ICW2 vectors 0x20 to 0x27", new Icw2(0x20).ToString());
        Assert.Equal("ICW3 0x04", new Icw3(4).ToString());
        Assert.Equal("ICW4 8086 AEOI SFNM", new Icw4(0x13).ToString());
        Assert.Equal("OCW2 SpecificEoi 3", new Ocw2(0x63).ToString());
        Assert.Equal("OCW3 set SMM poll read ISR", new Ocw3(0x6F).ToString());
        Assert.Equal("poll took 5", new PicPoll(0x85).ToString());
    }
}
