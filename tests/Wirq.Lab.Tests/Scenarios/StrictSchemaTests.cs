using System.Text.Json;
using Wirq.Tests.Shared;

namespace Wirq.Lab.Tests.Scenarios;

/// <summary>The schema is clean for validators that are strict about schemas, as ajv is: each keyword is known and belongs to
/// the type that is declared, and what is required is defined beside it.</summary>
public sealed class StrictSchemaTests
{
    private static readonly Dictionary<string, string> TypeOf = new()
    {
        ["properties"] = "object", ["required"] = "object", ["additionalProperties"] = "object", ["patternProperties"] = "object",
        ["propertyNames"] = "object", ["minProperties"] = "object", ["maxProperties"] = "object",
        ["items"] = "array", ["uniqueItems"] = "array", ["minItems"] = "array", ["maxItems"] = "array",
        ["pattern"] = "string", ["minLength"] = "string", ["maxLength"] = "string", ["minimum"] = "number", ["maximum"] = "number",
    };

    private static readonly string[] Others =
        ["$schema", "$ref", "$defs", "title", "description", "type", "enum", "const", "anyOf", "oneOf", "allOf", "not", "default", "examples"];

    [Fact]
    public void Every_keyword_is_known_and_has_its_type_and_what_is_required_is_defined()
    {
        using JsonDocument schema = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("scenarios/schema.json")));
        var wrong = new List<string>();
        Look(schema.RootElement, "#", null, wrong);
        Assert.Empty(wrong);
    }

    [Theory]
    [InlineData("""{ "anyOf": [{ "required": ["steps"] }] }""", "#/anyOf/0: steps is required and not defined", "#/anyOf/0: required without type object")]
    [InlineData("""{ "propertyNames": { "pattern": "x" } }""", "#: propertyNames without type object")]
    [InlineData("""{ "type": "string", "patern": "x" }""", "#: patern is no keyword")]
    public void What_is_not_clean_is_found(string text, params string[] expected)
    {
        using JsonDocument schema = JsonDocument.Parse(text);
        var wrong = new List<string>();
        Look(schema.RootElement, "#", null, wrong);
        Assert.Equal(expected.Order(StringComparer.Ordinal), wrong.Order(StringComparer.Ordinal));
    }

    /// <param name="schema">A schema.</param>
    /// <param name="at">Where it stands.</param>
    /// <param name="type">The type that a schema of the same value declares around it.</param>
    /// <param name="wrong">What was found.</param>
    private static void Look(JsonElement schema, string at, string? type, List<string> wrong)
    {
        // true and false are schemas.
        if (schema.ValueKind != JsonValueKind.Object)
            return;
        type = schema.TryGetProperty("type", out JsonElement own) ? own.GetString() : type;
        foreach (JsonProperty keyword in schema.EnumerateObject())
        {
            string place = $"{at}/{keyword.Name}";
            if (TypeOf.TryGetValue(keyword.Name, out string? needed))
            {
                // An integer is a number.
                if (type != needed && !(type == "integer" && needed == "number"))
                    wrong.Add($"{at}: {keyword.Name} without type {needed}");
            }
            else if (!Others.Contains(keyword.Name))
            {
                wrong.Add($"{at}: {keyword.Name} is no keyword");
            }
            switch (keyword.Name)
            {
                case "required":
                    wrong.AddRange(keyword.Value.EnumerateArray().Select(name => name.GetString()!)
                        .Where(name => !schema.TryGetProperty("properties", out JsonElement defined) || !defined.TryGetProperty(name, out _))
                        .Select(name => $"{at}: {name} is required and not defined"));
                    break;
                case "properties" or "patternProperties" or "$defs":
                    foreach (JsonProperty inner in keyword.Value.EnumerateObject())
                        Look(inner.Value, $"{place}/{inner.Name}", null, wrong);
                    break;
                case "anyOf" or "oneOf" or "allOf":
                    foreach ((int index, JsonElement inner) in keyword.Value.EnumerateArray().Index())
                        Look(inner, $"{place}/{index}", type, wrong);
                    break;
                case "not":
                    Look(keyword.Value, place, type, wrong);
                    break;
                case "propertyNames":
                    Look(keyword.Value, place, "string", wrong);
                    break;
                case "items" or "additionalProperties":
                    Look(keyword.Value, place, null, wrong);
                    break;
            }
        }
    }
}
