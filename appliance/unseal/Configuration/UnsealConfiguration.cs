namespace Mantle.Unseal.Configuration;

/// <summary>What of /etc/mantle/appliance.json this program needs. The file is in the measured root.</summary>
/// <param name="Appliance">The recipe's name.</param>
/// <param name="ServiceUserId">Whose requests the broker answers.</param>
/// <param name="Kms">Null when nothing needs a key.</param>
/// <param name="Files">Secret files, sealed in the image.</param>
/// <param name="Volumes">Encrypted volumes; plain ones are none of this program's business.</param>
internal sealed record UnsealConfiguration(
    string Appliance, uint ServiceUserId, KmsConfiguration? Kms, IReadOnlyList<SealedFile> Files, IReadOnlyList<SealedVolume> Volumes);

/// <summary>Where KMS is.</summary>
/// <param name="Region">AWS's name of the region.</param>
/// <param name="Endpoint">Null for the region's own.</param>
/// <param name="Certificates">Path of a PEM file of roots.</param>
internal sealed record KmsConfiguration(string Region, Uri? Endpoint, string Certificates);

/// <summary>A secret that becomes a file.</summary>
internal sealed record SealedFile(string Name, string Source, string Version);

/// <summary>A volume with a key.</summary>
internal sealed record SealedVolume(string Name, string Version);
