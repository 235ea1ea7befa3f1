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
/// <remarks>Every field that is not null is written, and every field that cannot be null is required: a missing field
/// would be read as zero, which means another machine. The exception is flags that are off by default, because zero
/// means off. So a new field must be such a flag, or allow null, or come with another version of the format.</remarks>
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
        // A property that is not written is not a field: a header that contains it is refused.
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
