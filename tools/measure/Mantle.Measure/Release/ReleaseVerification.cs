using System.Security.Cryptography;
using Mantle.Formats.Bytes;
using Mantle.Measure.Checking;
using Mantle.Measure.Prediction;
using Mantle.Measure.Release.Dsse;
using Mantle.Measure.Release.Ledger;
using Mantle.Measure.Release.Policy;
using Mantle.Measure.Release.Verification;
using Mantle.Measure.Verification;

namespace Mantle.Measure.Release;

/// <summary>What a release is verified with. There is nothing here to leave a rule out with.</summary>
public sealed record ReleaseVerificationOptions
{
    /// <summary>Who has to sign, and what is accepted.</summary>
    public required ReleasePolicy Policy { get; init; }

    /// <summary>The time that age, expiry and keys are judged for: now, unless an old decision is looked at again.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The ledger. Without it there is no verdict when the policy names one.</summary>
    public ReleaseLedger? Ledger { get; init; }

    /// <summary>Threads, at least 1. The result does not depend on it.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Folder for what the audit decompresses, as <see cref="Audit.AuditOptions.SpoolFolder"/>. Null: it is held in memory. The result does not depend on it.</summary>
    public string? SpoolFolder { get; init; }
}

/// <summary>Verifies a release directory: offline, from its bytes and public keys alone.</summary>
public static class ReleaseVerification
{
    /// <summary>Checks rule by rule. What is wrong with the release is in the report, no exception.</summary>
    /// <param name="directory">The release directory.</param>
    /// <param name="options">Policy, time, ledger.</param>
    /// <exception cref="UserErrorException">There is no such directory.</exception>
    /// <exception cref="IOException">A file of it cannot be read.</exception>
    public static ReleaseVerificationResult Verify(string directory, ReleaseVerificationOptions options)
    {
        CheckReport report = new();
        ReleaseDirectory files = ReleaseDirectory.Open(directory);
        if (ReadInputs(report, files, options.Policy, options.At, options.Ledger, options.Workers, options.SpoolFolder) is not { } inputs)
        {
            report.Missing("release", "without a release statement nothing else can be checked");
            return new(report, null, null);
        }

        SignatureRules.Check(report, inputs.Envelope, options.Policy, inputs.At);
        StatementRules.Check(report, inputs, options.Policy);
        (ImagePrediction Off, ImagePrediction On)? measurements = CheckContent(report, inputs);
        LedgerRules.Check(report, inputs, options.Policy);
        return new(report, inputs.Statement, report.Verdict == Verdict.Holds && measurements is { } both ? new(inputs, both.Off, both.On) : null);
    }

    /// <summary>
    /// Checks whether a release is what it says of itself: every file, the image, its signature, its audit and its measurements. Who signed it and whether it
    /// is wanted is not asked, so nothing follows from it but that the statement may be signed.
    /// </summary>
    /// <param name="directory">The release directory.</param>
    /// <param name="workers">Threads, at least 1.</param>
    /// <param name="spoolFolder">Folder for what the audit decompresses; null: it is held in memory.</param>
    /// <returns>The checks, and envelope and statement where they could be read.</returns>
    /// <exception cref="UserErrorException">There is no such directory.</exception>
    /// <exception cref="IOException">A file of it cannot be read.</exception>
    public static (CheckReport Report, DsseEnvelope? Envelope, ReleaseStatement? Statement) VerifyContent(string directory, int workers, string? spoolFolder = null)
    {
        CheckReport report = new();
        ReleaseInputs? inputs = ReadInputs(report, ReleaseDirectory.Open(directory), policy: null, at: null, ledger: null, workers, spoolFolder);
        if (inputs is not null)
        {
            CheckContent(report, inputs);
        }

        return (report, inputs?.Envelope, inputs?.Statement);
    }

    private static (ImagePrediction Off, ImagePrediction On)? CheckContent(CheckReport report, ReleaseInputs inputs)
    {
        FileRules.Check(report, inputs);
        RecordRules.Check(report, inputs);
        (ImagePrediction Off, ImagePrediction On)? measurements = ImageRules.Check(report, inputs);
        AuthenticodeRules.Check(report, inputs);
        AuditRules.Check(report, inputs);
        return measurements;
    }

    private static ReleaseInputs? ReadInputs(
        CheckReport report, ReleaseDirectory files, ReleasePolicy? policy, DateTimeOffset? at, ReleaseLedger? ledger, int workers, string? spoolFolder)
    {
        if (files.Find(ReleaseFiles.Envelope) is not { } file)
        {
            report.Check("envelope", false, $"there is no {ReleaseFiles.Envelope}{(files.Problems.Count > 0 ? $"; {files.Problems[^1]}" : "")}");
            return null;
        }

        DsseEnvelope? envelope = null;
        ImageVerifier.Guard(report, "envelope", () =>
        {
            envelope = file.Length <= DsseEnvelope.MaximumSize ? DsseEnvelope.Read(file.ToArray()) : throw new MalformedInputException(DsseEnvelope.Format, 0, $"{file.Length} bytes");
            report.Check("envelope", true, $"DSSE in its one encoding, SHA-256 {envelope.Sha256}");
        });
        if (envelope is null || !report.Check(
            "payload-type", envelope.PayloadType == DsseEnvelope.StatementType ? null : $"the payload is {envelope.PayloadType}, not {DsseEnvelope.StatementType}", envelope.PayloadType))
        {
            return null;
        }

        ReleaseStatement? statement = null;
        string digest = Convert.ToHexStringLower(SHA256.HashData(envelope.Payload.Span));
        ImageVerifier.Guard(report, "statement", () =>
        {
            statement = ReleaseStatement.Read(envelope.Payload);
            report.Check("statement", true, $"release statement in its one encoding, SHA-256 {digest}");
        });
        return statement is null ? null : new()
        {
            Directory = files,
            Envelope = envelope,
            Statement = statement,
            StatementSha256 = digest,
            Policy = policy,
            At = at ?? statement.Released,
            Ledger = ledger,
            Workers = workers,
            SpoolFolder = spoolFolder,
        };
    }
}
