using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using Wirq.Events.Shadows;
using Wirq.Lab.Historic;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;
using Wirq.Laws;
using Wirq.State;
using Wirq.Tests.Shared;
using Wirq.Vfio;
using Wirq.Xen;

namespace Wirq.Lab.Tests.Worlds;

/// <summary>Each field of each state struct is listed, with whether an identity contains it. A new field makes the test
/// fail, so that its author decides this: WIRQ_WRITE_DOCS=1 writes the list again.</summary>
public class ImageTests
{
    private const string List = "tests/Wirq.Lab.Tests/Worlds/state-fields.txt";
    private const int MostOfBlock = 40;

    [Fact]
    public void Every_field_of_the_image_is_copied_and_hashed_or_named_as_one_that_is_not()
    {
        // By struct: its leaves, each with whether a change of it alone changes an identity somewhere.
        var found = new SortedDictionary<string, SortedDictionary<int, (string Name, bool Hashed)>>(StringComparer.Ordinal);
        foreach (World world in Busy())
        {
            using World copy = world.Fork();
            Look(world.Arena, world.Identity, copy.Identity, () => copy.CopyFrom(world), found);
            world.Dispose();
        }
        foreach (Func<StateArena> make in new[] { Functions, PhysicalInterrupts, HostInterrupts })
        {
            StateArena one = make(), other = make();
            Look(one, () => one.Identity(0), () => other.Identity(0), () => other.CopyFrom(one), found);
        }
        Type[] all = [.. new[] { typeof(StateArena).Assembly, typeof(World).Assembly }.SelectMany(assembly => assembly.GetTypes())
            .Where(type => type.IsValueType && typeof(IState).IsAssignableFrom(type))];
        string[] seen = [.. found.Keys];
        string[] inside = [.. all.SelectMany(type => type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
            .Select(field => field.FieldType.FullName!)];
        Assert.Empty(all.Select(type => type.FullName!).Except(seen).Except(inside));

        var text = new StringBuilder();
        foreach ((string name, SortedDictionary<int, (string Name, bool Hashed)> leaves) in found)
        {
            text.Append(name).Append('\n');
            foreach ((_, (string field, bool hashed)) in leaves)
                text.Append("  ").Append(field).Append(hashed ? "" : " (copied alone)").Append('\n');
        }
        string path = Repository.PathOf(List);
        if (Environment.GetEnvironmentVariable("WIRQ_WRITE_DOCS") == "1")
            File.WriteAllText(path, text.ToString());
        Assert.Equal(File.ReadAllText(path), text.ToString());
    }

    /// <summary>Changes one bit of each field in turn.</summary>
    private static void Look(StateArena arena, Func<UInt128> identityOf, Func<UInt128> identityOfCopy, Action copy,
        SortedDictionary<string, SortedDictionary<int, (string Name, bool Hashed)>> found)
    {
        UInt128 identity = identityOf();
        foreach (StateBlock block in arena.Blocks)
        {
            if (!found.TryGetValue(block.Struct.FullName!, out SortedDictionary<int, (string Name, bool Hashed)>? leaves))
            {
                leaves = [];
                foreach ((string name, int offset) in LeavesOf(block.Struct, "", 0))
                    leaves[offset] = (name, false);
                found.Add(block.Struct.FullName!, leaves);
            }
            int length = SizeOf(block.Struct);
            for (int first = 0; first < Math.Min(block.Length, MostOfBlock * length); first += length)
            {
                foreach ((int offset, (string name, bool hashed)) in leaves.ToArray())
                {
                    if (!hashed && Matters(ref block.Span[first + offset]))
                        leaves[offset] = (name, true);
                }
            }
        }

        bool Matters(ref byte place)
        {
            place ^= 1;
            try
            {
                if (identityOf() == identity)
                    return false;
                copy();
                Assert.Equal(identityOf(), identityOfCopy());
                return true;
            }
            catch (Exception nonsense) when (nonsense is IndexOutOfRangeException or ArgumentOutOfRangeException or NullReferenceException)
            {
                // The value is an invalid index, and it is checked, so it matters.
                return true;
            }
            finally
            {
                place ^= 1;
            }
        }
    }

    private static StateArena Functions()
    {
        var arena = new StateArena();
        _ = new MsixTable(2, arena);
        _ = new MsiCapability(2, arena);
        // No law knows the CPUs, so no world has their shadow.
        _ = new CpuShadow(new LocalApicOptions { Count = 2 }, arena);
        return arena;
    }

    /// <summary>A domain of Xen with PIRQs, which no world has yet, a dom0, and laws that watch it.</summary>
    /// <summary>A host that forwards a line, and the law about it. No world has one yet.</summary>
    private static StateArena HostInterrupts()
    {
        var arena = new StateArena();
        var host = new VfioHost(new VfioOptions { Devices = [new() { Name = "nic", MsiVectors = 1 }] }, new NoEventFds(), arena);
        _ = new VfioWayBack(host, 0, arena: arena);
        FabricOptions options = FabricOptions.Pc() with { OneshotLines = [0] };
        _ = new LawSet(options, new GsiMap(options), arena, ["OneshotHeld"]);
        return arena;
    }

    private sealed class NoEventFds : IVfioEventFds
    {
        public bool Exists(int fd) => false;

        public bool IsReadable(int fd) => false;

        public void Drain(int fd) { }
    }

    private static StateArena PhysicalInterrupts()
    {
        var machine = new Fabric(FabricOptions.Pc() with
        {
            IoApics = [new() { Pins = 48 }],
            Xen = new()
            {
                Channels = new() { Domains = [new() { Id = 0, IsHvm = false, IsPrivileged = true, Pirqs = 2 }, new() { Id = 1, Pirqs = 2 }] },
                Domain = 1,
                HasPciLines = true,
                Pirqs = new() { MessageIrqs = 1, Bindings = 1, Devices = [new(0x10)], Domains = [new() { Id = 0, IsHardware = true }, new() { Id = 1, RoutesPirqs = true }] },
            },
        });
        _ = new PvhDom0(machine.Xen!.Pirqs!, new Passthrough(machine.Xen.Pirqs!, machine.Xen),
            new AcpiRouting([new(2, PciInterruptPin.A, 0, 0)], [new([10])], machine.Arena), PassthroughDesign.SetUpInPciback, machine.Arena);
        _ = new LawSet(machine.Options, machine.Gsis, machine.Arena);
        return machine.Arena;
    }

    private static IEnumerable<(string Name, int Offset)> LeavesOf(Type type, string name, int offset)
    {
        if (type.IsPrimitive || type.IsEnum)
        {
            yield return (name, offset);
            yield break;
        }
        foreach (FieldInfo field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
        {
            // Of a row of equal ones the first stands for all.
            string label = field.Name.Trim('<').Split('>')[0];
            foreach ((string, int) leaf in LeavesOf(field.FieldType, name.Length == 0 ? label : $"{name}.{label}", offset + OffsetOf(field)))
                yield return leaf;
        }
    }

    private static int SizeOf(Type type) => (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;

    // Where the runtime has put a field: the low 26 bits of the second word of its descriptor.
    private static int OffsetOf(FieldInfo field) => System.Runtime.InteropServices.Marshal.ReadInt32(field.FieldHandle.Value + IntPtr.Size + 4) & 0x7FFFFFF;

    /// <summary>Worlds in the middle of something, which have every struct of state between them.</summary>
    private static IEnumerable<World> Busy()
    {
        foreach (string file in ShippedScenarios.Files("controllers", "routing", "remapping", "xen"))
        {
            Scenario scenario = ShippedScenarios.Read(file)[0];
            var world = new World(scenario, scenario.Historic.Count > 0 ? Designs.Create(scenario.Historic[0].Design) : null);
            ShippedScenarios.Walk(world, new Random(1), most: 60, out _);
            yield return world;
        }
    }
}
