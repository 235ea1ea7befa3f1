using System.Collections;
using System.Reflection;
using Wirq.Remapping;
using Wirq.Routing;

namespace Wirq.Tests;

/// <summary>Options are checked against their limits before anything is built from them.</summary>
public sealed class OptionTests
{
    private const long Megabytes = 1 << 20;

    private static readonly FabricOptions s_whole = FabricOptions.Pc(2) with
    {
        LocalApics = new() { Count = 2, Ids = [0, 5] },
        IoApics = [new(), new() { GsiBase = 24, Address = 0xFEC01000, Pins = 8 }],
        Vtd = new(),
        Routing = new() { Kernel = new() { ReservedGsis = 64 } },
    };

    // Fields that what another says leaves no room for.
    private static readonly string[] s_dependent =
    [
        "LocalApics.Ids", "IoApics[0].Address", "IoApics[1].GsiBase", "IoApics[1].Address", "Vtd.Address",
        "Routing.Kernel.ReservedGsis", "IoApics[0].GsiBase",
    ];

    public static TheoryData<string, FabricOptions> Refused => new()
    {
        { "LocalApics is null; expected a value", s_whole with { LocalApics = null! } },
        { "LocalApics.Count is 4097; expected 1 to 4096", s_whole with { LocalApics = new() { Count = 4097 } } },
        { "LocalApics.Ids is a list of 1; expected an id for each of 2 CPUs", s_whole with { LocalApics = new() { Count = 2, Ids = [1] } } },
        { "LocalApics.Ids[1] is 0x1; expected an id of its own; another CPU has this one",
            s_whole with { LocalApics = new() { Count = 2, Ids = [1, 1] } } },
        { "IoApics is null; expected a value", s_whole with { IoApics = null! } },
        { "IoApics is a list of 65; expected at most 64 I/OAPICs",
            s_whole with { IoApics = [.. Enumerable.Range(0, 65).Select(chip => new IoApicOptions { Pins = 1, GsiBase = chip })] } },
        { "IoApics[1] is null; expected a value", s_whole with { IoApics = [new(), null!] } },
        { "IoApics[0].Pins is -1; expected 1 to 120", s_whole with { IoApics = [new() { Pins = -1 }] } },
        { "IoApics[0].GsiBase is 200000000; expected 0 to 4072", s_whole with { IoApics = [new() { GsiBase = 200_000_000 }] } },
        { "IoApics[0].GsiBase is 2147483647; expected 0 to 4072", s_whole with { IoApics = [new() { GsiBase = int.MaxValue }] } },
        { "IoApics[1].GsiBase is 23; expected GSIs that no other I/OAPIC has; 0 to 23 are those of I/OAPIC 0",
            s_whole with { IoApics = [new(), new() { GsiBase = 23, Address = 0xFEC01000 }] } },
        { "IoApics[1].Address is 0xfec00000; expected a page of its own; I/OAPIC 0 has its registers there",
            s_whole with { IoApics = [new(), new() { GsiBase = 24 }] } },
        { "IoApics[0].Address is 0xfee00000; expected an address outside of 0xfee00000 to 0xfeefffff, which are the local APICs' and messages'",
            s_whole with { IoApics = [new() { Address = 0xFEE00000 }] } },
        { "IoApics[0].Address is 0x1000000000; expected a multiple of 0x1000 below 2^36",
            s_whole with { LocalApics = new() { PhysicalAddressBits = 36 }, IoApics = [new() { Address = 1ul << 36 }] } },
        { "Vtd.Address is 0xfec00000; expected a page of its own; I/OAPIC 0 has its registers there",
            s_whole with { Vtd = new() { Address = 0xFEC00000 } } },
        { "Vtd.Address is 0xfee00000; expected an address outside of 0xfee00000 to 0xfeefffff, which are the local APICs' and messages'",
            s_whole with { Vtd = new() { Address = 0xFEE00000 } } },
        { "IsaOverrides is null; expected a value", s_whole with { IsaOverrides = null! } },
        { "IsaOverrides[0] is 4096; expected 0 to 31", s_whole with { IsaOverrides = new Dictionary<int, int> { [0] = 4096 } } },
        { "IsaOverrides[0] is -1; expected 0 to 31", s_whole with { IsaOverrides = new Dictionary<int, int> { [0] = -1 } } },
        { "IsaOverrides[16] is for IRQ 16; expected an ISA IRQ, 0 to 15", s_whole with { IsaOverrides = new Dictionary<int, int> { [16] = 2 } } },
        { "IsaOverrides[0] is 9; expected a GSI for one IRQ alone; IRQ 9 leads there too",
            s_whole with { IsaOverrides = new Dictionary<int, int> { [0] = 9 } } },
        { "Sources is -1; expected 1 to 65534", s_whole with { Sources = -1 } },
        { "Sources is 200000000; expected 1 to 65534", s_whole with { Sources = 200_000_000 } },
        { "Format is 77; expected one of Compatibility, ExtendedDestination, KvmHighAddress", s_whole with { Format = (MsiFormat)77 } },
        { "Pic.Ack is 77; expected one of Done, Eoi, EoiAndUnmask", s_whole with { Pic = new() { Ack = (AckPolicy)77 } } },
        { "Routing.Kernel.ReservedGsis is 63; expected 64 or more: give KVM_CAP_SPLIT_IRQCHIP twice the number of pins",
            s_whole with { Routing = new() { Kernel = new() { ReservedGsis = 63 } } } },
    };

    [Theory, MemberData(nameof(Refused), DisableDiscoveryEnumeration = true)]
    public void A_machine_that_cannot_be_is_refused_by_the_name_of_the_field(string message, FabricOptions options)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        OptionException refused = Assert.Throws<OptionException>(() => new Fabric(options));
        Assert.Equal(message, refused.Message);
        Assert.Equal(refused.Field, refused.ParamName);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Megabytes);
    }

    /// <summary>Every number and word of every options record, so that a new one is not missed.</summary>
    [Fact]
    public void Whatever_a_field_is_set_to_the_machine_is_built_or_the_field_is_named()
    {
        int built = 0, refused = 0;
        foreach ((string field, object? value, FabricOptions options) in Substituted(s_whole, ""))
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                var fabric = new Fabric(options);
                fabric.Advance(1);
                built++;
            }
            catch (OptionException bad)
            {
                Assert.True(bad.Field == field || s_dependent.Contains(bad.Field), $"{field} = {value}: {bad.Message}");
                refused++;
            }
            catch (Exception bad)
            {
                Assert.Fail($"{field} = {value ?? "null"}: {bad}");
            }
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 40 * Megabytes, $"{field} = {value}");
        }
        Assert.InRange(built, 50, 1000);
        Assert.InRange(refused, 100, 1000);
    }

    private static IEnumerable<(string Field, object? Value, FabricOptions Whole)> Substituted(FabricOptions whole, string prefix)
    {
        foreach ((string field, object? value, object record) in Of(whole, prefix))
            yield return (field, value, (FabricOptions)record);
    }

    private static IEnumerable<(string Field, object? Value, object Record)> Of(object record, string prefix)
    {
        foreach (PropertyInfo property in record.GetType().GetProperties().Where(property => property.SetMethod is not null))
        {
            object? usual = property.GetValue(record);
            string field = prefix + property.Name;
            foreach (object? value in Values(property.PropertyType))
                yield return (field, value, With(record, property, value));
            if (usual is IReadOnlyList<IoApicOptions> chips)
            {
                foreach ((string inner, object? value, object chip) in Of(chips[0], field + "[0]."))
                    yield return (inner, value, With(record, property, (IoApicOptions[])[(IoApicOptions)chip, .. chips.Skip(1)]));
            }
            else if (usual is not (null or string or IEnumerable) && property.PropertyType.IsClass)
            {
                foreach ((string inner, object? value, object nested) in Of(usual, field + "."))
                    yield return (inner, value, With(record, property, nested));
            }
        }
    }

    private static object With(object record, PropertyInfo property, object? value)
    {
        object copy = record.GetType().GetMethod("<Clone>$")!.Invoke(record, null)!;
        property.SetValue(copy, value);
        return copy;
    }

    private static IEnumerable<object?> Values(Type type)
    {
        long[] numbers = [long.MinValue, int.MinValue, -1, 0, 1, 2, 255, 4096, 65535, 200_000_000, int.MaxValue, 1L << 32, 1L << 52, long.MaxValue];
        if (type.IsEnum)
            return [Enum.ToObject(type, 77), Enum.ToObject(type, byte.MaxValue)];
        if (type == typeof(int))
            return numbers.Where(number => number == (int)number).Select(number => (object)(int)number);
        if (type == typeof(byte))
            return numbers.Where(number => number == (byte)number).Select(number => (object)(byte)number);
        if (type == typeof(ushort))
            return numbers.Where(number => number == (ushort)number).Select(number => (object)(ushort)number);
        if (type == typeof(long))
            return numbers.Select(number => (object)number);
        if (type == typeof(ulong))
            return numbers.Select(number => (object)(ulong)number).Append(ulong.MaxValue & ~0xFFFul);
        return type == typeof(bool) ? [false, true] : [null];
    }
}
