using System.Globalization;
using System.Text.Json.Nodes;

namespace Mantle.Kms.Tests.CrossCheck;

/// <summary>Policies and a request, made of what policies are really made of, wrong turns included; the same seed makes the same case.</summary>
internal sealed class RandomCase
{
    public const string KeyId = "1234abcd-12ab-34cd-56ef-1234567890ab";
    public const string KeyArn = $"arn:aws:kms:{TestCloud.Region}:{TestCloud.Account}:key/{KeyId}";

    public static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private const string Session = $"arn:aws:sts::{TestCloud.Account}:assumed-role/mantle-appliance/session";
    private const string User = $"arn:aws:iam::{TestCloud.Account}:user/ops/alice";
    private const string Root = $"arn:aws:iam::{TestCloud.Account}:root";
    private const string Federated = $"arn:aws:sts::{TestCloud.Account}:federated-user/fred";
    private const string OtherRoot = "arn:aws:iam::444455556666:root";
    private const string Service = "ec2.amazonaws.com";

    private static readonly string[] s_requesters = [TestCloud.Appliance, TestCloud.Appliance, TestCloud.Appliance, TestCloud.Custodian, Session, User, Root, Federated, TestCloud.OutsideRole, OtherRoot, Service];
    private static readonly string[] s_named = [TestCloud.Appliance, TestCloud.Appliance, TestCloud.Custodian, Session, User, Root, TestCloud.Account, Federated, TestCloud.OutsideRole, OtherRoot, "444455556666", "*"];
    private static readonly string[] s_actions = ["kms:Decrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair", "kms:DeriveSharedSecret", "kms:Encrypt", "kms:ReEncryptFrom", "kms:CreateGrant", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DescribeKey", "kms:RetireGrant"];
    private static readonly string[] s_patterns = ["kms:*", "*", "kms:De*", "kms:decrypt", "KMS:Decrypt", "kms:GenerateDataKey*", "kms:?ecrypt", "kms:*Key*", "kms:Put*", "s3:GetObject", "kms:ReEncrypt*", "kms:*Grant"];
    private static readonly string[] s_resources = ["*", "*", "*", KeyArn, $"arn:aws:kms:*:{TestCloud.Account}:key/*", "arn:aws:kms:*:444455556666:key/*", "arn:aws:kms:${aws:RequestedRegion}:*:key/*", "arn:aws:kms:*:${aws:PrincipalAccount}:key/*"];
    private static readonly string[] s_strings = ["StringEquals", "StringEqualsIgnoreCase", "StringLike", "StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike"];
    private static readonly string[] s_arns = ["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"];
    private static readonly string[] s_numbers = ["NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals"];
    private static readonly string[] s_dates = ["DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"];
    private static readonly string[] s_operations = ["Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair", "DeriveSharedSecret", "DescribeKey", "CreateGrant", "RetireGrant", "ReEncryptFrom"];

    /// <summary>Keys, the operators that belong to them, values of requests, and values of policies.</summary>
    private static readonly (string Key, string[] Operators, string[] Given, string[] Wanted)[] s_keys =
    [
        (Pcr(4), s_strings, [], [Value('a'), Value('b'), Value('A'), "a*", "*", "${kms:RecipientAttestation:NitroTPMPCR7}"]),
        (Pcr(7), s_strings, [], [Value('7'), Value('a'), "?*"]),
        (Pcr(12), s_strings, [], [Value('0'), Value('1')]),
        ("aws:PrincipalArn", [.. s_strings, .. s_arns], [], [TestCloud.Appliance, "arn:aws:iam::*:role/mantle-*", "arn:aws:iam::111122223333:*", "*", User, "arn:*:iam::*:user/*"]),
        ("aws:PrincipalAccount", s_strings, [], [TestCloud.Account, "444455556666", "${aws:ResourceAccount}"]),
        ("aws:PrincipalType", s_strings, [], ["AssumedRole", "User", "Account", "assumedrole"]),
        ("aws:username", s_strings, [], ["alice", "${aws:username}", "${aws:username, 'alice'}", "b*"]),
        ("aws:SourceVpc", s_strings, ["vpc-1", "vpc-2", "VPC-1"], ["vpc-1", "vpc-*", "vpc-?", "${*}", "vpc-${aws:PrincipalTag/team}"]),
        ("aws:PrincipalTag/team", s_strings, ["1", "2", "*"], ["1", "${aws:PrincipalTag/team}", "?"]),
        ("aws:SourceIp", ["IpAddress", "NotIpAddress"], ["10.1.2.3", "192.0.2.1", "2001:db8::1"], ["10.0.0.0/8", "10.1.2.3", "192.0.2.0/24", "2001:db8::/32", "0.0.0.0/0", "10.1.2.3/8"]),
        ("aws:CurrentTime", s_dates, [], ["2026-11-23T12:00:00Z", "2026-11-23T11:00:00Z", "2027-01-01T00:00:00Z", "2026", "1800000000"]),
        ("aws:EpochTime", [.. s_dates, .. s_numbers], [], ["2026-11-23T12:00:00Z", "1795435200", "1", "9999999999"]),
        ("kms:ScheduleKeyDeletionPendingWindowInDays", s_numbers, ["7", "30", "10.0"], ["7", "30", "10", "29", "x"]),
        ("kms:EncryptionContext:app", s_strings, ["sample", "other"], ["sample", "s*", "SAMPLE"]),
        ("kms:EncryptionContextKeys", s_strings, ["app", "volume", "app|volume"], ["app", "volume", "v*"]),
        ("kms:GrantOperations", s_strings, ["Decrypt", "Decrypt|Encrypt", "DescribeKey"], ["Decrypt", "Encrypt", "D*"]),
        ("kms:ViaService", s_strings, ["s3.eu-central-1.amazonaws.com"], ["s3.*.amazonaws.com", "ec2.eu-central-1.amazonaws.com"]),
        ("aws:SecureTransport", ["Bool"], [], ["true", "false"]),
        ("aws:PrincipalIsAWSService", ["Bool"], [], ["true", "false", "TRUE"]),
        ("kms:CallerAccount", s_strings, [], [TestCloud.Account, "444455556666"]),
        ("saml:aud", ["BinaryEquals"], ["YWJj", "!"], ["YWJj", "YWJk", "!"]),
    ];

    private readonly Random _random;

    public RandomCase(int seed)
    {
        _random = new(seed);
        Requester = Pick(s_requesters);
        Action = Pick(s_actions);
        IsAttested = Chance(60);
        Registers = new() { [4] = Value(Chance(60) ? 'a' : 'b'), [7] = Value(Chance(70) ? '7' : 'a'), [12] = Value(Chance(80) ? '0' : '1') };
        foreach ((string key, _, string[] given, _) in s_keys.Where(key => key.Given.Length > 0))
        {
            if (Chance(50))
            {
                Context[key] = Pick(given).Split('|');
            }
        }

        KeyPolicy = Policy(Kind.Key, 4).ToJsonString();
        bool isLimited = Requester is not (Service or Root or OtherRoot);
        Identity = !isLimited ? [] : [.. Enumerable.Range(0, _random.Next(3)).Select(_ => Policy(Kind.Identity, 3).ToJsonString())];
        Boundary = isLimited && Chance(15) ? Policy(Kind.Identity, 3).ToJsonString() : null;
        SessionPolicy = isLimited && Chance(15) ? Policy(Kind.Identity, 3).ToJsonString() : null;
        ServiceControl = Requester.Contains(TestCloud.Account, StringComparison.Ordinal) && Chance(20) ? Policy(Kind.Denial, 2).ToJsonString() : null;
        ResourceControl = Chance(20) ? Policy(Kind.ResourceDenial, 2).ToJsonString() : null;
        Grants = Chance(30) ? [.. Enumerable.Range(0, 1 + _random.Next(2)).Select(Grant)] : [];
    }

    private enum Kind
    {
        Key,
        Identity,
        Denial,
        ResourceDenial,
    }

    public string Requester { get; }

    public string Action { get; }

    public bool IsAttested { get; }

    public Dictionary<int, string> Registers { get; }

    public Dictionary<string, string[]> Context { get; } = new(StringComparer.OrdinalIgnoreCase);

    public string KeyPolicy { get; }

    public IReadOnlyList<string> Identity { get; }

    public string? Boundary { get; }

    public string? SessionPolicy { get; }

    public string? ServiceControl { get; }

    public string? ResourceControl { get; }

    public IReadOnlyList<(string Grantee, string? Retiring, string[] Operations, (string Name, string Value)? Subset, (string Name, string Value)? Equal)> Grants { get; }

    public override string ToString() => string.Join('\n', [
        $"{Requester} {Action}{(IsAttested ? " attested " + string.Join(' ', Registers.Select(one => $"{one.Key}={one.Value[..1]}")) : "")}",
        string.Join(", ", Context.Select(pair => $"{pair.Key}={string.Join('|', pair.Value)}")),
        KeyPolicy, .. Identity.Select(text => "identity " + text), $"boundary {Boundary}", $"session {SessionPolicy}", $"scp {ServiceControl}", $"rcp {ResourceControl}",
        .. Grants.Select(grant => $"grant {grant.Grantee} {grant.Retiring} {string.Join(' ', grant.Operations)} {grant.Subset} {grant.Equal}"),
    ]);

    private static string Pcr(int index) => "kms:RecipientAttestation:NitroTPMPCR" + index.ToString(CultureInfo.InvariantCulture);

    private static string Value(char digit) => new(digit, 96);

    private T Pick<T>(T[] all) => all[_random.Next(all.Length)];

    private bool Chance(int percent) => _random.Next(100) < percent;

    private JsonNode OneOrMore(string[] all)
    {
        string[] some = [.. Enumerable.Range(0, 1 + _random.Next(3)).Select(_ => Pick(all)).Distinct()];
        return some.Length == 1 && Chance(50) ? JsonValue.Create(some[0]) : new JsonArray([.. some.Select(text => (JsonNode?)text)]);
    }

    private JsonObject Policy(Kind kind, int most)
    {
        JsonObject policy = new() { ["Statement"] = new JsonArray([.. Enumerable.Range(0, 1 + _random.Next(most)).Select(_ => Statement(kind))]) };
        if (Chance(90))
        {
            policy["Version"] = Chance(85) ? "2012-10-17" : "2008-10-17";
        }

        return policy;
    }

    private JsonObject Statement(Kind kind)
    {
        bool denies = kind is Kind.Denial or Kind.ResourceDenial || Chance(30);
        JsonObject statement = new() { ["Effect"] = denies ? "Deny" : "Allow" };
        if (kind == Kind.ResourceDenial)
        {
            statement["Principal"] = "*";
        }
        else if (kind == Kind.Key)
        {
            statement[Chance(8) ? "NotPrincipal" : "Principal"] = Principal();
        }

        statement[Chance(6) ? "NotAction" : "Action"] = OneOrMore(Chance(50) ? [Action, .. s_actions] : [.. s_patterns, Action]);
        if (kind != Kind.Key || Chance(90))
        {
            statement[Chance(4) ? "NotResource" : "Resource"] = OneOrMore(s_resources);
        }

        int conditions = _random.Next(4) - 1;
        if (conditions > 0)
        {
            JsonObject all = [];
            for (int i = 0; i < conditions; i++)
            {
                AddCondition(all);
            }

            statement["Condition"] = all;
        }

        return statement;
    }

    private JsonNode Principal()
    {
        if (Chance(8))
        {
            return "*";
        }

        JsonObject principal = new() { ["AWS"] = OneOrMore([Requester.Contains(':', StringComparison.Ordinal) ? Requester : Root, .. s_named]) };
        if (Chance(10))
        {
            principal["Service"] = OneOrMore([Service, "logs.amazonaws.com"]);
        }

        return principal;
    }

    private void AddCondition(JsonObject all)
    {
        (string key, string[] operators, _, string[] wanted) = Pick(s_keys);
        // Several values of a request belong under a set operator; without one AWS says nothing of what comes out (see docs/key-policy.md).
        bool isSet = key is "kms:EncryptionContextKeys" or "kms:GrantOperations" or "aws:PrincipalServiceNamesList" || Chance(10);
        string name = Chance(8) ? "Null" : Pick(operators);
        JsonNode values = name == "Null" ? JsonValue.Create(Chance(50) ? "true" : "false") : OneOrMore(wanted);
        name = (isSet && name != "Null" ? Chance(50) ? "ForAllValues:" : "ForAnyValue:" : "") + name + (name != "Null" && Chance(15) ? "IfExists" : "");
        key = Chance(10) ? key.ToUpperInvariant() : key;
        if (all[name] is not JsonObject keys)
        {
            all[name] = keys = [];
        }

        // Letter case of a key does not count, so it may stand only once.
        if (!keys.Any(member => member.Key.Equals(key, StringComparison.OrdinalIgnoreCase)))
        {
            keys[key] = values;
        }
    }

    private (string Grantee, string? Retiring, string[] Operations, (string Name, string Value)? Subset, (string Name, string Value)? Equal) Grant(int index) => (
        Pick([Requester, .. s_named[..^1]]),
        Chance(20) ? Pick([Requester, .. s_named[..^1]]) : null,
        [.. Enumerable.Range(0, 2).Select(_ => Pick(s_operations)).Distinct()],
        Chance(20) ? ("app", Pick(["sample", "other"])) : null,
        Chance(10) ? ("app", "sample") : null);
}
