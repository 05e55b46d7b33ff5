using System.Globalization;
using Mantle.Formats.Bytes;

namespace Mantle.Measure.KeyPolicy.Evaluation;

/// <summary>The key that is asked for.</summary>
/// <param name="Partition">For example <c>aws</c>.</param>
/// <param name="Region">For example <c>eu-central-1</c>.</param>
/// <param name="Account">Twelve digits.</param>
/// <param name="Id">The key's identifier.</param>
public sealed record KeyIdentity(string Partition, string Region, string Account, string Id)
{
    /// <summary>What stands for a key that has no identifier yet.</summary>
    public const string UnknownId = "00000000-0000-0000-0000-000000000000";

    /// <summary>The key's ARN.</summary>
    public string Arn => $"arn:{Partition}:kms:{Region}:{Account}:key/{Id}";
}

/// <summary>A request to KMS.</summary>
public sealed record KeyRequest
{
    /// <summary>Who.</summary>
    public required RequestPrincipal Principal { get; init; }

    /// <summary>What, for example <c>kms:Decrypt</c>.</summary>
    public required string Action { get; init; }

    /// <summary>Which key.</summary>
    public required KeyIdentity Key { get; init; }

    /// <summary>The attestation document in the request, or null when it has none.</summary>
    public AttestedPcrs? Attestation { get; init; }

    /// <summary>When, or null when the policy is not to know (no aws:CurrentTime).</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>Context keys beside those that follow from the rest; no values take a key out.</summary>
    public IReadOnlyList<KeyValuePair<string, IReadOnlyList<string>>> Context { get; init; } = [];

    /// <summary>Every context key that a policy can look at.</summary>
    public RequestContext BuildContext()
    {
        RequestContext context = new();
        context.Set("aws:PrincipalIsAWSService", Principal.Type == PrincipalType.Service ? "true" : "false")
            .Set("aws:SecureTransport", "true")
            .Set("aws:ViaAWSService", "false")
            .Set("aws:ResourceAccount", Key.Account)
            .Set("aws:RequestedRegion", Key.Region);
        if (Principal.Type == PrincipalType.Service)
        {
            context.Set("aws:PrincipalServiceName", Principal.Name).Set("aws:PrincipalServiceNamesList", Principal.Name);
        }
        else
        {
            context.Set("aws:PrincipalArn", Principal.Arn)
                .Set("aws:PrincipalAccount", Principal.Account)
                .Set("kms:CallerAccount", Principal.Account)
                .Set("aws:PrincipalType", Principal.Type switch
                {
                    PrincipalType.Root => "Account",
                    PrincipalType.User => "User",
                    PrincipalType.FederatedUser => "FederatedUser",
                    _ => "AssumedRole",
                });
            if (Principal.Type == PrincipalType.User)
            {
                context.Set("aws:username", Principal.Name);
            }
        }

        if (Time is { } time)
        {
            context.Set("aws:CurrentTime", UtcTime.Text(time))
                .Set("aws:EpochTime", time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        }

        // A key that stands for a parameter has the parameter's default when the request leaves it out
        // (KMS Developer Guide, "AWS KMS condition keys", conditions for an API operation request).
        switch (Action)
        {
            case KmsAction.ScheduleKeyDeletion:
                context.Set("kms:ScheduleKeyDeletionPendingWindowInDays", "30");
                break;
            case KmsAction.PutKeyPolicy:
                context.Set("kms:BypassPolicyLockoutSafetyCheck", "false");
                break;
            case KmsAction.CreateGrant:
                context.Set("kms:GrantIsForAWSResource", "false");
                break;
            default:
                break;
        }

        if (KmsAction.Find(Action) is { IsAttestable: true })
        {
            Attestation?.AddTo(context);
        }

        foreach ((string key, IReadOnlyList<string> values) in Context)
        {
            context.Set(key, values);
        }

        return context;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        string context = string.Concat(Context.Select(pair => $", {pair.Key}={(pair.Value.Count == 0 ? "(absent)" : string.Join('|', pair.Value))}"));
        string attested = KmsAction.Find(Action) is { IsAttestable: true } ? Attestation is null ? ", no attestation document" : $", attested as {Attestation.Name}" : "";
        return $"{Principal} asks for {Action}{attested}{context}"
            + (Time is { } time ? $" at {UtcTime.Text(time)}" : "");
    }
}
