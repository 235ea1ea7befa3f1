namespace Wirq.Lab.Scenarios.Reading;

/// <summary>Reads <c>ipi</c> as a value of the ICR.</summary>
internal static class InterruptCommandReader
{
    internal static (CpuCommand Command, string Text) Read(YamlNode node)
    {
        FieldMap fields = RegisterFields.InterruptCommand;
        YamlMapping map = node.AsMapping($"a map of {Words.Join(fields.Names)}").Only(fields.Names);
        ulong bits = 0;
        var texts = new List<string>();
        foreach (YamlEntry entry in map.Entries)
        {
            (ulong placed, string text) = fields.Find(entry.Key.Text)!.Read(entry.Value);
            bits |= placed;
            texts.Add(text);
        }
        // All but INIT level de-assert assert (Intel SDM vol. 3, 11.6.1).
        if (map["assert"] is null)
            bits |= fields.Find("assert")!.Mask;
        if (map["to"] is null && (bits & fields.Find("shorthand")!.Mask) == 0)
            throw new ScenarioException(map.At, "ipi without to", "to, or a shorthand (self, all, others)");
        if (map["vector"] is null && ModeOf(bits) is DeliveryMode.Fixed or DeliveryMode.LowestPriority or DeliveryMode.StartUp)
            throw new ScenarioException(map.At, "ipi without vector", "vector");
        return (new IpiCommand(bits), "sends an IPI: " + string.Join(' ', texts));
    }

    private static DeliveryMode ModeOf(ulong bits) => (DeliveryMode)(bits >> 8 & 7);
}
