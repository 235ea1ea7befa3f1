namespace Wirq.Lab.Scenarios.Reading;

/// <summary>The purpose of a value.</summary>
internal enum ValueUse
{
    /// <summary>It is written; unnamed fields are zero.</summary>
    Write,
    /// <summary>It replaces the named fields.</summary>
    Change,
    /// <summary>It is compared in the named fields.</summary>
    Compare,
}

/// <summary>Reads values of registers: a number, a number under a mask, or fields by name.</summary>
internal static class RegisterValueReader
{
    /// <summary>Reads a value.</summary>
    /// <returns>The value, and its text.</returns>
    internal static (RegisterValue Value, string Text) Read(YamlNode node, RegisterName register, ValueUse use)
    {
        ulong all = register.Size == 8 ? ulong.MaxValue : (1ul << register.Size * 8) - 1;
        FieldMap? fields = RegisterFields.Of(register);
        if (node is YamlMapping map)
            return ReadFields(map, register, fields, use == ValueUse.Write ? all : 0);
        string expected = (use == ValueUse.Change ? "" : $"a number of {register.Size * 8} bits")
            + (use == ValueUse.Write ? "" : (use == ValueUse.Change ? "" : ", ") + "value/mask")
            + (fields is null ? "" : $" or fields in braces ({Words.Join(fields.Names)})");
        YamlScalar scalar = node.AsScalar(expected);
        int slash = scalar.Text.IndexOf('/', StringComparison.Ordinal);
        ulong mask = all;
        if (!Numbers.TryParse(scalar.Text.AsSpan(0, slash < 0 ? scalar.Text.Length : slash), out ulong bits)
            || (slash >= 0 && !Numbers.TryParse(scalar.Text.AsSpan(slash + 1), out mask))
            || (bits & ~all) != 0 || (mask & ~all) != 0
            || (use == ValueUse.Write && slash >= 0) || (use == ValueUse.Change && slash < 0))
            throw scalar.Expected(expected);
        if ((bits & ~mask) != 0)
            throw scalar.Expected("a value within its mask");
        return (new RegisterValue(bits, mask, NumberForms.Of(scalar.Text)), scalar.Text);
    }

    private static (RegisterValue Value, string Text) ReadFields(
        YamlMapping map, RegisterName register, FieldMap? fields, ulong mask)
    {
        if (fields is null)
            throw map.Expected($"a number; {register.Text} has no fields with names");
        if (map.Entries.Count == 0)
            throw map.Expected($"one or more of {Words.Join(fields.Names)}");
        ulong bits = 0, named = 0;
        var texts = new List<string>();
        foreach (YamlEntry entry in map.Entries)
        {
            Field field = fields.Find(entry.Key.Text) ?? throw Words.Unknown(entry.Key, fields.Names);
            if ((named & field.Mask) != 0)
                throw entry.Key.Expected("each bit once; another field here has bits of this one");
            (ulong placed, string text) = field.Read(entry.Value);
            bits |= placed;
            named |= field.Mask;
            texts.Add(text);
        }
        return (new RegisterValue(bits, named | mask, NumberForm.Fields), string.Join(' ', texts));
    }
}
