namespace Mantle.ImageBuilder.Recipes;

/// <summary>What the appliance unseals before its service starts (docs/unsealing.md).</summary>
public sealed record UnsealRecipe
{
    /// <summary>Absolute path, in the appliance, of the program that attests and asks KMS.</summary>
    public required string Exec { get; init; }

    /// <summary>Its user; not the service's.</summary>
    public required string User { get; init; }

    /// <summary>TCP port on which process 1 tells the stage code; null: none.</summary>
    public int? StatusPort { get; init; }

    /// <summary>How often everything is tried.</summary>
    public required int Attempts { get; init; }

    /// <summary>What the appliance does after the last attempt: <c>reboot</c> or <c>power-off</c>.</summary>
    public required string OnFailure { get; init; }

    /// <summary>The key service; null: nothing is encrypted.</summary>
    public KmsRecipe? Kms { get; init; }

    /// <summary>Secrets that become files for the service's user alone.</summary>
    public required IReadOnlyList<SecretFileRecipe> Files { get; init; }

    /// <summary>Data volumes.</summary>
    public required IReadOnlyList<VolumeRecipe> Volumes { get; init; }

    /// <summary>File, line and column.</summary>
    public required string Position { get; init; }
}

/// <summary>The key service.</summary>
/// <param name="Region">For example <c>us-east-1</c>.</param>
/// <param name="Endpoint">An https address; null: the region's own.</param>
/// <param name="Certificates">Path, in the appliance, of the roots for its TLS, PEM.</param>
public sealed record KmsRecipe(string Region, string? Endpoint, string Certificates);

/// <summary>A secret that the service finds as <c>/run/secrets/NAME</c>.</summary>
/// <param name="Name">Its name; part of the encryption context.</param>
/// <param name="Source">Path, in the appliance, of the sealed file.</param>
/// <param name="Version">Part of the encryption context.</param>
/// <param name="Position">File, line and column.</param>
public sealed record SecretFileRecipe(string Name, string Source, string Version, string Position);

/// <summary>A volume that the service finds mounted at <c>/run/volumes/NAME</c>.</summary>
/// <param name="Name">Its name; part of the encryption context.</param>
/// <param name="RootHash">64 lower-case hexadecimal digits, as <c>imagebuilder volume create</c> prints them.</param>
/// <param name="Version">Part of the encryption context.</param>
/// <param name="Encrypted">Whether it is encrypted below verity.</param>
/// <param name="Position">File, line and column.</param>
public sealed record VolumeRecipe(string Name, string RootHash, string Version, bool Encrypted, string Position);
