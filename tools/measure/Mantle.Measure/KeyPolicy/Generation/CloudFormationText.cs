using System.Globalization;
using System.Text;
using System.Text.Json;
using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Plans;

namespace Mantle.Measure.KeyPolicy.Generation;

/// <summary>A key with its policy as a CloudFormation template in YAML, with a comment at each statement.</summary>
public static class CloudFormationText
{
    /// <summary>A template with one resource of the type AWS::KMS::Key.</summary>
    public static string Write(BindingPlan plan, PolicyDocument policy)
    {
        StringBuilder text = new();
        text.Append("# ").Append(StatementNotes.Title(plan)).Append('\n');
        text.Append("AWSTemplateFormatVersion: \"2010-09-09\"\nResources:\n  MantleKey:\n    Type: AWS::KMS::Key\n");
        text.Append("    DeletionPolicy: Retain\n    UpdateReplacePolicy: Retain\n    Properties:\n");
        text.Append(CultureInfo.InvariantCulture, $"      PendingWindowInDays: {plan.DeletionWindow}\n");
        text.Append(CultureInfo.InvariantCulture, $"      BypassPolicyLockoutSafetyCheck: {(plan.Phase == PlanPhase.Sealed ? "true" : "false")}\n");
        text.Append(CultureInfo.InvariantCulture, $"      KeyPolicy:\n        Version: {Quote(policy.Version!)}\n        Id: {Quote(policy.Id!)}\n        Statement:\n");
        foreach (PolicyStatement statement in policy.Statements)
        {
            text.Append("          # ").Append(StatementNotes.Of(plan, statement)).Append('\n');
            using JsonDocument json = StatementNotes.Parse(statement);
            bool first = true;
            foreach (JsonProperty member in json.RootElement.EnumerateObject())
            {
                text.Append(first ? "          - " : "            ");
                first = false;
                WriteMember(text, member, 12);
            }
        }

        return text.Append("Outputs:\n  KeyId:\n    Value: !Ref MantleKey\n").ToString();
    }

    private static void WriteMember(StringBuilder text, JsonProperty member, int indent)
    {
        string inner = new(' ', indent + 2);
        text.Append(Quote(member.Name)).Append(':');
        switch (member.Value.ValueKind)
        {
            case JsonValueKind.Object:
                text.Append('\n');
                foreach (JsonProperty child in member.Value.EnumerateObject())
                {
                    text.Append(inner);
                    WriteMember(text, child, indent + 2);
                }

                break;
            case JsonValueKind.Array:
                text.Append('\n');
                foreach (JsonElement item in member.Value.EnumerateArray())
                {
                    text.Append(inner).Append("- ").Append(Quote(item.GetString()!)).Append('\n');
                }

                break;
            default:
                text.Append(' ').Append(Quote(member.Value.GetString()!)).Append('\n');
                break;
        }
    }

    /// <summary>A double-quoted scalar; what a policy holds is printable.</summary>
    private static string Quote(string text) =>
        text.All(char.IsAsciiLetter) && text.Length > 0 && text is not ("true" or "false" or "null" or "yes" or "no" or "on" or "off" or "y" or "n")
            ? text
            : '"' + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + '"';
}
