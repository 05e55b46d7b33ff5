using System.Buffers;
using System.Text;
using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;

namespace Mantle.Formats.Tcg;

/// <summary>One record of a canonical event log: number, register, digests, and a content of one of the known types.</summary>
internal sealed record CanonicalRecord(
    ulong? Number, uint Register, EventType Type, IReadOnlyList<TpmDigest> Digests, ReadOnlyMemory<byte> Data, long Offset)
{
    private const int MaximumBanks = 16;
    private static readonly SearchValues<char> s_hex = SearchValues.Create("0123456789abcdefABCDEF");

    public static CanonicalRecord Read(JsonElement json, long offset)
    {
        MalformedInputException Malformed(string problem) => new(CanonicalEventLogReader.Format, offset, problem);

        if (json.ValueKind != JsonValueKind.Object)
        {
            throw Malformed("a record is no object");
        }

        ulong? number = null;
        uint? register = null;
        List<TpmDigest>? digests = null;
        string? contentType = null;
        JsonElement content = default;
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (JsonProperty property in json.EnumerateObject())
        {
            if (!seen.Add(property.Name))
            {
                throw Malformed("a member of a record comes twice");
            }

            switch (property.Name)
            {
                case "recnum":
                    number = property.Value.ValueKind == JsonValueKind.Number && property.Value.TryGetUInt64(out ulong own) ? own : throw Malformed("recnum is no number");
                    break;
                case "pcr":
                    register = property.Value.ValueKind == JsonValueKind.Number && property.Value.TryGetUInt32(out uint pcr) ? pcr : throw Malformed("pcr is no number");
                    break;
                case "digests":
                    digests = ReadDigests(property.Value, Malformed);
                    break;
                case "content_type":
                    contentType = property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString() : throw Malformed("content_type is no text");
                    break;
                case "content":
                    content = property.Value;
                    break;
                default:
                    throw Malformed("a record has a member that is not known");
            }
        }

        if (digests is null || contentType is null || register is null)
        {
            throw Malformed("a record lacks pcr, digests or content_type");
        }

        (EventType type, byte[] data) = ReadContent(contentType, content, Malformed);
        return register < PcrValues.RegisterCount || (type == EventType.NoAction && register == uint.MaxValue)
            ? new(number, register.Value, type, digests, data, offset)
            : throw Malformed($"register {register} of 0 to {PcrValues.RegisterCount - 1}");
    }

    private static List<TpmDigest> ReadDigests(JsonElement json, Func<string, Exception> malformed)
    {
        if (json.ValueKind != JsonValueKind.Array || json.GetArrayLength() > MaximumBanks)
        {
            throw malformed("digests are no array, or too many");
        }

        List<TpmDigest> digests = [];
        foreach (JsonElement digest in json.EnumerateArray())
        {
            if (digest.ValueKind != JsonValueKind.Object
                || !digest.TryGetProperty("hashAlg", out JsonElement name) || name.ValueKind != JsonValueKind.String
                || !digest.TryGetProperty("digest", out JsonElement value) || value.ValueKind != JsonValueKind.String)
            {
                throw malformed("a digest lacks hashAlg or digest");
            }

            if (!TpmHash.TryParse(name.GetString()!, out TpmAlgorithm bank))
            {
                throw malformed("a digest is of an algorithm that is none of sha1, sha256, sha384, sha512");
            }

            byte[] bytes = Hex(value.GetString()!, malformed);
            if (bytes.Length != bank.DigestSize() || digests.Exists(other => other.Algorithm == bank))
            {
                throw malformed($"a {bank.Name()} digest has {bytes.Length} bytes, or comes twice");
            }

            digests.Add(new(bank, bytes));
        }

        return digests;
    }

    /// <summary>
    /// <c>pcclient_std</c> is firmware's event; <c>systemd</c> is what systemd's user space measures, whose text is what was hashed. Other content,
    /// such as IMA's, extends as well and is kept as opaque JSON.
    /// </summary>
    private static (EventType Type, byte[] Data) ReadContent(string contentType, JsonElement content, Func<string, Exception> malformed)
    {
        if (contentType != "pcclient_std")
        {
            bool isText = content.ValueKind == JsonValueKind.Object && content.TryGetProperty("string", out JsonElement text) && text.ValueKind == JsonValueKind.String;
            string data = isText ? content.GetProperty("string").GetString()! : content.ValueKind == JsonValueKind.Undefined ? "" : content.GetRawText();
            return (EventType.Ipl, Encoding.UTF8.GetBytes(data));
        }

        if (content.ValueKind != JsonValueKind.Object || !content.TryGetProperty("event_type", out JsonElement type))
        {
            throw malformed("the content lacks event_type");
        }

        EventType eventType = default;
        bool isKnown = type.ValueKind switch
        {
            JsonValueKind.Number => type.TryGetUInt32(out uint value) && (eventType = (EventType)value) == (EventType)value,
            JsonValueKind.String => EventTypeNames.TryParse(type.GetString()!, out eventType),
            _ => false,
        };
        byte[] bytes = content.TryGetProperty("event_data", out JsonElement hex)
            ? Hex(hex.ValueKind == JsonValueKind.String ? hex.GetString()! : throw malformed("event_data is no text"), malformed)
            : [];
        return isKnown ? (eventType, bytes) : throw malformed("event_type is not known");
    }

    private static byte[] Hex(string text, Func<string, Exception> malformed) =>
        text.Length % 2 == 0 && !text.AsSpan().ContainsAnyExcept(s_hex) ? Convert.FromHexString(text) : throw malformed("a value is not hex");
}
