using System.Text.Json;
using System.Text.Json.Serialization;
using Mantle.Formats.Bytes;

namespace Mantle.ImageBuilder.Packages.Locking;

/// <summary>Times of the lock have one form only: <c>2026-11-21T09:15:44Z</c>.</summary>
internal sealed class UtcTimeConverter : JsonConverter<DateTimeOffset>
{
    /// <inheritdoc/>
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String
        && UtcTime.TryParse(reader.GetString(), out DateTimeOffset time)
            ? time
            : throw new JsonException("a time is not of the form \"2026-11-21T09:15:44Z\"");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(UtcTime.Text(value));
}
