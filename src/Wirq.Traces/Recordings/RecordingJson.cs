using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Wirq.Remapping.VtD;
using Wirq.Routing;

namespace Wirq.Traces.Recordings;

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(RecordingHeader))]
internal sealed partial class RecordingJson : JsonSerializerContext;

/// <summary>How the header of a recording is read.</summary>
/// <remarks>Every field is written that is not null, and every field that cannot be null is demanded: one that a header
/// lacks would be taken for zero, which is another machine. But for flags that are off by default, which is what zero
/// says: a field that comes later is such a flag, or allows null, or comes with another version of the format.</remarks>
internal static class StrictHeader
{
    private static readonly object[] s_usual =
    [
        new RecordingHeader(), new FabricOptions(), new LocalApicOptions(), new IoApicOptions(), new PicOptions(), new VtdOptions(),
        new RoutingOptions(), new KernelLimits(), new RemapperFacts(),
    ];

    internal static JsonTypeInfo<RecordingHeader> Type { get; } =
        (JsonTypeInfo<RecordingHeader>)new JsonSerializerOptions(RecordingJson.Default.Options)
        {
            AllowDuplicateProperties = false,
            TypeInfoResolver = RecordingJson.Default.WithAddedModifier(Demand),
        }.GetTypeInfo(typeof(RecordingHeader));

    private static void Demand(JsonTypeInfo type)
    {
        // What is not written is no field: a header that names it is refused.
        for (int i = type.Properties.Count - 1; i >= 0; i--)
        {
            if (type.Properties[i] is { Get: null, Set: null })
                type.Properties.RemoveAt(i);
        }
        object? usual = Array.Find(s_usual, one => one.GetType() == type.Type);
        foreach (JsonPropertyInfo property in type.Properties)
        {
            property.IsRequired = !property.PropertyType.IsValueType ? !property.IsSetNullable
                : Nullable.GetUnderlyingType(property.PropertyType) is null
                    && !(usual is not null && property.Get?.Invoke(usual) is false);
        }
    }
}
