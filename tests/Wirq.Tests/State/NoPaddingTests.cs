using System.Reflection;
using System.Runtime.CompilerServices;
using Wirq.State;

namespace Wirq.Tests.State;

/// <summary>State is copied and hashed byte by byte, so each byte must be somebody's.</summary>
public class NoPaddingTests
{
    private static readonly MethodInfo MeasureOf = typeof(NoPaddingTests).GetMethod(nameof(Measure), BindingFlags.NonPublic | BindingFlags.Static)!;

    public static TheoryData<string> States =>
        [.. typeof(IState).Assembly.GetTypes().Where(type => type.IsValueType && type.IsAssignableTo(typeof(IState))).Select(type => type.FullName!)];

    [Theory, MemberData(nameof(States))]
    public void State_is_unmanaged_and_has_no_padding(string name)
    {
        Type type = typeof(IState).Assembly.GetType(name, throwOnError: true)!;
        (int size, bool holdsReferences) = Measured(type);
        Assert.False(holdsReferences, $"{name} holds references");
        Assert.True(FieldBytes(type) == size, $"the fields of {name} take {FieldBytes(type)} bytes, and it takes {size}");
    }

    [Fact]
    public void The_test_itself_finds_padding_at_any_depth()
    {
        Assert.NotEqual(Measured(typeof(Padded)).Size, FieldBytes(typeof(Padded)));
        Assert.NotEqual(Measured(typeof(PaddedRow)).Size, FieldBytes(typeof(PaddedRow)));
        Assert.Equal(Measured(typeof(Row)).Size, FieldBytes(typeof(Row)));
        Assert.True(States.Count >= 15);
    }

    private static int FieldBytes(Type type)
    {
        if (type.IsPrimitive || type.IsEnum || type == typeof(UInt128))
            return Measured(type).Size;
        int bytes = type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Sum(field => FieldBytes(field.FieldType));
        return bytes * (type.GetCustomAttribute<InlineArrayAttribute>()?.Length ?? 1);
    }

    private static (int Size, bool HoldsReferences) Measured(Type type) =>
        ((int, bool))MeasureOf.MakeGenericMethod(type).Invoke(null, null)!;

    private static (int, bool) Measure<T>() => (Unsafe.SizeOf<T>(), RuntimeHelpers.IsReferenceOrContainsReferences<T>());

#pragma warning disable CS0169, CA1823, IDE0051 // Only their shape matters.
    private struct Padded
    {
        private byte _small;
        private int _large;
    }

    [InlineArray(4)]
    private struct PaddedRow
    {
        private Padded _first;
    }

    [InlineArray(5)]
    private struct Row
    {
        private ushort _first;
    }
#pragma warning restore CS0169, CA1823, IDE0051
}
