using System.Text;
using Wirq.Tests.Shared;
using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Kvm.Pictures;
using Wirq.Traces.Kvm.Replay;
using Wirq.Traces.Replay;
using Wirq.Traces.Tests.Why;
using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Timelines;

/// <summary>Pictures to judge.</summary>
internal static class Drawn
{
    /// <summary>The picture of a kept log.</summary>
    /// <param name="log">Its path in the repository.</param>
    /// <param name="options">Which part is drawn.</param>
    internal static Picture Log(string log, PictureOptions? options = null)
    {
        string path = Repository.PathOf(log);
        if (log.Contains("/Kvm/", StringComparison.Ordinal))
            return Kvm(() => File.OpenRead(path), log, options).Picture;
        PictureBuilder? builder = null;
        LogWhy.Read(() => File.OpenRead(path), log, question: null, engine => builder = new PictureBuilder(engine, options), new ReplayOptions());
        return builder!.Build(log);
    }

    /// <summary>The picture of a log of a KVM host, and the answer that it marks.</summary>
    internal static (Picture Picture, KvmAnswer Answer) Kvm(Func<Stream> open, string name, PictureOptions? options = null)
    {
        KvmPictureBuilder? builder = null;
        KvmAnswer answer = KvmJudge.Read(open, name, watch: survey => builder = new KvmPictureBuilder(survey, options));
        return (builder!.Build(name, answer), answer);
    }

    /// <summary>The picture of the replay of a log of a KVM host.</summary>
    internal static KvmReplayReport Replay(Func<Stream> open, string name, PictureOptions? options = null) => KvmReplayer.Run(open, name, drawn: options ?? new PictureOptions());

    /// <summary>The same of a text.</summary>
    internal static Picture KvmText(string text, PictureOptions? options = null) => Kvm(() => new MemoryStream(Encoding.UTF8.GetBytes(text)), "text", options).Picture;

    /// <summary>The picture of a machine.</summary>
    /// <param name="what">What it does.</param>
    /// <param name="machine">The machine; null for the usual, with one CPU that is enabled.</param>
    /// <param name="options">Which part is drawn.</param>
    internal static Picture Machine(Action<Watched, PictureBuilder> what, Watched? machine = null, PictureOptions? options = null)
    {
        machine ??= new Watched();
        var builder = new PictureBuilder(machine.Engine, options);
        machine.Through = builder;
        what(machine, builder);
        return builder.Build("a machine");
    }

    /// <summary>A disk that shares level pin 9 with nobody: a rise, an interrupt, its EOI; then a rise whose EOI never comes.</summary>
    internal static Picture Disk(string label = "disk") => Machine((machine, builder) =>
    {
        machine.Apic(ApicRegister.SpuriousVector, 0x1FF);
        Source disk = machine.Connect(9);
        builder.Engine.Name(disk.Slot, label);
        machine.Entry(9, Level(0x51));
        machine.Raise(disk);
        machine.Take();
        machine.Lower(disk);
        machine.Eoi();
        machine.Fabric.Advance(5_000);
        machine.Raise(disk);
        machine.Take();
    });

    /// <summary>An entry of a level pin.</summary>
    internal static RedirectionEntry Level(byte vector) => RedirectionEntry.Create(vector, 0, level: true);

    internal static string Text(Picture picture, Action<Picture, Stream> write) => Encoding.UTF8.GetString(Bytes(picture, write));

    internal static byte[] Bytes(Picture picture, Action<Picture, Stream> write)
    {
        var stream = new MemoryStream();
        write(picture, stream);
        return stream.ToArray();
    }
}
