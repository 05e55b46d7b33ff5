using Mantle.Formats.Bytes;
using Mantle.Measure.Prediction;
using Mantle.Measure.Release.Dsse;
using Mantle.Measure.Release.Ledger;
using Mantle.Measure.Release.Policy;

namespace Mantle.Measure.Release.Verification;

/// <summary>Everything that the rules look at.</summary>
internal sealed record ReleaseInputs
{
    public required ReleaseDirectory Directory { get; init; }

    public required DsseEnvelope Envelope { get; init; }

    public required ReleaseStatement Statement { get; init; }

    /// <summary>SHA-256 of the statement's bytes.</summary>
    public required string StatementSha256 { get; init; }

    /// <summary>What is accepted; null: only what the release says of itself is looked at.</summary>
    public required ReleasePolicy? Policy { get; init; }

    public required DateTimeOffset At { get; init; }

    public ReleaseLedger? Ledger { get; init; }

    public required int Workers { get; init; }

    /// <summary>Where the audit puts what it decompresses, or null.</summary>
    public string? SpoolFolder { get; init; }

    /// <summary>The image, from its digest on nothing but what was digested.</summary>
    public ByteSource? Image => (ByteSource?)ProvenImage ?? Directory.Find(ReleaseFiles.Image);

    /// <summary>The image as it was digested; null until then.</summary>
    public ProvenImage? ProvenImage { get; set; }

    /// <summary>The variables of the identity.</summary>
    /// <exception cref="MalformedInputException">A list of signatures is malformed.</exception>
    public SecureBootVariables Variables()
    {
        SecureBootVariables variables = new()
        {
            PlatformKey = List(ReleaseFiles.PlatformKey),
            KeyExchangeKeys = List(ReleaseFiles.KeyExchangeKeys),
            Allowed = List(ReleaseFiles.Allowed),
            Forbidden = List(ReleaseFiles.Forbidden),
        };
        variables.Check();
        return variables;
    }

    private ReadOnlyMemory<byte> List(string name) => Directory.Find(name) is not { } file ? default
        : file.Length <= Formats.Efi.SignatureDatabase.MaximumSize ? file.ToArray()
        : throw new MalformedInputException("efi signature list", 0, $"{name} has {file.Length} bytes");
}
