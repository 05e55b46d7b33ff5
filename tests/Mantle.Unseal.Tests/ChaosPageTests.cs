using Mantle.Testing;
using Mantle.Unseal.Tests.Imds;
using Mantle.Unseal.Tests.Kms;
using Mantle.Unseal.Tests.Tpm;

namespace Mantle.Unseal.Tests;

/// <summary>docs/chaos.md lists what is tried here, and how it ends.</summary>
public sealed class ChaosPageTests
{
    [Fact]
    public void The_page_lists_every_case_with_its_stage()
    {
        string[] expected = [.. Rows("KMS", KmsChaosTests.Listed), .. Rows("TPM", TpmChaosTests.Listed), .. Rows("instance metadata", MetadataChaosTests.Listed)];
        string[] listed = [.. File.ReadLines(Repository.PathOf("docs", "chaos.md")).Where(line => line.EndsWith("| host |", StringComparison.Ordinal))];
        Assert.True(expected.Length >= 30);
        Assert.True(expected.SequenceEqual(listed), $"docs/chaos.md should list:\n{string.Join('\n', expected)}");
    }

    private static IEnumerable<string> Rows(string what, IEnumerable<(string Name, int Stage)> cases) => cases.Select(each => $"| {what} | {each.Name} | `{each.Stage:x2}` | host |");
}
