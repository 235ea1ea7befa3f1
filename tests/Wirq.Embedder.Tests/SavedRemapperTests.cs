using Wirq.Events;
using Wirq.Remapping;
using Wirq.Snapshots;
using Wirq.State;

namespace Wirq.Embedder.Tests;

/// <summary>The state of an embedder's unit goes into snapshots, in its own format.</summary>
public sealed class SavedRemapperTests
{
    private static readonly FabricOptions s_options = FabricOptions.Pc() with { Remappers = [new TableRemapperOptions()] };

    [Fact]
    public void A_unit_is_restored_with_its_machine()
    {
        var saved = new Fabric(s_options);
        saved.TryWrite(0, 0xFEB00018, 8, 0x8000000000000151);
        saved.Drain();
        byte[] snapshot = saved.Save();
        var restored = new Fabric(s_options);
        restored.Restore(snapshot);
        Assert.Equal(saved.Identity(), restored.Identity());
        Assert.True(restored.TryRead(0, 0xFEB00018, 8, out ulong row));
        Assert.Equal(0x8000000000000151, row);
        // Without the unit, its bytes are all that is known.
        Assert.Equal(snapshot, MachineSnapshot.Read(snapshot).Machine.Save());
    }

    [Fact]
    public void What_the_unit_refuses_is_a_bad_snapshot()
    {
        var saved = new Fabric(s_options);
        byte[] snapshot = saved.Save();
        var other = new Fabric(FabricOptions.Pc() with { Remappers = [new Refusing()] });
        UInt128 before = other.Identity();
        SnapshotException refused = Assert.Throws<SnapshotException>(() => other.Restore(snapshot));
        Assert.Equal("remappers.units[0].state", refused.Field);
        Assert.Contains("not this one", refused.Found, StringComparison.Ordinal);
        Assert.Equal(before, other.Identity());
    }

    [Fact]
    public void A_unit_that_cannot_be_saved_is_named()
    {
        var machine = new Fabric(FabricOptions.Pc() with { Remappers = [new Plain()] });
        Assert.Contains("remapping unit 0 (PlainUnit)", Assert.Throws<InvalidOperationException>(machine.Save).Message, StringComparison.Ordinal);
    }

    private abstract record Nothing : IRemapperOptions
    {
        public IReadOnlyList<RegisterPages> Registers => [];
        public IReadOnlyList<RequesterRange>? Scope => null;
        public MsiFormat OwnFormat => MsiFormat.Compatibility;
        public void Validate() { }
        public abstract IRemapper Build(StateArena arena, int unit);
    }

    private sealed record Plain : Nothing
    {
        public override IRemapper Build(StateArena arena, int unit) => new PlainUnit();
    }

    private sealed record Refusing : Nothing
    {
        public override IRemapper Build(StateArena arena, int unit) => new RefusingUnit();
    }

    private class PlainUnit : IRemapper
    {
        public bool TryRead(ulong address, int size, out ulong value)
        {
            value = 0;
            return false;
        }

        public bool TryWrite(ulong address, int size, ulong value, EventBuffer events) => false;
        public void Reset(EventBuffer events) { }

        public bool TryStep(IGuestMemory memory, EventBuffer events, out CookieRange ended)
        {
            ended = CookieRange.Empty;
            return false;
        }

        public RefusalReason Translate(Msi message, ushort requester, bool delivering, IGuestMemory memory, EventBuffer events,
            out InterruptMessage translated, out RouteCookie cookie)
        {
            (translated, cookie) = (default, RouteCookie.None);
            return RefusalReason.RemappingFault;
        }
    }

    private sealed class RefusingUnit : PlainUnit, ISavedRemapper
    {
        public byte[] Save() => [];
        public void Restore(ReadOnlySpan<byte> state) => throw new FormatException("not this one");
    }
}
