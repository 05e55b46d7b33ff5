using System.Text.Json.Serialization;

namespace Mantle.Init.Configuration;

/// <summary>What the machine unseals before its service starts, and who does it (docs/unsealing.md).</summary>
/// <param name="Executable">Absolute path of the program that attests and asks KMS.</param>
/// <param name="UserId">The user it runs as; not the service's.</param>
/// <param name="GroupId">Its only group; not the service's.</param>
/// <param name="StatusPort">TCP port on which PID 1 tells the stage code; null: none.</param>
/// <param name="Attempts">How often everything is tried, 1 to 100.</param>
/// <param name="OnFailure">What the machine does after the last attempt.</param>
/// <param name="Kms">Where the key service is; null: nothing is encrypted.</param>
/// <param name="Files">Secrets for the service.</param>
/// <param name="Volumes">Data volumes.</param>
internal sealed record UnsealConfiguration(
    [property: JsonPropertyName("exec")] string Executable,
    [property: JsonPropertyName("user_id")] uint UserId,
    [property: JsonPropertyName("group_id")] uint GroupId,
    [property: JsonPropertyName("status_port")] int? StatusPort,
    [property: JsonPropertyName("attempts")] int Attempts,
    [property: JsonPropertyName("on_failure")] MachineEnd OnFailure,
    [property: JsonPropertyName("kms")] KmsConfiguration? Kms,
    [property: JsonPropertyName("files")] IReadOnlyList<SecretFileConfiguration> Files,
    [property: JsonPropertyName("volumes")] IReadOnlyList<VolumeConfiguration> Volumes);

/// <summary>The key service. PID 1 uses none of it; the unsealing program does.</summary>
/// <param name="Region">For example <c>us-east-1</c>.</param>
/// <param name="Endpoint">An https address; null: the region's own.</param>
/// <param name="Certificates">Absolute path of the roots that its TLS certificate must lead to, PEM.</param>
internal sealed record KmsConfiguration(
    [property: JsonPropertyName("region")] string Region,
    [property: JsonPropertyName("endpoint")] string? Endpoint,
    [property: JsonPropertyName("certificates")] string Certificates);

/// <summary>A secret that the service finds as <c>/run/secrets/NAME</c>.</summary>
/// <param name="Name">1 to 63 of a-z, 0-9, dot, hyphen and underscore, the first a letter or digit.</param>
/// <param name="Source">Absolute path of the sealed file.</param>
/// <param name="Version">Part of the encryption context.</param>
internal sealed record SecretFileConfiguration(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("source")] string Source,
    [property: JsonPropertyName("version")] string Version);

/// <summary>A volume that the service finds mounted at <c>/run/volumes/NAME</c>.</summary>
/// <param name="Name">As a secret's.</param>
/// <param name="RootHash">64 lower-case hexadecimal digits: what every block of it leads to.</param>
/// <param name="Version">Part of the encryption context.</param>
/// <param name="Encrypted">Whether it is encrypted below verity.</param>
internal sealed record VolumeConfiguration(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("root_hash")] string RootHash,
    [property: JsonPropertyName("version")] string Version,
    [property: JsonPropertyName("encrypted")] bool Encrypted);
