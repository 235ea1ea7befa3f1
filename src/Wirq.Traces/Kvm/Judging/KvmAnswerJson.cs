using System.Text.Json;
using Wirq.Traces.Kvm.Raises;
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
            json.WriteMark("end", answer.Survey.End, stamps);
            json.WriteEach("vms", answer.Vms, (json, vm) => Write(json, vm, stamps));
            if (answer.Raises is { } raises)
                Write(json, raises, stamps);
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

    private static void Write(Utf8JsonWriter json, IReadOnlyList<KvmRaiseAnswer> raises, Stamps stamps) => json.WriteEach("raises", raises, (json, one) =>
    {
        json.WriteNumber("vm", one.Vm);
        json.WriteString("source", one.Source);
        json.WriteMark("at", one.At, stamps);
        json.WriteString("fate", WhyJson.Word(one.Fate));
        if (one.Gate is { } gate)
            json.WriteString("gate", WhyJson.Word(gate));
        json.WriteMark("since", one.Since, stamps);
        json.WriteNumber("later", one.Later);
        json.WriteStrings("sentences", one.Sentences);
        json.WriteEvidence(one.Evidence, stamps);
    });

    private static void Write(Utf8JsonWriter json, VmAnswer vm, Stamps stamps)
    {
        json.WriteOptional("process", vm.Trail.Vm.Process);
        json.WriteEach<VcpuTrail>("vcpus", [.. vm.Trail.Vcpus], (json, vcpu) =>
        {
            json.WriteNumber("vcpu", vcpu.Index);
            json.WriteOptional("thread", vm.Trail.Vm.Threads.FirstOrDefault(thread => thread.Vcpu == vcpu.Index)?.Number ?? -1);
            json.WriteMark("lastSign", vcpu.LastSign, stamps);
        });
        json.WriteBoolean("split", vm.Trail.IsSplit);
        Answers(json, "owed", vm.Owed, stamps);
        Answers(json, "unknown", vm.Unknown, stamps);
        Answers(json, "masked", vm.Masked, stamps);
        json.WriteEach("silent", vm.Silent, (json, silent) =>
        {
            json.WriteNumber("cpu", silent.Cpu);
            json.WriteMark("since", silent.Since, stamps);
            json.WriteStrings("sentences", silent.Sentences);
        });
        json.WriteStrings("notes", vm.Notes);
        json.WriteTold(vm.Told, stamps);
    }

    private static void Answers(Utf8JsonWriter json, string name, IReadOnlyList<KvmOwedAnswer> answers, Stamps stamps) => json.WriteEach(name, answers, (json, one) =>
    {
        json.WriteString("source", one.Source);
        json.WriteMark("at", one.At, stamps);
        json.WriteString("fate", WhyJson.Word(one.Fate));
        json.WriteString("gate", WhyJson.Word(one.Gate));
        json.WriteMark("since", one.Since, stamps);
        json.WriteOptional("cpu", one.Cpu);
        json.WriteOptional("vector", one.Vector);
        json.WriteStrings("sentences", one.Sentences);
        json.WriteEvidence(one.Evidence, stamps);
    });
}
