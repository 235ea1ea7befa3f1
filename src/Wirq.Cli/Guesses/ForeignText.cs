using System.Text;
using System.Text.RegularExpressions;
using Wirq.Traces.Qemu.Packed;

namespace Wirq.Cli.Guesses;

/// <summary>Texts that are not logs of QEMU's events. They are checked after a command has found no event in them.</summary>
internal static partial class ForeignText
{
    private const string Instead = "Instead, " + Typed.RecordAndAsk;

    /// <summary>The answer about a text; null if there is nothing to add.</summary>
    internal static string? Answer(string verb, string file, byte[] head)
    {
        string text = TextOf(head);
        if (verb is "run" or "boot")
            return Event().IsMatch(text) ? $"{Typed.Shown(file)}: it is a log of QEMU's events. Type: {Typed.Line("why", file)}" : null;
        // What why and replay say of KVM's events needs no guess.
        if (Event().IsMatch(text) || verb is "why" or "replay" && KvmEvent().IsMatch(text))
            return null;
        // Why reads counts, state and a kernel's log. Where it has read none of them, a likeness does not help.
        bool replays = verb == "replay";
        string? told = Scenario().IsMatch(text) ? $"it is a scenario. Type: {Typed.Line("run", file)}"
            : replays && Counts().IsMatch(text) ? $"it is /proc/interrupts, which has counts, and no events to replay. Type: {Typed.Line("why", file)}"
            : replays && Monitor().IsMatch(text) ? $"it is what QEMU's monitor prints (info pic, info lapic): state, and no events to replay. Type: {Typed.Line("why", file)}"
            : Tracer().IsMatch(text) ? "it is a trace of the host's kernel without KVM's events. Type: trace-cmd record -e kvm ; then type: wirq why trace.dat"
            : Libvirt().IsMatch(text) ? "it is libvirt's log of a guest: it has QEMU's command line, and no events. Add the options by "
                + $"<qemu:commandline>. {Instead}"
            : replays && GuestLog().IsMatch(text) ? $"it is a kernel's log (dmesg, a guest's console), and has no events to replay. Type: {Typed.Line("why", file)}"
            : Code().IsMatch(text) ? "it is of -d in_asm, exec or cpu: code that ran, and no events. " + Instead
            : text.Length == 0 || text.Contains('\0', StringComparison.Ordinal) ? Instead
            : $"It has no event of -trace 'ioapic_*', 'apic_*' or 'pic_*'. {Instead}";
        return $"{Typed.Shown(file)}: {told}";
    }

    /// <summary>What comes before the end of the head, or before damage, is enough.</summary>
    private static string TextOf(byte[] head) => Encoding.Latin1.GetString(TextHead.Read(new MemoryStream(head), head.Length));

    [GeneratedRegex(@"(^|[\s:])(ioapic|apic|pic|x86_gsi|x86_pic|vtd|cpu_get_apic|cpu_set_apic|kvm_irqchip)_[a-z_]+ |Servicing hardware INT|^ *[0-9]+: v=[0-9a-f]{2} ",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Event();

    [GeneratedRegex(@"^(steps|machine|handlers|expect):", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Scenario();

    [GeneratedRegex(@"^ +CPU0[\s\S]*(IO-APIC|XT-PIC|PCI-MSI|Local timer)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Counts();

    [GeneratedRegex(@"dumping local APIC state|^ioapic[0-9]*: (ver|sel)|^pic[01]: irr=", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Monitor();

    [GeneratedRegex("^# tracer:", RegexOptions.Multiline)]
    private static partial Regex Tracer();

    [GeneratedRegex(@"[: ]kvm:?_?[a-z_]*: |\bkvm_(set_irq|ioapic_set_irq|pic_set_irq|msi_set_irq|apic_accept_irq|inj_virq|eoi|exit|entry)\b",
        RegexOptions.ExplicitCapture)]
    private static partial Regex KvmEvent();

    [GeneratedRegex(@"starting up libvirt version|^LC_ALL=C |-object.*secret,id=masterKey", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Libvirt();

    [GeneratedRegex(@"^\[ *[0-9]+\.[0-9]+\] |Linux version |nobody cared", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex GuestLog();

    [GeneratedRegex(@"^IN: |^Trace [0-9]+: 0x|^[RE]AX=[0-9a-f]+ ", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Code();
}
