using Mantle.Measure.Checking;
using Mantle.Measure.Release.Dsse;
using Mantle.Measure.Release.Policy;

namespace Mantle.Measure.Release.Verification;

/// <summary>Every role is met by as many different people as it asks for, with keys that are valid and signatures that hold.</summary>
internal static class SignatureRules
{
    public static void Check(CheckReport report, DsseEnvelope envelope, ReleasePolicy policy, DateTimeOffset at)
    {
        Dictionary<string, (ReleaseRole Role, ReleasePerson Person, ReleaseKey Key)> known = policy.Roles
            .SelectMany(role => role.People, (role, person) => (role, person))
            .SelectMany(pair => pair.person.Keys, (pair, key) => (pair.role, pair.person, key))
            .ToDictionary(entry => entry.key.Key.KeyId, StringComparer.Ordinal);
        byte[] message = envelope.PreAuthenticationEncoding();
        Dictionary<string, HashSet<string>> counted = policy.Roles.ToDictionary(role => role.Name, _ => new HashSet<string>(StringComparer.Ordinal), StringComparer.Ordinal);
        Dictionary<string, List<string>> refused = policy.Roles.ToDictionary(role => role.Name, _ => new List<string>(), StringComparer.Ordinal);
        List<string> broken = [];
        List<string> unknown = [];
        foreach (DsseSignature signature in envelope.Signatures)
        {
            if (!known.TryGetValue(signature.KeyId, out (ReleaseRole Role, ReleasePerson Person, ReleaseKey Key) signer))
            {
                unknown.Add(signature.KeyId[..16]);
            }
            else if (!signer.Key.Key.Verify(message, signature.Signature.Span, signer.Key.Scheme))
            {
                broken.Add($"the signature by {signer.Person.Name}'s key {signature.KeyId[..16]} does not hold as {signer.Key.Scheme.Name()}");
            }
            else if (signer.Key.Problem(at) is { } problem)
            {
                refused[signer.Role.Name].Add($"{signer.Person.Name}'s key {signature.KeyId[..16]} is {problem}");
            }
            else
            {
                counted[signer.Role.Name].Add(signer.Person.Name);
            }
        }

        string others = unknown.Count == 0 ? "" : $"; by keys that the policy does not know: {string.Join(", ", unknown)}";
        report.Check("signatures", broken.Count == 0 ? null : string.Join("; ", broken), $"{envelope.Signatures.Count} signatures{others}");
        foreach (ReleaseRole role in policy.Roles)
        {
            string who = counted[role.Name].Count == 0 ? "nobody" : string.Join(", ", counted[role.Name].Order(StringComparer.Ordinal));
            string[] reasons = [.. refused[role.Name], .. unknown.Select(key => $"key {key} is in no role of the policy")];
            report.Check(
                $"role.{role.Name}",
                counted[role.Name].Count >= role.Threshold ? null
                    : $"signed by {who}; {role.Threshold} of {role.People.Count} have to{(reasons.Length == 0 ? "" : $" ({string.Join("; ", reasons)})")}",
                $"signed by {who}; {role.Threshold} of {role.People.Count} have to");
        }
    }
}
