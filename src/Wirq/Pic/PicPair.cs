using Wirq.Events;
using Wirq.State;

namespace Wirq;

/// <summary>How a pair of 8259s is built.</summary>
public sealed record PicOptions
{
    /// <summary>Whose behaviour it shows.</summary>
    public Profile Profile { get; init; } = Profile.Manual;
    /// <summary>When holders of a level pin hear of its acknowledge.</summary>
    public AckPolicy Ack { get; init; } = AckPolicy.Done;
    /// <summary>Writable bits of the edge/level control registers, slave in bits 15:8; IRQ 0, 1, 2, 8 and 13 are edge
    /// by wiring (Intel 82371AB, 4.4.1).</summary>
    public ushort ElcrMask { get; init; } = 0xDEF8;
}

/// <summary>The two cascaded 8259A of a PC.</summary>
public sealed class PicPair
{
    /// <summary>Builds the pair with its state in <paramref name="arena"/>.</summary>
    public PicPair(PicOptions options, StateArena arena) => throw new NotImplementedException();
    /// <summary>The INTR output of the master.</summary>
    public bool Intr => throw new NotImplementedException();
    /// <summary>Request registers, slave in bits 15:8.</summary>
    public ushort RequestRegister => throw new NotImplementedException();
    /// <summary>In-service registers, slave in bits 15:8.</summary>
    public ushort InServiceRegister => throw new NotImplementedException();
    /// <summary>Mask registers, slave in bits 15:8.</summary>
    public ushort MaskRegister => throw new NotImplementedException();
    /// <summary>Pins that are level-triggered, by ELCR or LTIM, slave in bits 15:8.</summary>
    public ushort LevelTriggered => throw new NotImplementedException();
    /// <summary>Whether <paramref name="port"/> is one of 0x20, 0x21, 0xA0, 0xA1, 0x4D0, 0x4D1.</summary>
    public static bool Claims(ushort port) => port is 0x20 or 0x21 or 0xA0 or 0xA1 or 0x4D0 or 0x4D1;
    /// <summary>Sets the level of an input pin, 0 to 15 (2 is the cascade and cannot be driven).</summary>
    public void SetPin(int irq, bool high, EventBuffer events) => throw new NotImplementedException();
    /// <summary>A byte is written to a port. What it returns must be done at the lines; then call <see cref="Update"/>.</summary>
    public PinWork Write(ushort port, byte value, EventBuffer events) => throw new NotImplementedException();
    /// <summary>A byte is read from a port; a poll has the effect of an INTA. Then as <see cref="Write"/>.</summary>
    public byte Read(ushort port, EventBuffer events, out PinWork work) => throw new NotImplementedException();
    /// <summary>An INTA cycle: returns the vector. Then as <see cref="Write"/>.</summary>
    public byte Take(EventBuffer events, out PinWork work) => throw new NotImplementedException();
    /// <summary>Brings INTR up to date, after what <see cref="Write"/>, <see cref="Read"/> or <see cref="Take"/> asked for was done.</summary>
    public void Update(EventBuffer events) => throw new NotImplementedException();
    /// <summary>Power-on state.</summary>
    public void Reset() => throw new NotImplementedException();
}
