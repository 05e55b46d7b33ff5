using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mantle.Init.Configuration;

/// <summary>
/// The generated reader. <see cref="JsonSerializerDefaults.Strict"/>: unknown and repeated members, missing ones, null where
/// there is no <c>?</c> and another letter case are errors.
/// </summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, GenerationMode = JsonSourceGenerationMode.Metadata, MaxDepth = 8)]
[JsonSerializable(typeof(ApplianceConfiguration))]
internal sealed partial class ApplianceConfigurationJson : JsonSerializerContext;
