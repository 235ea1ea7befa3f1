using System.Globalization;

namespace Wirq.Traces.Kvm.Judging;

/// <summary>A VM of a log.</summary>
/// <param name="Number">Its number, from 0.</param>
/// <param name="Process">Its process; -1 where nothing tells it.</param>
/// <param name="Threads">Its threads.</param>
/// <param name="Guessed">Which threads are its own is guessed from their numbers.</param>
internal sealed record KvmVm(int Number, int Process, IReadOnlyList<KvmThread> Threads, bool Guessed)
{
    internal string Name => NameOf([this], 1);

    /// <summary>The name of some VMs of a log.</summary>
    /// <param name="vms">They; at least one.</param>
    /// <param name="most">How many are named.</param>
    internal static string NameOf(IReadOnlyList<KvmVm> vms, int most)
    {
        // A VMM has one process, and it or the first vCPU's thread tells it from others.
        string kind = vms[0].Process >= 0 ? "process" : "thread";
        int[] numbers = [.. vms.Select(vm => vm.Process >= 0 ? vm.Process : vm.Threads.FirstOrDefault(one => one.Role == ThreadRole.Vcpu)?.Number ?? KvmRecord.Untold)];
        string[] names = [.. numbers.Select(number => number.ToString(CultureInfo.InvariantCulture))];
        return numbers[0] < 0 ? "the VM" : vms.Count == 1 ? $"the VM of {kind} {names[0]}" : $"the VMs of {kind}{(kind == "process" ? "es" : "s")} {Phrase.All(names, most)}";
    }

    private bool[]? _knows;

    /// <summary>An EOI left one of its vCPUs: its VMM has the I/OAPIC.</summary>
    internal bool EoiExits { get; init; } = Threads.Any(thread => thread.EoiExits);

    /// <summary>Its VMM has all chips, for a guest that halts leaves to it. KVM has what the VMM injects, and nothing else.</summary>
    internal bool HasNoChips { get; } = Threads.Any(thread => thread.HaltExits) && !Threads.Any(thread => thread.UsesChips);

    /// <summary>Whether the same was told of it as is of the other, as far as it was asked.</summary>
    internal bool IsLike(KvmVm other) => (Process, Guessed, EoiExits, HasNoChips) == (other.Process, other.Guessed, other.EoiExits, other.HasNoChips)
        && (_knows is null || Enumerable.Range(0, _knows.Length).All(vector => _knows[vector] == other.Knows(vector)));

    /// <summary>Whether its own threads accept, take or end this vector.</summary>
    internal bool Knows(int vector) => vector is >= 0 and < 256
        && (_knows ??= [.. Enumerable.Range(0, 256).Select(one => Threads.Any(thread => thread.Knows(one)))])[vector];
}

/// <summary>Tells the VMs of a log apart: by the process of each thread where it stands there, else by the order of their numbers.</summary>
internal static class KvmVms
{
    /// <summary>A VMM creates its threads one after another.</summary>
    private const int Near = 64;

    /// <summary>VMs that are judged: no host of a log has more, and each takes memory.</summary>
    internal const int Most = 1024;

    internal static IReadOnlyList<KvmVm> Find(KvmSurvey survey)
    {
        KvmThread[] threads = [.. survey.Threads.Values.Where(thread => thread.Role != ThreadRole.Kernel).OrderBy(thread => thread.Number)];
        var groups = new List<(int Process, List<KvmThread> Threads, bool Guessed)>();
        foreach (var group in threads.Where(thread => thread.Process >= 0).GroupBy(thread => thread.Process).Take(Most))
            groups.Add((group.Key, [.. group], false));
        foreach (KvmThread vcpu in threads.Where(thread => thread is { Process: < 0, Role: ThreadRole.Vcpu }))
            Join(groups, vcpu);
        groups.RemoveAll(group => group.Threads.TrueForAll(thread => thread.Role != ThreadRole.Vcpu) && threads.Any(thread => thread.Role == ThreadRole.Vcpu));
        foreach (KvmThread other in threads.Where(thread => thread is { Process: < 0, Role: ThreadRole.Vmm }))
        {
            // What drives lines from elsewhere is of the only VM, or of the one whose threads are near.
            if (groups.Count == 1)
                groups[0].Threads.Add(other);
            else if (groups.FindIndex(group => group.Process == other.Number) is >= 0 and int main)
                groups[main].Threads.Add(other);
            else if (groups.OrderBy(group => group.Threads.Min(thread => Math.Abs(thread.Number - other.Number))).FirstOrDefault().Threads is { } near
                && near.Min(thread => Math.Abs(thread.Number - other.Number)) < Near)
                near.Add(other);
        }
        // A log without threads, or without any vCPU's, is taken for one VM's.
        if (groups.Count == 0)
            groups.Add((-1, [.. threads], false));
        bool untold = survey is { Threadless: > 0, IoApicEois: > 0 };
        var vms = groups.OrderBy(group => group.Threads.Count == 0 ? 0 : group.Threads[0].Number)
            .Select((group, number) => new KvmVm(number, group.Process, group.Threads, group.Guessed && groups.Count > 1))
            .Select(vm => untold ? vm with { EoiExits = true } : vm).ToArray();
        foreach (KvmVm vm in vms)
            Number(vm, survey.HighestVcpu);
        return vms;
    }

    /// <summary>vCPUs get threads with rising numbers, so a vCPU that is not above the last one begins another VM.</summary>
    private static void Join(List<(int Process, List<KvmThread> Threads, bool Guessed)> groups, KvmThread vcpu)
    {
        int best = -1;
        for (int index = 0; index < groups.Count; index++)
        {
            (int process, List<KvmThread> own, _) = groups[index];
            bool above = process >= 0 ? vcpu.Number > process && vcpu.Number - process < Near : vcpu.Number - own[^1].Number < Near;
            // One VM has one kind of chips.
            bool others = own.Exists(one => one.HasPins) && vcpu.EoiExits || own.Exists(one => one.EoiExits) && vcpu.HasPins;
            bool fits = !others && (vcpu.Vcpu < 0 || own.TrueForAll(other => other.Role != ThreadRole.Vcpu || other.Vcpu != vcpu.Vcpu)
                && (own.FindLast(other => other.Role == ThreadRole.Vcpu && other.Vcpu >= 0) is not { } last || last.Vcpu < vcpu.Vcpu));
            if (above && fits)
                best = index;
        }
        if (best < 0 && groups.Count < Most)
            groups.Add((-1, [vcpu], true));
        else if (best >= 0)
        {
            groups[best].Threads.Add(vcpu);
            groups[best] = (groups[best].Process, groups[best].Threads, true);
        }
    }

    private static void Number(KvmVm vm, int highest)
    {
        KvmThread[] vcpus = [.. vm.Threads.Where(thread => thread.Role == ThreadRole.Vcpu)];
        KvmThread[] unnamed = [.. vcpus.Where(thread => thread.Vcpu < 0)];
        // Where all vCPUs but one are told, and none is above, the last thread is that one's.
        int[] left = [.. Enumerable.Range(0, vcpus.Length).Except(vcpus.Select(thread => thread.Vcpu))];
        if (unnamed is [var only] && left is [var vcpu] && highest < vcpus.Length)
            only.Runs(vcpu);
        foreach (KvmThread thread in vm.Threads)
            thread.Vm = vm.Number;
    }
}
