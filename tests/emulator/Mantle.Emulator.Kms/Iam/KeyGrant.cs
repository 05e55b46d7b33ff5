namespace Mantle.Emulator.Kms.Iam;

/// <summary>A grant (KMS API Reference, GrantListEntry).</summary>
public sealed record KeyGrant
{
    public required string Id { get; init; }

    public string Token { get; init; } = "";

    public string? Name { get; init; }

    /// <summary>An ARN or a service's name.</summary>
    public required string Grantee { get; init; }

    public string? Retiring { get; init; }

    /// <summary>Without prefix, as the API names them.</summary>
    public required IReadOnlyList<string> Operations { get; init; }

    public IReadOnlyDictionary<string, string>? ContextSubset { get; init; }

    public IReadOnlyDictionary<string, string>? ContextEquals { get; init; }

    public DateTimeOffset Created { get; init; }

    public string IssuingAccount { get; init; } = "";

    /// <summary>Whether the grant lets a principal do something with an encryption context.</summary>
    /// <param name="request">The request.</param>
    /// <param name="identityAllows">Whether the caller's identity policies allow it: a grant to an account lets the account decide.</param>
    internal bool Covers(IamRequest request, Func<bool> identityAllows)
    {
        IamPrincipal who = request.Principal;
        // An account is a principal too, by its number or its ARN (KMS API Reference, CreateGrant); who asks as the account is that principal.
        bool Is(string? principal) => principal == who.Arn || (who.Kind == IamPrincipalKind.Account && principal == who.Account) || (who.Kind != IamPrincipalKind.Service && principal == who.PrincipalArn);
        string operation = request.Action["kms:".Length..];
        if (operation == "RetireGrant" && Is(Retiring))
        {
            return true;
        }

        bool isGrantee = Is(Grantee) || (who.Kind != IamPrincipalKind.Service && (Grantee == who.AccountArn || Grantee == who.Account)
            && (who.Kind == IamPrincipalKind.Account || identityAllows()));
        if (!isGrantee || !Operations.Contains(operation))
        {
            return false;
        }

        const string Prefix = "kms:EncryptionContext:";
        Dictionary<string, string> context = request.Context.Where(pair => pair.Key.StartsWith(Prefix, StringComparison.Ordinal))
            .ToDictionary(pair => pair.Key[Prefix.Length..], pair => pair.Value[0], StringComparer.Ordinal);
        // Constraints count for operations with an encryption context only (KMS API Reference, GrantConstraints).
        bool hasContext = operation is "Encrypt" or "Decrypt" or "GenerateDataKey" or "GenerateDataKeyWithoutPlaintext" or "GenerateDataKeyPair"
            or "GenerateDataKeyPairWithoutPlaintext" or "ReEncryptFrom" or "ReEncryptTo";
        return !hasContext || (
            (ContextSubset is null || ContextSubset.All(pair => context.GetValueOrDefault(pair.Key) == pair.Value))
            && (ContextEquals is null || (ContextEquals.Count == context.Count && ContextEquals.All(pair => context.GetValueOrDefault(pair.Key) == pair.Value))));
    }
}
