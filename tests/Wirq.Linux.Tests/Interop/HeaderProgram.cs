using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Wirq.Linux.Interop;

namespace Wirq.Linux.Tests.Interop;

/// <summary>A C program that compiles exactly if the declarations in the assembly agree with the headers of the
/// host.</summary>
internal static class HeaderProgram
{
    internal const string Includes = """
        #define _GNU_SOURCE
        #include <errno.h>
        #include <fcntl.h>
        #include <poll.h>
        #include <signal.h>
        #include <stddef.h>
        #include <time.h>
        #include <linux/kvm.h>
        #include <linux/vfio.h>
        #include <sys/epoll.h>
        #include <sys/eventfd.h>
        #include <sys/ioctl.h>
        #include <sys/mman.h>
        #include <sys/socket.h>
        #include <sys/stat.h>
        #include <sys/syscall.h>
        #include <sys/resource.h>
        #include <sys/timerfd.h>
        #include <sys/uio.h>
        #include <sys/un.h>
        #include <unistd.h>

        """;

    private const BindingFlags Anything =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static Type[] Types => typeof(KvmVm).Assembly.GetTypes();

    /// <summary>Structs with a C name.</summary>
    internal static IEnumerable<Type> Structs => Types.Where(type => NameOf(type) is not null);

    /// <summary>Constants and enum members with a C name.</summary>
    internal static IEnumerable<FieldInfo> Constants =>
        Types.SelectMany(type => type.GetFields(Anything)).Where(each => each.IsLiteral && NameOf(each) is not null);

    /// <summary>The calls of KVM.</summary>
    internal static IEnumerable<KvmCall> Calls => typeof(KvmCalls).GetFields(Anything)
        .Where(each => each.FieldType == typeof(KvmCall)).Select(each => (KvmCall)each.GetValue(null)!);

    /// <summary>The fields of a struct.</summary>
    internal static IEnumerable<FieldInfo> FieldsOf(Type type) => type.GetFields(Anything).Where(field => !field.IsStatic);

    /// <summary>All assertions.</summary>
    internal static string Assertions()
    {
        var program = new StringBuilder();
        foreach (Type type in Structs)
            program.Append(AssertionsOf(type));
        foreach (FieldInfo constant in Constants)
        {
            CNameAttribute name = NameOf(constant)!;
            string assertion = Equal($"(unsigned long long)({name.Name})", Convert.ToInt64(constant.GetRawConstantValue(), null));
            program.Append(name.Recent ? $"#ifdef {name.Name}\n{assertion}#endif\n" : assertion);
        }
        foreach (KvmCall call in Calls)
            program.Append(Equal($"(unsigned long long)({call.Name})", call.Request.Bits));
        return program.ToString();
    }

    /// <summary>The assertions about one struct.</summary>
    internal static string AssertionsOf(Type type)
    {
        var program = new StringBuilder();
        string name = NameOf(type)!.Name;
        if (!NameOf(type)!.Partial)
            program.Append(Equal($"sizeof({name})", SizeOf(type)));
        foreach (FieldInfo field in FieldsOf(type))
        {
            CNameAttribute? member = NameOf(field);
            Assert.True(member is not null, $"{type.Name}.{field.Name} bears no C name");
            (int offset, int size) = Place(type, field);
            program.Append(Equal($"offsetof({name}, {member.Name})", offset));
            program.Append(Equal($"sizeof((({name} *)0)->{member.Name})", size));
        }
        return program.ToString();
    }

    /// <summary>An assertion that something has a value.</summary>
    internal static string Equal(string expression, long value) =>
        $"_Static_assert({expression} == {value}ULL, \"{expression} is not {value}\");\n";

    private static CNameAttribute? NameOf(MemberInfo member) => member.GetCustomAttribute<CNameAttribute>();

    private static int SizeOf(Type type) => (int)Call(nameof(SizeOfGeneric), [type])!;

    private static int SizeOfGeneric<T>() => Unsafe.SizeOf<T>();

    /// <summary>Where a field lies: it is filled with ones, and they are looked for.</summary>
    private static (int Offset, int Size) Place(Type type, FieldInfo field) =>
        ((int, int))Call(nameof(PlaceGeneric), [type, field.FieldType], field)!;

    private static (int Offset, int Size) PlaceGeneric<TStruct, TField>(FieldInfo field)
        where TStruct : unmanaged where TField : unmanaged
    {
        TField ones = default;
        MemoryMarshal.AsBytes(new Span<TField>(ref ones)).Fill(0xFF);
        object boxed = default(TStruct);
        field.SetValue(boxed, ones);
        var filled = (TStruct)boxed;
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(new Span<TStruct>(ref filled));
        int first = bytes.IndexOf((byte)0xFF);
        return (first, bytes.LastIndexOf((byte)0xFF) + 1 - first);
    }

    private static object? Call(string method, Type[] types, params object[] arguments) =>
        typeof(HeaderProgram).GetMethod(method, BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(types)
            .Invoke(null, arguments);
}
