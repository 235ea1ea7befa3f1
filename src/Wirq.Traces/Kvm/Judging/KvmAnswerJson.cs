using System.Text.Json;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Judging;

/// <summary>Writes the answer about a log of KVM for a program: the words are those of the answers about QEMU's logs.</summary>
internal static class KvmAnswerJson
{
    internal static void Write(KvmAnswer answer, Stream output)
    {
        Stamps stamps = answer.Stamps;
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("kind", "kvm");
            json.WriteString("verdict", WhyJson.Word(answer.Verdict));
            json.WriteBoolean("endsAtInjection", answer.Survey.EndsAtInjection);
            Mark(json, "end", answer.Survey.End, stamps);
            json.WriteStartArray("vms");
            foreach (VmAnswer vm in answer.Vms)
                Write(json, vm, stamps);
            json.WriteEndArray();
            WhyJson.WriteLimits(json, answer.Limits);
            json.WriteString("neverTold", KvmAnswer.NeverTold);
            json.WriteStartObject("events");
            foreach ((string name, long count) in answer.Survey.Counts.All)
                json.WriteNumber(name, count);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        output.WriteByte((byte)'\n');
    }

    private static void Write(Utf8JsonWriter json, VmAnswer vm, Stamps stamps)
    {
        json.WriteStartObject();
        Number(json, "process", vm.Trail.Vm.Process);
        json.WriteStartArray("vcpus");
        foreach (VcpuTrail vcpu in vm.Trail.Vcpus)
        {
            json.WriteStartObject();
            json.WriteNumber("vcpu", vcpu.Index);
            Number(json, "thread", vm.Trail.Vm.Threads.FirstOrDefault(thread => thread.Vcpu == vcpu.Index)?.Number ?? -1);
            Mark(json, "lastSign", vcpu.LastSign, stamps);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteBoolean("split", vm.Trail.IsSplit);
        Answers(json, "owed", vm.Owed, stamps);
        Answers(json, "unknown", vm.Unknown, stamps);
        Answers(json, "masked", vm.Masked, stamps);
        json.WriteStartArray("silent");
        foreach (KvmSilent silent in vm.Silent)
        {
            json.WriteStartObject();
            json.WriteNumber("cpu", silent.Cpu);
            Mark(json, "since", silent.Since, stamps);
            Strings(json, "sentences", silent.Sentences);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        Strings(json, "notes", vm.Notes);
        json.WriteStartArray("told");
        foreach (ToldAnswer told in vm.Told)
        {
            json.WriteStartObject();
            json.WriteString("source", told.Source);
            json.WriteNumber("count", told.Count);
            Mark(json, "first", told.First, stamps);
            Mark(json, "last", told.Last, stamps);
            json.WriteString("what", told.What);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Answers(Utf8JsonWriter json, string name, IReadOnlyList<KvmOwedAnswer> answers, Stamps stamps)
    {
        json.WriteStartArray(name);
        foreach (KvmOwedAnswer one in answers)
        {
            json.WriteStartObject();
            json.WriteString("source", one.Source);
            Mark(json, "at", one.At, stamps);
            json.WriteString("fate", WhyJson.Word(one.Fate));
            json.WriteString("gate", WhyJson.Word(one.Gate));
            Mark(json, "since", one.Since, stamps);
            Number(json, "cpu", one.Cpu);
            Number(json, "vector", one.Vector);
            Strings(json, "sentences", one.Sentences);
            json.WriteStartArray("evidence");
            foreach (Evidence evidence in one.Evidence)
            {
                json.WriteStartObject();
                json.WriteString("what", evidence.What);
                Place(json, evidence.At, stamps);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Mark(Utf8JsonWriter json, string name, Mark? mark, Stamps stamps)
    {
        if (mark is not { } at)
        {
            json.WriteNull(name);
            return;
        }
        json.WriteStartObject(name);
        Place(json, at, stamps);
        json.WriteEndObject();
    }

    private static void Place(Utf8JsonWriter json, Mark mark, Stamps stamps)
    {
        Number(json, "line", stamps.OfLog ? mark.Line : -1);
        Number(json, "event", stamps.OfLog ? -1 : mark.Event);
        if (stamps.HasTime)
            json.WriteString("time", stamps.Time(mark));
        else
            json.WriteNull("time");
    }

    private static void Number(Utf8JsonWriter json, string name, long number)
    {
        if (number < 0)
            json.WriteNull(name);
        else
            json.WriteNumber(name, number);
    }

    private static void Strings(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (string value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
