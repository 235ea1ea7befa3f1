using System.Text.Json;

namespace Wirq.Traces.Snapshots;

/// <summary>Writes a saved state for a program. A value stands with the byte of the file that holds it; what is not known is
/// null.</summary>
internal static class StateJson
{
    internal static void Write(SnapshotState state, Stream output)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("format", state.Format);
        json.WriteString("what", state.What);
        json.WriteEach("pics", state.Pics, static (json, pic) =>
        {
            Told(json, "irr", pic.Irr);
            Told(json, "imr", pic.Imr);
            Told(json, "isr", pic.Isr);
            Told(json, "elcr", pic.Elcr);
            Told(json, "lines", pic.Lines);
            Told(json, "base", pic.Base);
            Told(json, "first", pic.First);
            Told(json, "autoEoi", pic.AutoEoi);
            Told(json, "specialMask", pic.SpecialMask);
        });
        json.WriteEach("ioApics", state.IoApics, static (json, chip) =>
        {
            Told(json, "id", chip.Id);
            Told(json, "asking", chip.Asking);
            json.WriteEach("entries", chip.Entries, static (json, entry) => Told(json, "bits", entry));
        });
        json.WriteEach("cpus", state.Cpus, Write);
        json.WriteEach("buses", state.Buses, static (json, bus) =>
        {
            json.WriteString("name", bus.Name);
            json.WriteEach("lines", bus.Counts, static (json, count) =>
            {
                if (count.IsKnown)
                    json.WriteNumber("count", count.Value);
                else
                    json.WriteNull("count");
            });
        });
        json.WriteEach("functions", state.Functions, Write);
        if (state.Remapper is { } unit)
        {
            json.WriteStartObject("remapper");
            json.WriteString("name", unit.Name);
            Flag(json, "enabled", unit.Enabled);
            Told(json, "table", unit.Table);
            json.WriteEndObject();
        }
        json.WriteEach("limits", state.Limits, static (json, limit) => json.WriteString("what", limit.What));
        json.WriteEndObject();
        json.Flush();
        output.WriteByte((byte)'\n');
    }

    private static void Write(Utf8JsonWriter json, SavedCpu cpu)
    {
        json.WriteNumber("cpu", cpu.Number);
        Told(json, "id", cpu.Id);
        Flag(json, "halted", cpu.Halted);
        Flag(json, "interruptFlag", cpu.InterruptFlag);
        Flag(json, "signalled", cpu.Signalled);
        Told(json, "apicBase", cpu.Base);
        Told(json, "svr", cpu.Spurious);
        Told(json, "tpr", cpu.Tpr);
        Told(json, "lint0", cpu.Lint0);
        Vectors(json, "irr", cpu.Irr);
        Vectors(json, "isr", cpu.Isr);
        Vectors(json, "tmr", cpu.Tmr);
    }

    private static void Write(Utf8JsonWriter json, SavedFunction function)
    {
        json.WriteString("name", function.Name);
        Told(json, "intx", function.Intx);
        if (function.Msix is not { } msix)
            return;
        json.WriteStartObject("msix");
        Flag(json, "enabled", msix.Enabled);
        Flag(json, "functionMasked", msix.FunctionMasked);
        json.WriteEach("vectors", msix.Entries, static (json, one) =>
        {
            json.WriteHex("address", one.Message.Address.Bits);
            json.WriteHex("data", one.Message.Data.Bits);
            json.WriteBoolean("masked", one.Masked);
            json.WriteBoolean("pending", one.Pending);
            json.WriteNumber("byte", one.Place.Offset);
        });
        json.WriteEndObject();
    }

    private static void Told<T>(Utf8JsonWriter json, string name, Told<T> told)
        where T : struct, IConvertible
    {
        if (told.IsKnown)
            Value(json, name, told.Place!, json => json.WriteHex("value", told.Value.ToUInt64(null)));
        else
            json.WriteNull(name);
    }

    private static void Flag(Utf8JsonWriter json, string name, Told<bool> told)
    {
        if (told.IsKnown)
            Value(json, name, told.Place!, json => json.WriteBoolean("value", told.Value));
        else
            json.WriteNull(name);
    }

    private static void Vectors(Utf8JsonWriter json, string name, Told<Vectors256> told)
    {
        if (told.IsKnown)
            Value(json, name, told.Place!, json => json.WriteVectors("value", [.. StateText.Members(told.Value).Select(vector => (byte)vector)]));
        else
            json.WriteNull(name);
    }

    private static void Value(Utf8JsonWriter json, string name, ValuePlace place, Action<Utf8JsonWriter> write)
    {
        json.WriteStartObject(name);
        write(json);
        Write(json, place);
        json.WriteEndObject();
    }

    /// <summary>Writes where a value stands.</summary>
    internal static void Write(Utf8JsonWriter json, ValuePlace place)
    {
        json.WriteString("device", place.Device);
        json.WriteString("field", place.Field);
        if (place.File is not null)
            json.WriteString("file", place.File);
        json.WriteNumber(place.Line > 0 ? "line" : "byte", place.Line > 0 ? place.Line : place.Offset);
    }
}
