using System.Text.Json;
using Mantle.Measure.Audit;
using Mantle.Measure.Audit.Channels;
using Mantle.Measure.Audit.Rules;

namespace Mantle.Measure.Tests.Audit.Channels;

public class ChannelInventoryTests
{
    private const int LongestPolicy = 5120; // AWS Organizations, "Quotas for AWS Organizations": characters of a service control policy

    private static readonly HashSet<string> s_rules = [.. RuleSet.BuiltIn.Rules.Select(rule => rule.Id)];

    [Fact]
    public void Every_channel_has_an_answer_in_a_sealed_image_and_few_are_open()
    {
        ChannelAnswer[] answers = [.. ChannelInventory.Answer(PlantedImage.Sealed().Audit())];
        Assert.True(answers.Length >= 25);
        Assert.Equal("live-memory", Assert.Single(answers, answer => answer.State == ChannelState.Open).Channel.Id);
        Assert.Equal(ChannelState.ClosedByImage, StateOf(answers, "serial-console"));
        Assert.Equal(ChannelState.ClosedByMeasurement, StateOf(answers, "esp-files"));
        Assert.Equal(ChannelState.ClosedByAccount, StateOf(answers, "traffic-mirroring"));
    }

    [Fact]
    public void A_finding_opens_the_channel_that_it_is_about()
    {
        AuditReport report = PlantedImage.Sealed().WithCommandLineWord("console=ttyS0").Audit();
        ChannelAnswer serial = ChannelInventory.Answer(report).Single(answer => answer.Channel.Id == "serial-console");
        Assert.Equal(ChannelState.ClosedByAccount, serial.State);
        Assert.Contains("not by the image: CONSOLE-001", serial.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_root_without_verity_is_not_closed_by_a_PCR() =>
        Assert.Equal(ChannelState.Open, StateOf(ChannelInventory.Answer(PlantedImage.Sealed().WithoutVerity().Audit()), "root-volume-swap"));

    [Fact]
    public void A_waiver_closes_nothing()
    {
        Waiver waiver = new("SHELL-003", "/usr/x", "a script that somebody needs", "me", new(2030, 1, 1), "test");
        Waiver console = new("CONSOLE-003", "/sbin/agetty", "a console that somebody needs", "me", new(2030, 1, 1), "test");
        AuditReport report = PlantedImage.Sealed().WithRootProgram("sbin/agetty", TestElf.Program("x")).WithRootFile("usr/x", "#!/a\n")
            .Audit(waivers: [waiver, console], at: new(2029, 1, 1));
        Assert.Equal(AuditVerdict.Sealed, report.Verdict);
        Assert.Equal(ChannelState.ClosedByAccount, StateOf(ChannelInventory.Answer(report), "serial-console"));
    }

    [Fact]
    public void An_image_that_could_not_be_read_closes_nothing()
    {
        AuditReport report = PlantedImage.Sealed().WithRawInitrd(Mantle.Formats.Bytes.ByteSource.FromMemory("\u0089LZO1234"u8.ToArray())).Audit();
        Assert.DoesNotContain(ChannelInventory.Answer(report), answer => answer.State == ChannelState.ClosedByImage);
    }

    [Fact]
    public void Channels_name_rules_and_statements_that_exist()
    {
        using JsonDocument policy = Policy();
        string[] statements = [.. policy.RootElement.GetProperty("Statement").EnumerateArray().Select(statement => statement.GetProperty("Sid").GetString()!)];
        Assert.Equal(statements.Length, statements.Distinct().Count());
        foreach (Channel channel in ChannelInventory.Channels)
        {
            Assert.All(channel.Rules, rule => Assert.Contains(rule, s_rules));
            Assert.All(channel.Statements, statement => Assert.Contains(statement, statements));
            Assert.True(channel.Rules.Count + channel.Pcrs.Count + channel.Statements.Count > 0 || channel.Left is not null, channel.Id);
        }

        // The launch statements have no call of their own in the table.
        Assert.All(statements.Except(["InstanceRole"]), statement => Assert.Contains(ChannelInventory.Channels, channel => channel.Statements.Contains(statement)));
    }

    [Fact]
    public void The_statements_forbid_the_calls_of_the_channels_that_name_them()
    {
        using JsonDocument policy = Policy();
        Dictionary<string, string[]> actions = policy.RootElement.GetProperty("Statement").EnumerateArray().ToDictionary(
            statement => statement.GetProperty("Sid").GetString()!,
            statement => statement.GetProperty("Action") is { ValueKind: JsonValueKind.String } one ? [one.GetString()!]
                : statement.GetProperty("Action").EnumerateArray().Select(action => action.GetString()!).ToArray());
        foreach (Channel channel in ChannelInventory.Channels.Where(channel => channel.Statements.Count > 0))
        {
            string[] denied = [.. channel.Statements.SelectMany(statement => actions[statement])];
            Assert.True(
                channel.Api.Any(call => denied.Any(action => action == call || (action.EndsWith('*') && call.StartsWith(action[..^1], StringComparison.Ordinal)))),
                channel.Id);
        }
    }

    [Fact]
    public void The_account_policy_fits_into_what_an_organization_takes() =>
        Assert.InRange(File.ReadAllText(Testing.Repository.PathOf("policies/organization/run-account.scp.json")).Length, 1, LongestPolicy);

    [Fact]
    public void The_threat_model_names_rules_that_exist()
    {
        string text = File.ReadAllText(Testing.Repository.PathOf("docs/threat-model.md"));
        foreach (System.Text.RegularExpressions.Match match in System.Text.RegularExpressions.Regex.Matches(text, "`([A-Z]+)-([0-9]{3}|\\*)`"))
        {
            string name = match.Value.Trim('`');
            Assert.True(name.StartsWith("WAIVER-", StringComparison.Ordinal) || s_rules.Any(rule => name.EndsWith('*') ? rule.StartsWith(name[..^1], StringComparison.Ordinal) : rule == name), name);
        }
    }

    private static JsonDocument Policy() => JsonDocument.Parse(File.ReadAllText(Testing.Repository.PathOf("policies/organization/run-account.scp.json")));

    private static ChannelState StateOf(IEnumerable<ChannelAnswer> answers, string id) => answers.Single(answer => answer.Channel.Id == id).State;
}
