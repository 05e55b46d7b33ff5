using System.Buffers;
using System.Text.Json;

namespace Mantle.Measure.Connection;

/// <summary>What to ask a verified appliance.</summary>
public sealed record Prompt
{
    /// <summary>The text.</summary>
    public required string Text { get; init; }

    /// <summary>The model, or null for the first that the appliance lists.</summary>
    public string? Model { get; init; }

    /// <summary>Most tokens of the answer, or null for the service's own limit.</summary>
    public int? MaximumTokens { get; init; }

    /// <summary>Whether to take the answer as it is made.</summary>
    public bool IsStream { get; init; }

    /// <summary>Longest time for the whole answer.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(5);

    internal ReadOnlyMemory<byte> ToJson(string model)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteString("model", model);
            json.WriteString("input", Text);
            if (MaximumTokens is { } maximum)
            {
                json.WriteNumber("max_output_tokens", maximum);
            }

            json.WriteBoolean("stream", IsStream);
            json.WriteBoolean("store", false);
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
