using ArchUnitNET.Domain;
using ArchUnitNET.Domain.Extensions;
using ArchUnitNET.Loader;
using Wirq.Host;
using Assembly = System.Reflection.Assembly;
using Type = System.Type;

namespace Wirq.Architecture.Tests;

/// <summary>All assemblies of Wirq, with their calls and dependencies.</summary>
internal static class House
{
    internal static readonly Assembly Fabric = typeof(Fabric).Assembly, Linux = typeof(Wirq.Linux.KvmVm).Assembly,
        Traces = typeof(Wirq.Traces.Recordings.RecordingHeader).Assembly, Lab = typeof(Wirq.Lab.Worlds.World).Assembly,
        Board = typeof(Wirq.Board.Machine.Board).Assembly, Cli = Assembly.Load("Wirq.Cli");

    internal static readonly Assembly[] Projects = [Fabric, Linux, Traces, Lab, Board, Cli];

    internal static readonly ArchUnitNET.Domain.Architecture Built = new ArchLoader().LoadAssemblies(Projects).Build();

    /// <summary>The types that call a method; closures count for their type.</summary>
    /// <param name="declaring">The type that declares the method.</param>
    /// <param name="method">Its name, with any parameters.</param>
    internal static IReadOnlyCollection<string> CallersOf(Type declaring, string method) =>
        [.. CallsOf(declaring, method).Select(call => Outermost(call.Type)).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The callers of a method: types and methods, by their names.</summary>
    internal static IEnumerable<(string Type, string Method)> CallsOf(Type declaring, string method)
    {
        MethodMember[] called = [.. Built.MethodMembers.Where(member => member.DeclaringType.FullName == declaring.FullName
            && member.Name.StartsWith(method + "(", StringComparison.Ordinal))];
        Assert.True(called.Length > 0, $"{declaring} has no method {method}");
        return Built.MethodMembers.Where(member => member.GetCalledMethods().Any(called.Contains))
            .Select(member => (member.DeclaringType.FullName, member.Name.Split('(')[0]));
    }

    /// <summary>The types of Wirq that implement an interface.</summary>
    internal static IReadOnlyCollection<string> ImplementersOf(Type port) =>
        [.. Projects.SelectMany(project => project.GetTypes()).Where(type => !type.IsInterface && port.IsAssignableFrom(type))
            .Select(type => type.FullName!)];

    // A closure is in a nested type with a compiler-generated name.
    internal static string Outermost(string name) => name.Split('+', '/')[0];
}
