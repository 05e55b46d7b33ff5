using System.Text.RegularExpressions;
using Mantle.Measure;

namespace Mantle.Boot.Tests.Matrix;

/// <summary>
/// What the firmware does not start: it says so on the serial port, and the prediction says so and why. One machine tries them all, and then starts
/// the one that is right, so that nothing else is wrong with it.
/// </summary>
[Collection(BootMatrixGroup.Name)]
public partial class RefusedBootTests(BootMatrix boots)
{
    [Theory]
    [InlineData(0, "is not signed, and db has no digest of it")]
    [InlineData(1, "no entry of db vouches for a signature")]
    [InlineData(2, "no entry of db vouches for a signature")]
    [InlineData(3, "dbx forbids the SHA256 digest")]
    [InlineData(4, "dbx forbids a signature")]
    [InlineData(5, "CN=TEST revoked is revoked")]
    public async Task The_prediction_says_why_it_does_not_start(int disk, string problem)
    {
        BootRecord boot = await boots.Get(Scenarios.Refusals);
        UserErrorException refusal = Assert.Throws<UserErrorException>(() => boot.Scenario.Predict(Path.ChangeExtension(boot.Disk, $".{disk}.raw")));

        Assert.Contains(problem, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Mismatch, refusal.Code);
    }

    [Fact]
    public async Task The_firmware_refused_every_one_and_started_the_last()
    {
        BootRecord boot = await boots.Get(Scenarios.Refusals);
        string[] refused = [.. Refusal.Matches(boot.Serial).Select(match => match.Groups[1].Value)];

        Assert.Equal(boot.Scenario.TriedFirst.Count, refused.Length);
        Assert.Equal(refused.Length, refused.Distinct().Count());
        Assert.DoesNotContain("starting", boot.Serial[..boot.Serial.LastIndexOf("Access Denied", StringComparison.Ordinal)], StringComparison.Ordinal);
    }

    [GeneratedRegex(@"failed to load (Boot[0-9A-F]{4}) .*?: Access Denied", RegexOptions.Singleline)]
    private static partial Regex Refusal { get; }
}
