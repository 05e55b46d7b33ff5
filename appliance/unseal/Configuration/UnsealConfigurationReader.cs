using System.Text.Json;
using Mantle.Formats.Bytes;

namespace Mantle.Unseal.Configuration;

/// <summary>Reads <see cref="UnsealConfiguration"/>. Process 1 has read the same file before and refuses what it does not know, so members that this program does not need are let pass here.</summary>
internal static class UnsealConfigurationReader
{
    internal const string Path = "/etc/mantle/appliance.json";

    /// <summary>Longest name of a file or a volume: the channel gives its length one byte, the file system no more.</summary>
    internal const int MaximumName = 255;

    private const string Format = "appliance.json";
    private const int MaximumLength = 256 * 1024;

    /// <exception cref="MalformedInputException">A member that is needed is missing or wrong.</exception>
    public static UnsealConfiguration Read(ReadOnlyMemory<byte> json)
    {
        if (json.Length > MaximumLength)
        {
            throw Malformed("it is too long");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new() { MaxDepth = 16 });
            JsonElement root = document.RootElement;
            JsonElement unseal = Member(root, "unseal", JsonValueKind.Object);
            SealedFile[] files = [.. List(unseal, "files").Select(file => new SealedFile(Name(file), Text(file, "source"), Text(file, "version")))];
            SealedVolume[] volumes = [.. List(unseal, "volumes").Where(IsEncrypted).Select(volume => new SealedVolume(Name(volume), Text(volume, "version")))];
            KmsConfiguration? kms = unseal.TryGetProperty("kms", out JsonElement key) && key.ValueKind != JsonValueKind.Null ? ReadKms(key) : null;
            return files.Select(file => file.Name).Distinct(StringComparer.Ordinal).Count() != files.Length
                || volumes.Select(volume => volume.Name).Distinct(StringComparer.Ordinal).Count() != volumes.Length ? throw Malformed("a name is given twice")
                : kms is null && (files.Length > 0 || volumes.Length > 0) ? throw Malformed("\"unseal.kms\" is missing")
                : new(Text(root, "name"), UserId(Member(root, "service", JsonValueKind.Object)), kms, files, volumes);
        }
        catch (JsonException e)
        {
            throw new MalformedInputException(Format, e.BytePositionInLine ?? 0, "it is not JSON");
        }
        catch (InvalidOperationException)
        {
            throw Malformed("a text is not Unicode");
        }
    }

    private static KmsConfiguration ReadKms(JsonElement kms)
    {
        if (kms.ValueKind != JsonValueKind.Object)
        {
            throw Malformed("\"unseal.kms\" is no object");
        }

        string region = Text(kms, "region");
        if (!region.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-'))
        {
            throw Malformed("\"unseal.kms.region\" is no region");
        }

        Uri? endpoint = null;
        if (kms.TryGetProperty("endpoint", out JsonElement given) && given.ValueKind != JsonValueKind.Null
            && (!Uri.TryCreate(Text(kms, "endpoint"), UriKind.Absolute, out endpoint) || endpoint.Scheme != Uri.UriSchemeHttps || endpoint.PathAndQuery != "/" || endpoint.UserInfo.Length > 0))
        {
            throw Malformed("\"unseal.kms.endpoint\" is not https, host and port");
        }

        return new(region, endpoint, Text(kms, "certificates"));
    }

    private static bool IsEncrypted(JsonElement volume) =>
        volume.ValueKind == JsonValueKind.Object && volume.TryGetProperty("encrypted", out JsonElement value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : throw Malformed("\"encrypted\" is missing");

    private static uint UserId(JsonElement service) =>
        Member(service, "user_id", JsonValueKind.Number).TryGetUInt32(out uint id) && id != 0 ? id : throw Malformed("\"service.user_id\" is no account");

    private static string Name(JsonElement element) => Text(element, "name") is { Length: <= MaximumName } name && name.All(letter => letter is > ' ' and < '\x7f')
        ? name : throw Malformed("\"name\" is too long, or not ASCII");

    private static IEnumerable<JsonElement> List(JsonElement parent, string name) => Member(parent, name, JsonValueKind.Array).EnumerateArray();

    private static string Text(JsonElement parent, string name) =>
        Member(parent, name, JsonValueKind.String).GetString() is { Length: > 0 } text ? text : throw Malformed($"\"{name}\" is empty");

    private static JsonElement Member(JsonElement parent, string name, JsonValueKind kind) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out JsonElement member) && member.ValueKind == kind
            ? member
            : throw Malformed($"\"{name}\" is missing or of the wrong type");

    private static MalformedInputException Malformed(string problem) => new(Format, 0, problem);
}
