using Mantle.Formats.Bytes;
using Mantle.Measure.Prediction;
using Mantle.Measure.Release.Verification;

namespace Mantle.Measure.Release;

/// <summary>
/// A release that a policy accepts. Only <see cref="ReleaseVerification"/> makes one, so whoever asks for one in a signature cannot be given a release that
/// nobody has verified. Its files are the bytes that were verified, whatever becomes of the directory: the image is held open and each block of it is held against
/// its digest when it is read, everything else is in memory.
/// </summary>
public sealed class VerifiedRelease
{
    private readonly ReleaseInputs _inputs;

    internal VerifiedRelease(ReleaseInputs inputs, ImagePrediction withoutSecureBoot, ImagePrediction withSecureBoot) =>
        (_inputs, WithoutSecureBoot, WithSecureBoot) = (inputs, withoutSecureBoot, withSecureBoot);

    /// <summary>Where it lies, an absolute path.</summary>
    public string Directory => _inputs.Directory.Path;

    /// <summary>The statement.</summary>
    public ReleaseStatement Statement => _inputs.Statement;

    /// <summary>SHA-256 of the statement: which release this is.</summary>
    public string StatementSha256 => _inputs.StatementSha256;

    /// <summary>SHA-256 of the envelope with its signatures.</summary>
    public string EnvelopeSha256 => _inputs.Envelope.Sha256;

    /// <summary>The image. A read throws <see cref="UserErrorException"/>, exit code 2, when the file was changed since.</summary>
    public ByteSource Image => _inputs.ProvenImage!;

    /// <summary>The measurements with Secure Boot off, with their events.</summary>
    public ImagePrediction WithoutSecureBoot { get; }

    /// <summary>The measurements with Secure Boot on, with their events.</summary>
    public ImagePrediction WithSecureBoot { get; }

    /// <summary>The Secure Boot variables of the identity.</summary>
    public SecureBootVariables Variables => _inputs.Variables();

    /// <summary>A file by its name below the directory.</summary>
    /// <exception cref="ArgumentException">The release has no such file.</exception>
    public ByteSource Open(string name) => _inputs.Directory.Find(name) ?? throw new ArgumentException($"the release has no file \"{name}\"", nameof(name));
}
