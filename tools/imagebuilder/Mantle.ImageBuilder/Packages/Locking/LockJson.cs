using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mantle.ImageBuilder.Packages.Locking;

/// <summary>The JSON form of the lock: two blanks of indentation, LF, no escapes that JSON does not demand, nothing unknown and nothing twice.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    IndentSize = 2,
    NewLine = "\n",
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(LockFile))]
[JsonSerializable(typeof(LockInputs))]
internal sealed partial class LockJson : JsonSerializerContext
{
    /// <summary>The context with the encoder that writes <c>+</c> and <c>&gt;</c> as they are; the file is never put into a web page.</summary>
    public static LockJson Canonical => Holder.Context;

    // Apart, so that the generated part's fields are initialised first.
    private static class Holder
    {
        public static LockJson Context { get; } = new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }
}
