using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mantle.Init.Configuration;

/// <summary>
/// Reads a choice by its exact name. The library's own converter would also take a number, another letter case, blanks around
/// the name, and several names at once.
/// </summary>
/// <param name="choices">Every name and what it means.</param>
internal abstract class ChoiceConverter<TChoice>((string Name, TChoice Choice)[] choices) : JsonConverter<TChoice>
{
    /// <inheritdoc/>
    public override TChoice Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            foreach ((string name, TChoice choice) in choices)
            {
                if (reader.ValueTextEquals(name))
                {
                    return choice;
                }
            }
        }

        throw new JsonException();
    }

    /// <summary>Not needed: the builder writes the file.</summary>
    public override void Write(Utf8JsonWriter writer, TChoice value, JsonSerializerOptions options) => throw new NotSupportedException();
}

/// <summary>Names of <see cref="NetworkMode"/>.</summary>
internal sealed class NetworkModeConverter() : ChoiceConverter<NetworkMode>([("none", NetworkMode.None), ("dhcp", NetworkMode.Dhcp)]);

/// <summary>Names of <see cref="RestartMode"/>.</summary>
internal sealed class RestartModeConverter()
    : ChoiceConverter<RestartMode>([("always", RestartMode.Always), ("on-failure", RestartMode.OnFailure), ("never", RestartMode.Never)]);

/// <summary>Names of <see cref="MachineEnd"/>.</summary>
internal sealed class MachineEndConverter() : ChoiceConverter<MachineEnd>([("reboot", MachineEnd.Reboot), ("power-off", MachineEnd.PowerOff)]);
