using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Wirq.Traces.Recordings;

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(RecordingHeader))]
internal sealed partial class RecordingJson : JsonSerializerContext;

/// <summary>How the header of a recording is read.</summary>
/// <remarks>Every field is written that is not null, and every field that cannot be null is demanded: one that a header
/// lacks would be taken for zero, which is another machine. So a field that comes later must allow null, or come with
/// another version of the format.</remarks>
internal static class StrictHeader
{
    internal static JsonTypeInfo<RecordingHeader> Type { get; } =
        (JsonTypeInfo<RecordingHeader>)new JsonSerializerOptions(RecordingJson.Default.Options)
        {
            AllowDuplicateProperties = false,
            TypeInfoResolver = RecordingJson.Default.WithAddedModifier(Demand),
        }.GetTypeInfo(typeof(RecordingHeader));

    private static void Demand(JsonTypeInfo type)
    {
        foreach (JsonPropertyInfo property in type.Properties)
        {
            property.IsRequired = property.PropertyType.IsValueType
                ? Nullable.GetUnderlyingType(property.PropertyType) is null : !property.IsSetNullable;
        }
    }
}
