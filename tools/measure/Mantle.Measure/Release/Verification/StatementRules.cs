using System.Globalization;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;
using Mantle.Measure.Checking;
using Mantle.Measure.Release.Policy;

namespace Mantle.Measure.Release.Verification;

/// <summary>What the policy asks of the statement's own words: which appliance, how old, how new, and that nobody has denied it.</summary>
internal static class StatementRules
{
    public static void Check(CheckReport report, ReleaseInputs inputs, ReleasePolicy policy)
    {
        (ReleaseStatement statement, DateTimeOffset at) = (inputs.Statement, inputs.At);
        report.Check("name", statement.Name == policy.Name ? null : $"a release of {statement.Name}; the policy is about {policy.Name}", $"{statement.Name} {statement.Version}, number {statement.Number}");
        report.Check(
            "minimum-number",
            statement.Number >= policy.MinimumNumber ? null : $"number {statement.Number} is older than {policy.MinimumNumber}, the least that the policy accepts",
            string.Create(CultureInfo.InvariantCulture, $"number {statement.Number}, at least {policy.MinimumNumber}"));
        string time = UtcTime.Text(at);
        string released = UtcTime.Text(statement.Released);
        report.Check("released", statement.Released <= at ? null : $"released on {released}, which is after {time}", $"released on {released}, judged for {time}");
        report.Check(
            "age",
            at - statement.Released <= policy.MaximumAge ? null : $"released on {released}, more than {policy.MaximumAge.Days} days before {time}",
            $"at most {policy.MaximumAge.Days} days old");
        report.Check("expiry", at <= statement.Expires ? null : $"expired on {UtcTime.Text(statement.Expires)}, before {time}", $"expires on {UtcTime.Text(statement.Expires)}");
        string[] denials = [.. policy.Denied.Where(denied => Applies(denied, inputs)).Select(denied => denied.Reason)];
        string? twin = Twin(policy, statement);
        report.Check("deny-list", denials.Length > 0 ? $"denied: {string.Join("; ", denials)}" : twin, $"{policy.Denied.Count} denials and {policy.DebugTwins.Count} lists of debug twins, none applies");
    }

    private static bool Applies(DeniedRelease denied, ReleaseInputs inputs) =>
        denied.Statement == inputs.StatementSha256
        || (denied.Image is not null && denied.Image == inputs.Statement.DigestOf(ReleaseFiles.Image))
        || denied.Number == inputs.Statement.Number
        || (denied.Register is { } register && Registers(inputs.Statement).Contains(register));

    private static string? Twin(ReleasePolicy policy, ReleaseStatement statement)
    {
        foreach ((int pcr, TpmDigest value) in Registers(statement))
        {
            if (policy.DebugTwins.Select(list => list.Find(pcr, value)).FirstOrDefault(found => found is not null) is { } twin)
            {
                return $"{value.Algorithm.Name()} PCR {pcr} is that of the debug twin of {twin.Name} {twin.Release}";
            }
        }

        return null;
    }

    private static IEnumerable<(int Pcr, TpmDigest Value)> Registers(ReleaseStatement statement) =>
        new[] { statement.WithoutSecureBoot, statement.WithSecureBoot }.SelectMany(mode => mode.Banks.Values).SelectMany(bank => bank).Select(value => (value.Key, value.Value));
}
