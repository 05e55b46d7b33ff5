using System.Text.Json.Nodes;
using Mantle.Emulator.Kms.Iam;
using Mantle.Emulator.Kms.Keys;
using Mantle.Emulator.Kms.Operations;

namespace Mantle.Emulator.Kms;

/// <summary>Grants.</summary>
public sealed partial class KmsService
{
    private JsonObject CreateGrant(KmsRequest request)
    {
        KmsInput input = request.Input;
        string grantee = input.RequiredText("GranteePrincipal");
        IReadOnlyList<string> operations = input.Texts("Operations");
        string? retiring = input.Text("RetiringPrincipal");
        KmsInput? constraints = input.Object("Constraints");
        request.Context["kms:GranteePrincipal"] = [grantee];
        request.Context["kms:GrantOperations"] = [.. operations];
        request.Context["kms:GrantIsForAWSResource"] = ["false"];
        if (retiring is not null)
        {
            request.Context["kms:RetiringPrincipal"] = [retiring];
        }

        IReadOnlyDictionary<string, string>? subset = constraints?.Pairs("EncryptionContextSubset"), equal = constraints?.Pairs("EncryptionContextEquals");
        if (subset is not null || equal is not null)
        {
            request.Context["kms:GrantConstraintType"] = [subset is not null ? "EncryptionContextSubset" : "EncryptionContextEquals"];
        }

        KmsKey key = Authorized(request, "CreateGrant");
        RequireState(key);
        if (operations.Count == 0)
        {
            throw KmsErrorException.Validation("1 validation error detected: Value at 'operations' failed to satisfy constraint: Member must not be null");
        }

        if (!IsPrincipal(grantee) || grantee == "*")
        {
            throw new KmsErrorException("InvalidArnException", "ARN does not refer to a valid principal");
        }

        KeyGrant grant = new()
        {
            Id = Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32)),
            Token = Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32)),
            Name = input.Text("Name"),
            Grantee = grantee,
            Retiring = retiring,
            Operations = operations,
            ContextSubset = subset,
            ContextEquals = equal,
            Created = request.Now,
            IssuingAccount = request.Caller.Principal.AccountArn,
        };
        key.Grants.Add(grant);
        return new() { ["GrantId"] = grant.Id, ["GrantToken"] = grant.Token };
    }

    private JsonObject ListGrants(KmsRequest request)
    {
        KmsKey key = Authorized(request, "ListGrants");
        return Page(request, "Grants", key.Grants.OrderBy(grant => grant.Id, StringComparer.Ordinal).Select(grant => (grant.Id, Describe(key, grant))));
    }

    private JsonObject RevokeGrant(KmsRequest request)
    {
        KmsKey key = Authorized(request, "RevokeGrant");
        KeyGrant grant = key.Grants.FirstOrDefault(grant => grant.Id == request.Input.RequiredText("GrantId"))
            ?? throw new KmsErrorException("NotFoundException", "The grant was not found.");
        key.Grants.Remove(grant);
        return [];
    }

    private static JsonObject Describe(KmsKey key, KeyGrant grant)
    {
        JsonObject entry = new()
        {
            ["CreationDate"] = Seconds(grant.Created),
            ["GrantId"] = grant.Id,
            ["GranteePrincipal"] = grant.Grantee,
            ["IssuingAccount"] = grant.IssuingAccount,
            ["KeyId"] = key.Arn,
            ["Name"] = grant.Name ?? "",
            ["Operations"] = Array(grant.Operations),
        };
        if (grant.Retiring is not null)
        {
            entry["RetiringPrincipal"] = grant.Retiring;
        }

        if (grant.ContextSubset is not null || grant.ContextEquals is not null)
        {
            IReadOnlyDictionary<string, string> pairs = (grant.ContextSubset ?? grant.ContextEquals)!;
            entry["Constraints"] = new JsonObject
            {
                [grant.ContextSubset is not null ? "EncryptionContextSubset" : "EncryptionContextEquals"] =
                    new JsonObject(pairs.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
            };
        }

        return entry;
    }
}
