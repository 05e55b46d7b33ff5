using System.Security.Cryptography;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Pe;
using Mantle.Formats.Pe.Signing;
using Mantle.Formats.Tpm;
using Mantle.ImageBuilder.Output;
using Mantle.ImageBuilder.Signing.Identities;
using Mantle.Measure;
using Mantle.Measure.Audit;
using Mantle.Measure.Audit.Reporting;
using Mantle.Measure.Checking;
using Mantle.Measure.Prediction;
using Mantle.Measure.Release;
using Mantle.Measure.Release.Dsse;
using Mantle.Measure.Twin;

namespace Mantle.ImageBuilder.Signing.Releases;

/// <summary>
/// Makes a release directory of a build: signs the UKI, rewrites the blocks of the image that change by it, measures and audits the result, states what it is,
/// and signs the statement. The directory appears as a whole, or not at all; the build's folder is only read.
/// </summary>
public sealed class ReleaseMaker
{
    private readonly ReleaseRequest _request;
    private readonly BuildFolder _build;
    private readonly SecureBootIdentity _identity;
    private readonly PendingFolder _pending;
    private readonly SortedDictionary<string, string> _digests = new(StringComparer.Ordinal);

    private ReleaseMaker(ReleaseRequest request, BuildFolder build, SecureBootIdentity identity, PendingFolder pending)
    {
        _request = request;
        _build = build;
        _identity = identity;
        _pending = pending;
    }

    /// <summary>Makes the release.</summary>
    /// <exception cref="UserErrorException">The image is a debug twin, not sealed, not what its manifest says, or a key cannot sign.</exception>
    /// <exception cref="MalformedInputException">The image is malformed.</exception>
    public static async Task<ReleaseResult> MakeAsync(ReleaseRequest request, CancellationToken cancellation)
    {
        string final = Path.TrimEndingDirectorySeparator(Path.GetFullPath(request.ReleaseFolder));
        if (Directory.Exists(final) || File.Exists(final))
        {
            throw new UserErrorException($"\"{request.ReleaseFolder}\" exists", "a release is never overwritten: name a new folder with --output", ExitCode.Environment);
        }

        if (request.Number < 1 || request.MinimumNumber > request.Number || request.MinimumNumber < 0 || request.Expires <= request.Released)
        {
            throw new UserErrorException("the number is not 1 or more, the minimum is more than the number, or the release expires before it is made", exitCode: ExitCode.Usage);
        }

        BuildFolder build = BuildFolder.Read(request.BuildFolder);
        RefuseIdentity(request);
        SecureBootIdentity identity = SecureBootIdentity.Read(request.IdentityFolder);
        (SystemPartition partition, PeImage uki, byte[] digest) = OpenImage(build);
        ReadOnlyMemory<byte>[] signatures = await BootSignatures.SignAsync(digest, identity, request.BootKeys, cancellation).ConfigureAwait(false);
        Directory.CreateDirectory(Path.GetDirectoryName(final)!);
        using PendingFolder pending = PendingFolder.Create(final);
        ReleaseMaker maker = new(request, build, identity, pending);
        ReleaseResult made = await maker.WriteAsync(partition, CertificateTable.Append(uki, signatures), cancellation).ConfigureAwait(false);
        maker.Sync();
        cancellation.ThrowIfCancellationRequested();
        pending.MoveTo(final, replace: false);
        return made with { Folder = request.ReleaseFolder };
    }

    /// <summary>What a key has to sign for the UKI of a build to start on machines with an identity.</summary>
    /// <param name="buildFolder">The folder of the build.</param>
    /// <param name="signer">The certificate of the key.</param>
    /// <exception cref="UserErrorException">As <see cref="MakeAsync"/>.</exception>
    public static AuthenticodeRequest Ask(string buildFolder, SigningCertificate signer) => BootSignatures.Request(OpenImage(BuildFolder.Read(buildFolder)).Digest, signer);

    private static (SystemPartition Partition, PeImage Uki, byte[] Digest) OpenImage(BuildFolder build)
    {
        ByteSource image = ByteSource.OpenFile(build.PathOf(BuildFolder.ImageName));
        DebugTwin.Refuse(image, build.PathOf(BuildFolder.ImageName), ByteSource.FromMemory(build.Manifest));
        SystemPartition partition = SystemPartition.Find(image, build.Epoch);
        build.RefuseOther(BuildFolder.UkiName, partition.Uki);
        PeImage uki = PeImage.Read(partition.Uki);
        return (partition, uki, AuthenticodeDigest.Compute(uki, HashAlgorithmName.SHA256)[0]);
    }

    private static void RefuseIdentity(ReleaseRequest request)
    {
        CheckReport report = IdentityCheck.Check(request.IdentityFolder, request.Released);
        if (report.Checks.FirstOrDefault(check => check.Outcome == CheckOutcome.Fail) is { } failed)
        {
            throw new UserErrorException($"identity \"{request.IdentityFolder}\": {failed.Id}: {failed.Evidence}", "\"imagebuilder identity check\" shows all that is wrong", ExitCode.Mismatch);
        }
    }

    private async Task<ReleaseResult> WriteAsync(SystemPartition partition, ByteSource signedUki, CancellationToken cancellation)
    {
        ByteSource layout = partition.Layout(signedUki);
        IReadOnlyList<ByteSource.Extent> changes = partition.Changes(layout);
        using SparseCopy copy = new(_build.PathOf(BuildFolder.ImageName), PathOf(ReleaseFiles.Image));

        // What is signed is what is checked: digest, audit and measurements are all of the new file, whatever becomes of the build's. One core hashes it
        // while the other writes it, both in the order of the file.
        ByteSource written = copy.Written;
        Task<byte[]> hashing = Task.Run(() => ContentDigest.Compute(written, HashAlgorithmName.SHA256), cancellation);
        string copied = copy.Write(changes, cancellation);
        byte[]? waivers = WaiverFile.From(_build.Content(BuildFolder.AuditName));
        ReleaseAudit audit = Audit(written, waivers, cancellation);
        (ImagePrediction off, ImagePrediction on) = Measure(written);
        _digests[ReleaseFiles.Image] = Convert.ToHexStringLower(await hashing.ConfigureAwait(false));
        WriteFile(ReleaseFiles.Uki, signedUki.ToArray());
        WriteFile(ReleaseFiles.Manifest, _build.Manifest);
        WriteFile(ReleaseFiles.Sbom, SignedSbom());
        WriteFile(ReleaseFiles.Provenance, Provenance.Write(_build.Manifest, _digests[ReleaseFiles.Image], _digests[ReleaseFiles.Uki]));
        if (waivers is not null)
        {
            WriteFile(ReleaseFiles.Waivers, waivers);
        }

        WriteIdentity();
        ReleaseStatement statement = State(audit, off, on);
        DsseEnvelope envelope = DsseEnvelope.Create(DsseEnvelope.StatementType, statement.ToArray());
        envelope = await ReleaseSigner.SignAsync(envelope, _request.ReleaseKeys, _request.Scheme, cancellation).ConfigureAwait(false);
        WriteFile(ReleaseFiles.Envelope, envelope.ToArray());
        return new(_pending.Path, statement, envelope) { Copied = copied, RewrittenBytes = changes.Sum(change => change.Source.Length) };
    }

    private ReleaseAudit Audit(ByteSource image, byte[]? waivers, CancellationToken cancellation)
    {
        AuditReport report = Auditor.Audit(
            image,
            new()
            {
                InputName = ReleaseFiles.Image,
                Waivers = waivers is null ? [] : WaiverReader.Parse(ReleaseFiles.Waivers, Encoding.UTF8.GetString(waivers)),
                At = DateOnly.FromDateTime(_request.Released.UtcDateTime),
                Workers = Environment.ProcessorCount,
                SpoolFolder = _request.SpoolFolder,
            },
            cancellation);
        if (report.Verdict != AuditVerdict.Sealed)
        {
            string first = report.Findings.Count > 0 ? $"{report.Findings[0].Rule.Id} {PrintedText.Escape(report.Findings[0].Place)}: {report.Findings[0].Rule.Title}" : report.Gaps[0].Reason;
            throw new UserErrorException(
                $"the image is not sealed, {report.Findings.Count} findings: {first}", "\"measure audit\" lists them; a waiver may have run out",
                report.Findings.Count > 0 ? ExitCode.Mismatch : ExitCode.Unverified);
        }

        using MemoryStream json = new();
        AuditJson.Write(report, json);
        WriteFile(ReleaseFiles.Audit, json.ToArray());
        return new("sealed", report.Rules.Digest, report.Waived.Count);
    }

    private (ImagePrediction Off, ImagePrediction On) Measure(ByteSource image)
    {
        PredictionOptions options = new() { Banks = TpmHash.Computable, InputName = ReleaseFiles.Image, Packages = _build.Packages(image.Length) };
        ImagePrediction off = Predictor.Predict(image, options);
        if (ReleaseMeasurements.Of(off).Difference(ReleaseMeasurements.Of(_build.Measurements())) is { } difference)
        {
            throw new UserErrorException($"the signed image measures otherwise than the build says: {difference}", "build the image again", ExitCode.Mismatch);
        }

        ImagePrediction on = Predictor.Predict(image, options with { SecureBoot = SecureBootState.On, Variables = _identity.Variables });
        foreach ((string name, ImagePrediction prediction) in new[] { (ReleaseFiles.Measurements, off), (ReleaseFiles.SecureBootMeasurements, on) })
        {
            using MemoryStream json = new();
            MeasurementsDocument.Write(prediction, json);
            WriteFile(name, json.ToArray());
        }

        return (off, on);
    }

    /// <summary>The SBOM is about the image beside it, so it names that one's digest.</summary>
    private byte[] SignedSbom() => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(_build.Content(BuildFolder.SbomName))
        .Replace(_build.Sha256Of(BuildFolder.ImageName), _digests[ReleaseFiles.Image], StringComparison.Ordinal));

    private void WriteIdentity()
    {
        Directory.CreateDirectory(PathOf(ReleaseFiles.Identity));
        foreach (FileInfo file in new DirectoryInfo(_request.IdentityFolder).EnumerateFiles().OrderBy(file => file.Name, StringComparer.Ordinal))
        {
            WriteFile($"{ReleaseFiles.Identity}/{file.Name}", File.ReadAllBytes(file.FullName));
        }
    }

    private ReleaseStatement State(ReleaseAudit audit, ImagePrediction off, ImagePrediction on)
    {
        ReleaseSubject[] subjects = [.. _digests.Select(file => new ReleaseSubject(file.Key, file.Value))];
        return new()
        {
            Subjects = subjects,
            Name = _build.Name,
            Version = _build.Version,
            Number = _request.Number,
            MinimumNumber = _request.MinimumNumber,
            Epoch = DateTimeOffset.FromUnixTimeSeconds(_build.Epoch),
            Released = _request.Released,
            Expires = _request.Expires,
            Audit = audit,
            WaiversSha256 = _digests.GetValueOrDefault(ReleaseFiles.Waivers),
            IdentitySha256 = ReleaseFiles.IdentityDigest(subjects),
            WithoutSecureBoot = ReleaseMeasurements.Of(off),
            WithSecureBoot = ReleaseMeasurements.Of(on),
        };
    }

    private string PathOf(string name) => Path.Combine(_pending.Path, name);

    private void WriteFile(string name, byte[] content)
    {
        using FileStream file = new(PathOf(name), FileMode.CreateNew);
        file.Write(content);
        if (name != ReleaseFiles.Envelope)
        {
            _digests.Add(name, Convert.ToHexStringLower(SHA256.HashData(content)));
        }
    }

    // At once: the file system's journal is then written once or twice, not once a file.
    private void Sync() => Task.WhenAll(_digests.Keys.Append(ReleaseFiles.Envelope).Select(name => Task.Run(() =>
    {
        using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(PathOf(name), FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(file);
    }))).GetAwaiter().GetResult();
}
