using System.Text;
using Amazon.KeyManagementService.Model;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Aws;
using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Plans;

namespace Mantle.ImageBuilder.Binding;

/// <summary>Reads a key with everything that is attached to it.</summary>
internal static class LiveKeyReader
{
    /// <summary>Reads it. What the caller may not read is left out; that the key is not there, or KMS not reached, is an error.</summary>
    /// <exception cref="KeyServiceException">There is no such key, or no answer.</exception>
    public static async Task<LiveKey> ReadAsync(KeyService service, BindingPlan plan, string arn, CancellationToken cancellation)
    {
        KeyMetadata metadata = await service.DescribeAsync(arn, cancellation).ConfigureAwait(false);
        (PolicyDocument? policy, string? problem) = await ReadPolicyAsync(service, arn, cancellation).ConfigureAwait(false);
        return new()
        {
            Arn = metadata.Arn,
            State = metadata.KeyState.Value,
            DeletionDate = metadata.DeletionDate is { } date ? new DateTimeOffset(date.ToUniversalTime()) : null,
            Spec = metadata.KeySpec?.Value ?? "",
            Usage = metadata.KeyUsage.Value,
            Origin = metadata.Origin.Value,
            Relatives = metadata.MultiRegionConfiguration is { } regions
                ? [.. (regions.ReplicaKeys ?? []).Append(regions.PrimaryKey).Where(key => key is not null).Select(key => key.Arn).Where(other => other != metadata.Arn).Distinct().Order(StringComparer.Ordinal)]
                : [],
            Policy = policy,
            PolicyProblem = problem,
            Grants = await UnlessDeniedAsync(() => ReadGrantsAsync(service, arn, cancellation)).ConfigureAwait(false),
            Aliases = await UnlessDeniedAsync(() => ReadAliasesAsync(service, arn, cancellation)).ConfigureAwait(false),
            AliasTarget = plan.Alias is null ? null : await ReadAliasTargetAsync(service, plan.Alias, cancellation).ConfigureAwait(false),
            RotationPeriod = (await UnlessDeniedAsync(() => ReadRotationAsync(service, arn, cancellation)).ConfigureAwait(false))?.Days,
        };
    }

    /// <summary>The live policy, or why there is none to be had.</summary>
    public static async Task<(PolicyDocument? Policy, string? Problem)> ReadPolicyAsync(KeyService service, string arn, CancellationToken cancellation)
    {
        try
        {
            string text = await service.ReadPolicyAsync(arn, cancellation).ConfigureAwait(false);
            return (PolicyReader.Read(Encoding.UTF8.GetBytes(text), PolicyKind.Key, "live policy"), null);
        }
        catch (KeyServiceException e) when (e.Failure == KeyServiceFailure.Denied)
        {
            return (null, e.Message);
        }
        catch (MalformedInputException e)
        {
            return (null, $"the live policy cannot be read: {e.Message}");
        }
    }

    /// <summary>The key to which an alias points, or null. An alias that may not be looked up is taken for none.</summary>
    public static async Task<string?> ReadAliasTargetAsync(KeyService service, string alias, CancellationToken cancellation)
    {
        try
        {
            return (await service.DescribeAsync(alias, cancellation).ConfigureAwait(false)).Arn;
        }
        catch (KeyServiceException e) when (e.Failure is KeyServiceFailure.NotFound)
        {
            return null;
        }
        catch (KeyServiceException e) when (e.Failure is KeyServiceFailure.Denied)
        {
            // KMS names the key in its refusal; that it is another one is all that counts.
            return "another key, which these credentials may not describe";
        }
    }

    private static async Task<List<KeyGrant>> ReadGrantsAsync(KeyService service, string arn, CancellationToken cancellation)
    {
        List<GrantListEntry> entries = await service.ListAsync(
            "ListGrants",
            async (client, marker) =>
            {
                ListGrantsResponse page = await client.ListGrantsAsync(new ListGrantsRequest { KeyId = arn, Marker = marker }, cancellation).ConfigureAwait(false);
                return (page.Grants, page.Truncated == true ? page.NextMarker : null);
            },
            cancellation).ConfigureAwait(false);
        return [.. entries.Select(entry => new KeyGrant
        {
            GrantId = entry.GrantId,
            GranteePrincipal = entry.GranteePrincipal ?? "",
            RetiringPrincipal = entry.RetiringPrincipal,
            Operations = entry.Operations ?? [],
            ContextSubset = entry.Constraints?.EncryptionContextSubset ?? [],
            ContextEquals = entry.Constraints?.EncryptionContextEquals,
            Name = entry.Name,
        })];
    }

    private static async Task<List<string>> ReadAliasesAsync(KeyService service, string arn, CancellationToken cancellation)
    {
        List<AliasListEntry> entries = await service.ListAsync(
            "ListAliases",
            async (client, marker) =>
            {
                ListAliasesResponse page = await client.ListAliasesAsync(new ListAliasesRequest { KeyId = arn, Marker = marker }, cancellation).ConfigureAwait(false);
                return (page.Aliases, page.Truncated == true ? page.NextMarker : null);
            },
            cancellation).ConfigureAwait(false);
        return [.. entries.Select(entry => entry.AliasName).Order(StringComparer.Ordinal)];
    }

    private static async Task<Rotation> ReadRotationAsync(KeyService service, string arn, CancellationToken cancellation)
    {
        try
        {
            GetKeyRotationStatusResponse status = await service.RepeatAsync(
                "GetKeyRotationStatus", client => client.GetKeyRotationStatusAsync(new GetKeyRotationStatusRequest { KeyId = arn }, cancellation), cancellation).ConfigureAwait(false);
            return new(status.KeyRotationEnabled == true ? status.RotationPeriodInDays ?? 365 : 0);
        }
        catch (KeyServiceException e) when (e.Failure == KeyServiceFailure.Unsupported)
        {
            return new(0);
        }
    }

    private static async Task<T?> UnlessDeniedAsync<T>(Func<Task<T>> read)
        where T : class
    {
        try
        {
            return await read().ConfigureAwait(false);
        }
        catch (KeyServiceException e) when (e.Failure == KeyServiceFailure.Denied)
        {
            return null;
        }
    }

    private sealed record Rotation(int Days);
}
