namespace Wirq.Board.Devices.Keyboards;

/// <summary>A keyboard on which nobody types: it answers its commands.</summary>
/// <remarks><code>
/// 0xED indicators*   0xEE echo   0xF0 scan code set*; 0 asks for it   0xF2 identity   0xF3 rate*   0xF4 on   0xF5 off
/// 0xF6 defaults   0xF7-0xFA kinds of keys   0xFE the last byte again   0xFF reset        * with a byte that follows
/// </code>IBM PS/2 Hardware Interface Technical Reference, keyboards of 101 and 102 keys. Indicators and rate are accepted and
/// not kept. The commands that choose single keys (0xFB to 0xFD) do not exist: it asks for them again, as for every byte that
/// it does not know.</remarks>
internal sealed class Keyboard
{
    private const byte FirstCommand = 0xED;
    private const byte Indicators = 0xED, Echo = 0xEE, ScanCodeSet = 0xF0, Identity = 0xF2, Rate = 0xF3, FirstPlain = 0xF4, LastPlain = 0xFA,
        Again = 0xFE, Reset = 0xFF;
    private const byte Acknowledge = 0xFA, SelfTestPassed = 0xAA, FirstIdentity = 0xAB, SecondIdentity = 0x83;
    private const byte DefaultSet = 2, LastSet = 3;

    private readonly Queue<byte> _answers = new();
    private byte _waitsFor, _set = DefaultSet, _last;

    /// <summary>Whether it has a byte to send.</summary>
    internal bool Sends => _answers.Count > 0;

    /// <summary>Takes a byte. What it had not sent yet of an earlier answer is gone.</summary>
    internal void Receive(byte value)
    {
        _answers.Clear();
        byte command = _waitsFor;
        _waitsFor = 0;
        // A command in place of what should follow is a command.
        if (command != 0 && value < FirstCommand)
            Follow(command, value);
        else
            Command(value);
    }

    /// <summary>The next byte that it sends.</summary>
    internal byte Send() => _last = _answers.Dequeue();

    private void Command(byte value)
    {
        switch (value)
        {
            case Indicators or ScanCodeSet or Rate:
                _waitsFor = value;
                Answer(Acknowledge);
                break;
            case Echo:
                Answer(Echo);
                break;
            case Identity:
                Answer(Acknowledge, FirstIdentity, SecondIdentity);
                break;
            case >= FirstPlain and <= LastPlain:
                Answer(Acknowledge);
                break;
            case Again:
                Answer(_last);
                break;
            case Reset:
                _set = DefaultSet;
                Answer(Acknowledge, SelfTestPassed);
                break;
            default:
                Answer(Again);
                break;
        }
    }

    private void Follow(byte command, byte value)
    {
        if (command != ScanCodeSet)
        {
            Answer(Acknowledge);
            return;
        }
        switch (value)
        {
            case 0:
                Answer(Acknowledge, _set);
                break;
            case <= LastSet:
                _set = value;
                Answer(Acknowledge);
                break;
            default:
                Answer(Again);
                break;
        }
    }

    private void Answer(params ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
            _answers.Enqueue(value);
    }
}
