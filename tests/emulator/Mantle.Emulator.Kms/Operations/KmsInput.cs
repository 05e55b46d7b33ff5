using System.Text.Json;

namespace Mantle.Emulator.Kms.Operations;

/// <summary>The members of a request's body.</summary>
/// <param name="body">The object.</param>
internal sealed class KmsInput(JsonElement body)
{
    public string? Text(string name) => Find(name, JsonValueKind.String)?.GetString();

    public string RequiredText(string name) => Text(name) ?? throw Missing(name);

    public bool Flag(string name) => body.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    public int? Number(string name) => Find(name, JsonValueKind.Number)?.GetInt32();

    public int Number(string name, int least, int most, int fallback)
    {
        int number = Number(name) ?? fallback;
        return number >= least && number <= most ? number
            : throw KmsErrorException.Validation($"1 validation error detected: Value at '{name}' failed to satisfy constraint: Member must be between {least} and {most}");
    }

    public byte[] RequiredBytes(string name, int most) => Bytes(name, most) ?? throw Missing(name);

    public byte[]? Bytes(string name, int most)
    {
        if (Find(name, JsonValueKind.String) is not { } value)
        {
            return null;
        }

        byte[] bytes = value.TryGetBytesFromBase64(out byte[]? decoded) ? decoded : throw new KmsErrorException("SerializationException", $"{name} is no base64.");
        return bytes.Length >= 1 && bytes.Length <= most ? bytes
            : throw KmsErrorException.Validation($"1 validation error detected: Value at '{name}' failed to satisfy constraint: Member must have length less than or equal to {most}");
    }

    public IReadOnlyList<string> Texts(string name) => Find(name, JsonValueKind.Array)?.EnumerateArray().Select(item => item.GetString()!).ToArray() ?? [];

    public IReadOnlyList<KmsInput> Objects(string name) => Find(name, JsonValueKind.Array)?.EnumerateArray().Select(item => new KmsInput(item)).ToArray() ?? [];

    public KmsInput? Object(string name) => Find(name, JsonValueKind.Object) is { } value ? new(value) : null;

    public IReadOnlyDictionary<string, string>? Pairs(string name) =>
        Find(name, JsonValueKind.Object)?.EnumerateObject().ToDictionary(member => member.Name, member => member.Value.GetString()!, StringComparer.Ordinal);

    private static KmsErrorException Missing(string name) =>
        KmsErrorException.Validation($"1 validation error detected: Value null at '{char.ToLowerInvariant(name[0])}{name[1..]}' failed to satisfy constraint: Member must not be null");

    private JsonElement? Find(string name, JsonValueKind kind)
    {
        if (!body.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.ValueKind == kind ? value : throw new KmsErrorException("SerializationException", $"{name} has the wrong type.");
    }
}
