using Mantle.Measure.Audit.Rules;

namespace Mantle.Measure.Tests.Audit;

public class RuleReaderTests
{
    [Fact]
    public void The_built_in_rules_are_read_and_say_what_to_do()
    {
        Assert.NotEmpty(RuleSet.BuiltIn.Rules);
        Assert.All(RuleSet.BuiltIn.Rules, rule => Assert.EndsWith(".", rule.Fix, StringComparison.Ordinal));
        Assert.All(RuleSet.BuiltIn.Rules, rule => Assert.NotEmpty(rule.Detect));
    }

    [Fact]
    public void Every_class_that_is_a_rule_is_used_by_one()
    {
        ICodeRule[] used = [.. RuleSet.BuiltIn.Rules.SelectMany(rule => rule.Detect.OfType<CodeDetection>()).Select(detection => detection.Code)];
        Assert.Equal(CodeRules.All.Values.ToHashSet(), used.ToHashSet());
        Assert.All(CodeRules.All, rule => Assert.Equal(rule.Key, rule.Value.GetType().Name));
    }

    [Theory]
    [InlineData("- code: NoSuchClass", "\"code\" is \"NoSuchClass\"")]
    [InlineData("- path: [\"/usr/bin/x\"]", "must be a glob over a path without a slash")]
    [InlineData("- kind: [program]", "must be one of file, directory")]
    [InlineData("- in: [root]", "hold of every file")]
    [InlineData("- line: [\"a\"]", "need a \"path\" or a \"kind\"")]
    [InlineData("- kind: [text]\n        line: [\"(\"]", "no regular expression")]
    [InlineData("- kind: [text]\n        line: [\"(a)\\\\1\"]", "no regular expression")]
    [InlineData("- contains: { any: [\"abc\"] }", "at least 4 bytes")]
    [InlineData("- contains: { some: [\"abcd\"] }", "unknown key \"some\"")]
    [InlineData("- kind: [elf]\n        code: EspCompanion", "unknown key \"kind\"")]
    [InlineData("- unit: { name: [\"a\"] }\n        account: { root: true }", "one subject")]
    [InlineData("- unit: { enabled: true }", "needs a \"name\" or a \"directive\"")]
    [InlineData("- unit: { directive: [\"ExecStart=x\"] }", "must be a directive such as")]
    [InlineData("- command-line: {}", "needs \"word\"")]
    [InlineData("- mode: [suid]", "must be one of set-user-id")]
    public void A_rule_that_is_not_right_is_refused_with_its_place(string detection, string problem)
    {
        UserErrorException e = Assert.Throws<UserErrorException>(() => RuleSet.Parse("r.yaml", Rules(detection)));
        Assert.StartsWith("r.yaml:", e.Message, StringComparison.Ordinal);
        Assert.Contains(problem, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_rules_with_one_identifier_are_refused()
    {
        string rules = Rules("- mode: [set-user-id]");
        string twice = rules + rules[rules.IndexOf("  - id", StringComparison.Ordinal)..];
        Assert.Contains("two rules", Assert.Throws<UserErrorException>(() => RuleSet.Parse("r.yaml", twice)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_rules_is_refused() =>
        Assert.Contains("no rules", Assert.Throws<UserErrorException>(() => RuleSet.Parse("r.yaml", "format: 1\nrules: []\n")).Message, StringComparison.Ordinal);

    /// <summary>Each condition of a file: a detection that holds of the planted file, and one that does not.</summary>
    [Theory]
    [InlineData("- path: [\"usr/bin/*\"]\n        in: [root]", "- path: [\"usr/bin/*\"]\n        in: [initrd]")]
    [InlineData("- path: [\"usr/**\"]", "- path: [\"opt/*\"]")]
    [InlineData("- path: [\"usr/bin/x\"]", "- path: [\"usr/bin/x\"]\n        not-path: [\"**/x\"]")]
    [InlineData("- path: [\"**/x\"]\n        elf: [program]", "- path: [\"**/x\"]\n        elf: [static, library, object]")]
    [InlineData("- path: [\"**/x\"]\n        needs: [\"libc.so.*\"]", "- path: [\"**/x\"]\n        needs: [\"libssl*\"]")]
    [InlineData("- path: [\"**/x\"]\n        interpreter: [\"/lib64/*\"]", "- path: [\"**/x\"]\n        interpreter: [\"/lib/*\"]")]
    [InlineData("- path: [\"**/x\"]\n        mode: [executable]", "- path: [\"**/x\"]\n        mode: [group-writable]")]
    [InlineData("- path: [\"**/x\"]\n        owner: not-root", "- path: [\"**/x\"]\n        owner: root")]
    [InlineData("- path: [\"**/x\"]\n        xattr: [\"user.*\"]", "- path: [\"**/x\"]\n        xattr: [\"security.*\"]")]
    [InlineData("- path: [\"**/x\"]\n        contains: { any: [\"needle one\", \"nowhere\"] }", "- contains: { all: [\"needle one\", \"nowhere\"] }")]
    [InlineData("- path: [\"**/x\"]\n        contains: { all: [\"needle one\", \"needle two\"] }", "- path: [\"**/x\"]\n        contains: { any: [\"needle one\"], none: [\"needle two\"] }")]
    [InlineData("- path: [\"**/x\"]\n        contains: { any: [\"\\xFFbin\\x01\"] }", "- path: [\"**/x\"]\n        contains: { any: [\"\\xFEbin\\x01\"] }")]
    [InlineData("- path: [\"**/x\"]\n        line: [\"needle o.e\"]", "- path: [\"**/x\"]\n        line: [\"^needle$\"]")]
    public void A_condition_holds_where_it_should(string holds, string doesNot)
    {
        PlantedImage image = PlantedImage.Sealed().WithRootProgram("usr/bin/x", TestElf.Program("needle one", "needle two", "\u00ffbin\u0001", "\n needle one \n"))
            .WithRoot(tree =>
            {
                Assert.True(tree.TryFind("usr/bin/x", out Formats.Tree.FileNode? node));
                node.UserId = 7;
                node.ExtendedAttributes["user.a"] = [1];
            });
        image.Audit(Rules(holds)).Finds("TEST-001", "root:/usr/bin/x");
        image.Audit(Rules(doesNot)).DoesNotFind("TEST-001");
    }

    private static string Rules(string detection) =>
        $"""
        format: 1
        rules:
          - id: TEST-001
            family: test
            severity: high
            title: A title of a rule
            why: A reason of a rule.
            fix: What to do about it.
            detect:
              {detection}

        """;
}
