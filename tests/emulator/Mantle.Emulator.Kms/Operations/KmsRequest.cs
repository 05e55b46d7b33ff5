using Mantle.Emulator.Kms.Iam;
using Mantle.Emulator.Kms.Keys;
using Mantle.Emulator.Kms.Recipient;

namespace Mantle.Emulator.Kms.Operations;

/// <summary>One call while it is worked on.</summary>
internal sealed class KmsRequest
{
    public required KmsInput Input { get; init; }

    public required KmsCaller Caller { get; init; }

    public required string Region { get; init; }

    public required DateTimeOffset Now { get; init; }

    /// <summary>The verified document, or null when the request has none.</summary>
    public RecipientDocument? Recipient { get; init; }

    /// <summary>The context keys of the request itself; operations add those of their parameters.</summary>
    public Dictionary<string, string[]> Context { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The alias by which the request named the key.</summary>
    public string? Alias { get; set; }

    public string Account => Caller.Principal.Account;

    /// <summary>Every context key for an action on a key (IAM User Guide, "AWS global condition context keys"; KMS Developer Guide, "AWS KMS condition keys").</summary>
    public Dictionary<string, string[]> ContextFor(KmsKey? key, IEnumerable<string> aliases)
    {
        Dictionary<string, string[]> all = RequestKeys.Of(Caller.Principal, Region, key?.Account, Now);
        foreach ((string name, string[] values) in Context)
        {
            all[name] = values;
        }

        foreach ((string name, string value) in Caller.Context)
        {
            all[name] = [value];
        }

        if (key is not null)
        {
            all["kms:KeySpec"] = all["kms:CustomerMasterKeySpec"] = [key.Material.Spec];
            all["kms:KeyUsage"] = all["kms:CustomerMasterKeyUsage"] = [key.Usage];
            all["kms:KeyOrigin"] = [key.Origin];
            all["kms:MultiRegion"] = [key.IsMultiRegion ? "true" : "false"];
            if (key.IsMultiRegion)
            {
                all["kms:MultiRegionKeyType"] = [key.PrimaryArn is null ? "PRIMARY" : "REPLICA"];
            }

            foreach ((string name, string value) in key.Tags)
            {
                all["aws:ResourceTag/" + name] = [value];
            }

            if (aliases.ToArray() is { Length: > 0 } names)
            {
                all["kms:ResourceAliases"] = names;
            }
        }

        if (Alias is not null)
        {
            all["kms:RequestAlias"] = [Alias];
        }

        foreach ((string name, string[] value) in Recipient?.ConditionKeys() ?? [])
        {
            all[name] = value;
        }

        return all;
    }

    /// <summary>The request's encryption context, put into the context as well.</summary>
    public IReadOnlyDictionary<string, string> EncryptionContext(string name = "EncryptionContext")
    {
        IReadOnlyDictionary<string, string> pairs = Input.Pairs(name) ?? new Dictionary<string, string>();
        foreach (string old in Context.Keys.Where(key => key.StartsWith("kms:EncryptionContext", StringComparison.Ordinal)).ToArray())
        {
            Context.Remove(old);
        }

        foreach ((string key, string value) in pairs)
        {
            Context["kms:EncryptionContext:" + key] = [value];
        }

        if (pairs.Count > 0)
        {
            Context["kms:EncryptionContextKeys"] = [.. pairs.Keys];
        }

        return pairs;
    }
}
