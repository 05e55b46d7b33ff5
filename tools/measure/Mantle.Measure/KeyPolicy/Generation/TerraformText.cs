using System.Globalization;
using System.Text;
using System.Text.Json;
using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Plans;

namespace Mantle.Measure.KeyPolicy.Generation;

/// <summary>A key policy as Terraform's configuration language, with a comment at each statement.</summary>
public static class TerraformText
{
    /// <summary>A resource of the type <c>aws_kms_key_policy</c> for a key that exists, or of <c>aws_kms_key</c> for one that does not.</summary>
    public static string Write(BindingPlan plan, PolicyDocument policy)
    {
        StringBuilder text = new();
        bool exists = plan.Key.Id != Evaluation.KeyIdentity.UnknownId;
        text.Append("# ").Append(StatementNotes.Title(plan)).Append('\n');
        text.Append(exists ? "resource \"aws_kms_key_policy\" \"mantle\" {\n" : "resource \"aws_kms_key\" \"mantle\" {\n");
        if (exists)
        {
            text.Append(CultureInfo.InvariantCulture, $"  key_id = {Quote(plan.Key.Id)}\n");
        }
        else
        {
            text.Append("  description             = \"Released only to attested images\"\n");
            text.Append(CultureInfo.InvariantCulture, $"  deletion_window_in_days = {plan.DeletionWindow}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"  bypass_policy_lockout_safety_check = {(plan.Phase == PlanPhase.Sealed ? "true" : "false")}\n\n");
        text.Append("  policy = jsonencode({\n");
        text.Append(CultureInfo.InvariantCulture, $"    Version = {Quote(policy.Version!)}\n    Id      = {Quote(policy.Id!)}\n    Statement = [\n");
        foreach (PolicyStatement statement in policy.Statements)
        {
            text.Append("      # ").Append(StatementNotes.Of(plan, statement)).Append('\n');
            using JsonDocument json = StatementNotes.Parse(statement);
            text.Append("      ");
            WriteValue(text, json.RootElement, 6);
            text.Append(",\n");
        }

        return text.Append("    ]\n  })\n}\n").ToString();
    }

    private static void WriteValue(StringBuilder text, JsonElement value, int indent)
    {
        string inner = new(' ', indent + 2);
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                text.Append("{\n");
                foreach (JsonProperty member in value.EnumerateObject())
                {
                    text.Append(inner).Append(Quote(member.Name)).Append(" = ");
                    WriteValue(text, member.Value, indent + 2);
                    text.Append('\n');
                }

                text.Append(inner.AsSpan(2)).Append('}');
                break;
            case JsonValueKind.Array:
                text.Append("[\n");
                foreach (JsonElement item in value.EnumerateArray())
                {
                    text.Append(inner);
                    WriteValue(text, item, indent + 2);
                    text.Append(",\n");
                }

                text.Append(inner.AsSpan(2)).Append(']');
                break;
            default:
                text.Append(Quote(value.GetString()!));
                break;
        }
    }

    /// <summary>A quoted template: what would begin an interpolation is doubled.</summary>
    private static string Quote(string text) =>
        '"' + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("${", "$${", StringComparison.Ordinal).Replace("%{", "%%{", StringComparison.Ordinal) + '"';
}
