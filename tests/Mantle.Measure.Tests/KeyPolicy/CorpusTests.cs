using System.Globalization;
using System.Text;
using System.Text.Json;
using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Lint;
using Mantle.Testing;

namespace Mantle.Measure.Tests.KeyPolicy;

/// <summary>
/// Key policies in the shape of documentation's samples (tests/corpus/key-policies), each with its source, the rules that have to find an error, exactly,
/// and rules that have to find something less.
/// </summary>
public sealed class CorpusTests
{
    public static TheoryData<string> Names => [.. Directory.GetFiles(Repository.PathOf("tests", "corpus", "key-policies"), "*.json").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_policy_has_the_findings_that_it_should_have(string name)
    {
        using JsonDocument file = JsonDocument.Parse(File.ReadAllBytes(Repository.PathOf("tests", "corpus", "key-policies", name + ".json")));
        JsonElement root = file.RootElement;
        Assert.NotEmpty(root.GetProperty("source").GetString()!);
        PolicyDocument policy = EvaluationTests.Read(root.GetProperty("policy").GetRawText(), PolicyKind.Key);
        IReadOnlyList<KeyGrant> grants = root.TryGetProperty("grants", out JsonElement list) ? GrantListReader.Read(Encoding.UTF8.GetBytes(list.GetRawText())) : [];
        KnownRelease[] known = [.. Known(root, "releases", KnownState.Release), .. Known(root, "revoked", KnownState.Revoked), .. Known(root, "never", KnownState.Never)];
        IReadOnlyList<LintFinding> findings = LintTests.Lint(policy, null, grants, known);
        string all = string.Join("\n", findings.Where(finding => finding.Severity == LintSeverity.Error || int.Parse(finding.Rule.Id[3..], CultureInfo.InvariantCulture) is not (33 or (>= 41 and <= 46))).Select(finding => $"{finding.Rule.Id} {finding.Severity} {finding.Statement?.Label} {finding.Detail} [{finding.Demonstration?.Assumption}]"));
        string[] errors = [.. findings.Where(finding => finding.Severity == LintSeverity.Error).Select(finding => finding.Rule.Id).Distinct().Order(StringComparer.Ordinal)];
        string expected = string.Join(' ', root.GetProperty("errors").EnumerateArray().Select(item => item.GetString()));
        Assert.True(expected == string.Join(' ', errors), $"expected errors {expected}\n   found errors {string.Join(' ', errors)}\n{all}");
        foreach (string also in root.TryGetProperty("also", out JsonElement more) ? more.EnumerateArray().Select(item => item.GetString()!) : [])
        {
            Assert.True(findings.Any(finding => finding.Rule.Id == also), $"no {also} in\n{all}");
        }

        // An error is never without a request that shows it.
        Assert.All(findings.Where(finding => finding.Severity == LintSeverity.Error), finding => Assert.NotNull(finding.Demonstration));
    }

    [Fact]
    public void The_corpus_is_large_enough_and_meets_most_rules()
    {
        Assert.True(Names.Count >= 60);
        HashSet<string> met = [];
        foreach (string path in Directory.GetFiles(Repository.PathOf("tests", "corpus", "key-policies"), "*.json"))
        {
            using JsonDocument file = JsonDocument.Parse(File.ReadAllBytes(path));
            met.UnionWith(LintTests.Lint(EvaluationTests.Read(file.RootElement.GetProperty("policy").GetRawText(), PolicyKind.Key)).Select(finding => finding.Rule.Id));
        }

        Assert.True(met.Count >= 48, $"{met.Count}: {string.Join(' ', LintRules.All.Select(rule => rule.Id).Where(id => !met.Contains(id)))}");
    }

    private static IEnumerable<KnownRelease> Known(JsonElement root, string name, KnownState state) => root.TryGetProperty(name, out JsonElement map)
        ? map.EnumerateObject().Select(release => new KnownRelease(
            new() { Name = release.Name, Values = release.Value.EnumerateObject().ToDictionary(pcr => int.Parse(pcr.Name, CultureInfo.InvariantCulture), pcr => pcr.Value.GetString()!) }, state))
        : [];
}
