using Mantle.Measure.Checking;

namespace Mantle.Measure.Release;

/// <summary>What came of verifying a release.</summary>
public sealed class ReleaseVerificationResult
{
    internal ReleaseVerificationResult(CheckReport report, ReleaseStatement? statement, VerifiedRelease? release) => (Report, Statement, Release) = (report, statement, release);

    /// <summary>Every rule with its evidence, and the verdict.</summary>
    public CheckReport Report { get; }

    /// <summary>What the release says of itself, to show it; null when it could not be read. Trust <see cref="Release"/>, not this.</summary>
    public ReleaseStatement? Statement { get; }

    /// <summary>The release, when every rule holds; else null.</summary>
    public VerifiedRelease? Release { get; }

    /// <summary>The release, or an error that names the rules that fail.</summary>
    /// <exception cref="UserErrorException">The verdict is another than "holds".</exception>
    public VerifiedRelease Require() => Release ?? throw new UserErrorException(
        $"the release is not verified: {CheckText.Describe(Report)}", "run \"measure verify RELEASE --policy FILE\" for the evidence", Report.ExitCode == ExitCode.Success ? ExitCode.Mismatch : Report.ExitCode);
}
