using System.Buffers.Binary;
using System.Globalization;
using Wirq.Snapshots;
using Wirq.Tests.Snapshots;
using Wirq.Vfio;

namespace Wirq.Tests.Vfio;

/// <summary>Mutated snapshots of hosts are refused cleanly, or are hosts like any other, where nothing throws and no unmask is lost.
/// <c>WIRQ_LONG=1</c> makes it 500,000; <c>WIRQ_SEED</c> another run.</summary>
public class HostSnapshotFuzzTests(ITestOutputHelper output)
{
    private const int DefaultSeed = 4004;
    private static readonly bool s_long = Environment.GetEnvironmentVariable("WIRQ_LONG") == "1";
    private static readonly int s_seed =
        int.TryParse(Environment.GetEnvironmentVariable("WIRQ_SEED"), CultureInfo.InvariantCulture, out int seed) ? seed : DefaultSeed;

    [Fact]
    public void A_mutated_snapshot_is_refused_cleanly_or_is_a_host_like_any_other()
    {
        int count = s_long ? 500_000 : 1_500;
        output.WriteLine($"seed {s_seed}, {count} mutations");
        var random = new Random(s_seed);
        var world = new VfioWorld(VfioFuzzTests.s_options);
        int accepted = 0, refused = 0;
        for (int i = 0; i < count; i++)
        {
            for (int step = 0; step < 3; step++)
            {
                VfioFuzzTests.One(world, random);
                world.Settle();
            }
            byte[] mutated = Mutate(world.Host.Save(), random);
            var other = new VfioWorld(VfioFuzzTests.s_options);
            try
            {
                other.Host.Restore(mutated);
            }
            catch (SnapshotException)
            {
                refused++;
                continue;
            }
            accepted++;
            Assert.Equal(mutated, other.Host.Save());
            Survives(other, random, $"seed {s_seed}, mutation {i}");
        }
        output.WriteLine($"{accepted} accepted, {refused} refused");
        // Both happen often, so the test tests something.
        Assert.True(accepted > count / 20 && refused > count / 20, $"{accepted} accepted, {refused} refused");
    }

    private static byte[] Mutate(byte[] snapshot, Random random)
    {
        byte[] mutated = [.. snapshot];
        // Any change of the shape is refused.
        List<(int Start, int Length)> sections = HostileSnapshotTests.SectionsOf(snapshot)[1..];
        for (int left = random.Next(1, 3); left > 0; left--)
        {
            (int start, int length) = sections[random.Next(sections.Count - 1)];
            int at = start + random.Next(length);
            mutated[at] = random.Next(4) switch
            {
                0 => (byte)random.Next(256),
                1 => (byte)(mutated[at] + random.Next(-2, 3)),
                _ => (byte)(mutated[at] ^ 1 << random.Next(8)),
            };
        }
        if (random.Next(32) == 0)
            mutated = mutated[..random.Next(mutated.Length)];
        if (mutated.Length >= 32)
        {
            BinaryPrimitives.WriteInt32LittleEndian(mutated.AsSpan(12), mutated.Length);
            FieldWriter.Seal(mutated);
        }
        return mutated;
    }

    /// <summary>The host goes on, and at the end every device is quiet and unmasked: no line is masked for nobody.</summary>
    private static void Survives(VfioWorld world, Random random, string which)
    {
        VfioHost host = world.Host;
        for (int step = 0; step < 20; step++)
        {
            VfioFuzzTests.One(world, random);
            VfioFuzzTests.Partly(world, random.Next(4));
        }
        for (int line = 0; line < host.Options.Irqs.Lines.Count; line++)
            host.SetOthersLevel(line, false);
        for (int device = 0; device < host.Options.Devices.Count; device++)
        {
            host.SetLevel(device, false);
            world.Settle();
            host.SetVirtualDisable(device, false);
            host.Acknowledged(device);
            world.Settle();
        }
        for (int device = 0; device < host.Options.Devices.Count; device++)
        {
            Assert.False(host.IsMasked(device) || host.IsWaiting(device) || host.IsBraked(device), $"{which}: device {device} is not unmasked");
            if (host.IsEnabled(device) && host.Options.Devices[device].Line is { } line)
                Assert.True(host.Irqs.IsDisabled(line) || !host.Irqs.IsMasked(line), $"{which}: line {line} is masked for nobody");
        }
    }
}
