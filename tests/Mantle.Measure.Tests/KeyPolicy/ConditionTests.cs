using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;

namespace Mantle.Measure.Tests.KeyPolicy;

/// <summary>
/// The operators as the IAM User Guide describes them. Pages: "Condition operators" (operators), "Conditions with multiple context keys or values" (logic),
/// "Single-valued vs. multivalued context keys" and "Multivalued context key examples" (sets), "Variables and tags" (variables).
/// </summary>
public sealed class ConditionTests
{
    // operator, policy values, request values (null: the key is absent), result; values are separated by |
    public static TheoryData<string, string, string?, bool> Operators => new()
    {
        // operators: String
        { "StringEquals", "JohnDoe", "JohnDoe", true },
        { "StringEquals", "JohnDoe", "johndoe", false },
        { "StringEquals", "a*", "ab", false },
        { "StringEquals", "a|b", "b", true },
        { "StringEquals", "a", null, false },
        { "StringNotEquals", "a", "b", true },
        { "StringNotEquals", "a|b", "b", false },
        { "StringNotEquals", "a", null, true },
        { "StringEqualsIgnoreCase", "ABC", "abc", true },
        { "StringNotEqualsIgnoreCase", "ABC", "abc", false },
        { "StringNotEqualsIgnoreCase", "ABC", null, true },
        { "StringLike", "home/*", "home/a/b", true },
        { "StringLike", "a?c", "abc", true },
        { "StringLike", "a?c", "ac", false },
        { "StringLike", "*", "", true },
        { "StringLike", "${*}", "*", true },
        { "StringLike", "${*}", "x", false },
        { "StringNotLike", "a*", "b", true },
        { "StringNotLike", "a*", "ab", false },
        { "StringNotLike", "a*", null, true },
        // operators: Numeric
        { "NumericEquals", "10", "10.0", true },
        { "NumericNotEquals", "10", "11", true },
        { "NumericLessThan", "30", "7", true },
        { "NumericLessThan", "30", "30", false },
        { "NumericLessThanEquals", "30", "30", true },
        { "NumericGreaterThan", "3600", "3601", true },
        { "NumericGreaterThanEquals", "3600", "3599", false },
        { "NumericLessThan", "30", "many", false },
        { "NumericLessThan", "30", null, false },
        { "NumericLessThanIfExists", "30", null, true },
        // operators: Date, ISO 8601 or epoch
        { "DateEquals", "2020-04-01", "2020-04-01T00:00:00Z", true },
        { "DateNotEquals", "2020-04-01", "2020-04-02", true },
        { "DateGreaterThan", "2020-04-01T00:00:00Z", "2020-04-01T00:00:01Z", true },
        { "DateLessThan", "2020-04-01T00:00:00Z", "2020-04-01T00:00:00Z", false },
        { "DateLessThanEquals", "2020-06-30T23:59:59Z", "2020-06-30T23:59:59Z", true },
        { "DateGreaterThanEquals", "1585699200", "2020-04-01T00:00:00Z", true },
        { "DateLessThan", "2020-04-01T02:00:00+02:00", "2020-03-31T23:59:59Z", true },
        { "DateLessThan", "soon", "2020-04-01", false },
        // operators: Boolean
        { "Bool", "true", "true", true },
        { "Bool", "True", "true", true },
        { "Bool", "false", "true", false },
        { "Bool", "true", null, false },
        { "BoolIfExists", "true", null, true },
        // operators: Binary
        { "BinaryEquals", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", true },
        { "BinaryEquals", "QQ==", "QUE=", false },
        { "BinaryEquals", "no base 64!", "no base 64!", false },
        // operators: IP address; IPv4 and IPv6 in CIDR, a single address is /32
        { "IpAddress", "203.0.113.0/24", "203.0.113.77", true },
        { "IpAddress", "203.0.113.0/24", "203.0.114.1", false },
        { "IpAddress", "203.0.113.5", "203.0.113.5", true },
        { "IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5678::9", true },
        { "IpAddress", "0.0.0.0/0", "2001:db8::1", false },
        { "NotIpAddress", "203.0.113.0/24", "198.51.100.1", true },
        { "NotIpAddress", "203.0.113.0/24", "203.0.113.9", false },
        { "NotIpAddress", "203.0.113.0/24", null, true },
        // operators: ARN, part by part; ArnEquals and ArnLike are the same
        { "ArnEquals", "arn:aws:sns:*:123456789012:topic", "arn:aws:sns:us-east-1:123456789012:topic", true },
        { "ArnLike", "arn:aws:sns:*:*:t*", "arn:aws:sns:us-east-1:123456789012:topic:sub", true },
        { "ArnLike", "arn:aws:iam::111122223333:role/*", "arn:aws:iam::111122223333:role/a/b", true },
        { "ArnLike", "arn:aws:*:topic", "arn:aws:sns:us-east-1:123456789012:topic", false },
        { "ArnLike", "*", "arn:aws:iam::111122223333:role/a", false },
        { "ArnNotEquals", "arn:aws:iam::111122223333:role/a", "arn:aws:iam::111122223333:role/b", true },
        { "ArnNotLike", "arn:aws:iam::111122223333:role/a", null, true },
        // operators: Null asks for absence
        { "Null", "true", null, true },
        { "Null", "true", "x", false },
        { "Null", "false", "x", true },
        { "Null", "false", null, false },
        // operators: IfExists
        { "StringEqualsIfExists", "a", null, true },
        { "StringEqualsIfExists", "a", "b", false },
        { "StringNotEqualsIfExists", "a", null, true },
        // sets: every value of the request; none at all is enough, an empty one counts as none
        { "ForAllValues:StringEquals", "env|team", "env", true },
        { "ForAllValues:StringEquals", "env|team", "env|team", true },
        { "ForAllValues:StringEquals", "env|team", "env|cost", false },
        { "ForAllValues:StringEquals", "env", null, true },
        { "ForAllValues:StringEquals", "env", "", true },
        { "ForAllValues:StringLike", "key1*", "key1:a|key1:b", true },
        { "ForAllValues:StringNotEquals", "a", "b|c", true },
        { "ForAllValues:StringNotEquals", "a", "a|c", false },
        { "ForAllValues:StringNotEquals", "a", null, true },
        // sets: one value of the request; none at all is not enough
        { "ForAnyValue:StringEquals", "env|team", "cost|team", true },
        { "ForAnyValue:StringEquals", "env|team", "cost", false },
        { "ForAnyValue:StringEquals", "env", null, false },
        { "ForAnyValue:StringNotEquals", "a", "a|b", true },
        { "ForAnyValue:StringNotEquals", "a", "a", false },
        { "ForAnyValue:StringNotEquals", "a", null, false },
        { "ForAnyValue:StringEqualsIfExists", "a", null, true },
        { "ForAnyValue:StringLike", "kms.*", "s3.x|kms.y", true },
        // variables: single-valued keys, defaults, no value
        { "StringEquals", "${aws:username}", "alice", true },
        { "StringEquals", "${aws:PrincipalTag/team}", "red", false },
        { "StringEquals", "${aws:PrincipalTag/team, 'company-wide'}", "company-wide", true },
        { "StringNotEquals", "${aws:PrincipalTag/team}", "red", true },
        { "StringLike", "home/${aws:username}/*", "home/alice/x", true },
        { "StringEquals", "${$}", "$", true },
        { "NumericEquals", "${aws:username}", "1", false },
        { "ArnLike", "arn:aws:iam::111122223333:user/${aws:username}", "arn:aws:iam::111122223333:user/alice", true },
    };

    [Theory]
    [MemberData(nameof(Operators))]
    public void An_operator_compares_as_documented(string name, string wanted, string? have, bool holds)
    {
        RequestContext context = new RequestContext().Set("aws:username", "alice");
        if (have is not null)
        {
            context.Set("test:Key", have.Split('|'));
        }

        ConditionClause clause = new(ConditionOperator.Parse(name), "TEST:key", TextSet.Of(wanted.Split('|')));
        Assert.Equal(holds, ConditionEvaluator.Holds(clause, context, hasVariables: true));
    }

    [Fact]
    public void An_older_policy_has_no_variables() => Assert.True(ConditionEvaluator.Holds(
        new(ConditionOperator.Parse("StringEquals"), "k", TextSet.Of(["${aws:username}"])), new RequestContext().Set("aws:username", "a").Set("k", "${aws:username}"), hasVariables: false));

    [Theory]
    [InlineData("NullIfExists")]
    [InlineData("stringEquals")]
    [InlineData("ForAllValues:")]
    [InlineData("ForSomeValues:StringEquals")]
    [InlineData("StringEqualsIfExistsIfExists")]
    public void There_is_no_such_operator(string name) => Assert.Null(ConditionOperator.TryParse(name));
}
