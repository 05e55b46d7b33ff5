using System.Text;
using System.Text.Json;
using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Plans;

namespace Mantle.Measure.KeyPolicy.Generation;

/// <summary>What a comment says about a generated statement.</summary>
internal static class StatementNotes
{
    public static string Title(BindingPlan plan) =>
        $"Key policy of phase {plan.Phase.ToString().ToLowerInvariant()}, written by \"measure policy generate\" from a binding plan; change the plan, not this text.";

    public static string Of(BindingPlan plan, PolicyStatement statement)
    {
        string sid = statement.Sid ?? "";
        if (statement.IsAllow)
        {
            return plan.Generations.FirstOrDefault(generation => sid == KeyPolicyGenerator.SidOf(plan, generation)) is { } generation
                ? $"Release {generation.Name} ({generation.State.ToString().ToLowerInvariant()}): all four PCRs together, so that no value pairs with another release's."
                : "Looks after the key; reads no secret.";
        }

        return sid switch
        {
            _ when sid.StartsWith("DenyOtherPcr", StringComparison.Ordinal) => "Whatever allows it: no plaintext for another image, nor without an attestation document.",
            "DenyOtherPrincipals" => "Attestation proves code, not ownership: the same image in other hands gets nothing.",
            "DenyAlways" => "Ways around attestation: grants, re-encryption, import, replicas, tags.",
            "DenyPolicyChange" => "Nobody else replaces this policy.",
            "DenyEncrypt" => "Nobody else plants a ciphertext that the image would trust.",
            "DenyTags" => "Nobody else changes what conditions on tags look at.",
            "DenyEarlyDeletion" => "Deletion waits, so that somebody notices.",
            _ => sid,
        };
    }

    public static JsonDocument Parse(PolicyStatement statement)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            PolicyWriter.Write(json, statement);
        }

        return JsonDocument.Parse(Encoding.UTF8.GetString(buffer.ToArray()));
    }
}
