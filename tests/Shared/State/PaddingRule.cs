using System.Reflection;
using System.Runtime.CompilerServices;
using Wirq.State;

namespace Wirq.Tests.Shared.State;

/// <summary>State is copied and hashed byte by byte, so each byte must belong to a field.</summary>
internal static class PaddingRule
{
    private static readonly MethodInfo s_measure = typeof(PaddingRule).GetMethod(nameof(Measure), BindingFlags.NonPublic | BindingFlags.Static)!;

    /// <summary>The names of an assembly's states.</summary>
    internal static TheoryData<string> StatesOf(Assembly assembly) =>
        [.. assembly.GetTypes().Where(type => type.IsValueType && type.IsAssignableTo(typeof(IState))).Select(type => type.FullName!)];

    /// <summary>Fails if a state contains references, or bytes that belong to no field.</summary>
    internal static void Hold(Type type)
    {
        (int size, bool holdsReferences) = Measured(type);
        Assert.False(holdsReferences, $"{type.FullName} holds references");
        Assert.True(FieldBytes(type) == size, $"the fields of {type.FullName} take {FieldBytes(type)} bytes, and it takes {size}");
    }

    internal static int FieldBytes(Type type)
    {
        if (type.IsPrimitive || type.IsEnum || type == typeof(UInt128))
            return Measured(type).Size;
        int bytes = type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Sum(field => FieldBytes(field.FieldType));
        return bytes * (type.GetCustomAttribute<InlineArrayAttribute>()?.Length ?? 1);
    }

    internal static (int Size, bool HoldsReferences) Measured(Type type) =>
        ((int, bool))s_measure.MakeGenericMethod(type).Invoke(null, null)!;

    private static (int, bool) Measure<T>() => (Unsafe.SizeOf<T>(), RuntimeHelpers.IsReferenceOrContainsReferences<T>());
}
