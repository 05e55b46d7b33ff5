using System.Text.Json.Serialization;

namespace Mantle.Service;

/// <summary>The answer of <c>/healthz</c>.</summary>
internal sealed record Health(string Status);

/// <summary>The answer of <c>/v1/measurements</c>: bank name, then PCR index, then digest in lower-case hexadecimal.</summary>
internal sealed record Measurements(int Version, OrderedDictionary<string, OrderedDictionary<string, string>> Banks);

/// <summary>What any other answer says.</summary>
internal sealed record Refusal(string Error);

/// <summary>Serializers made by the compiler: the program has no reflection to make them with.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(Health))]
[JsonSerializable(typeof(Measurements))]
[JsonSerializable(typeof(Refusal))]
internal sealed partial class AnswerContext : JsonSerializerContext;
