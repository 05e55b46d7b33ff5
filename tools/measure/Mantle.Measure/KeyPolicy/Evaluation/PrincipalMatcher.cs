using Mantle.Measure.KeyPolicy.Documents;

namespace Mantle.Measure.KeyPolicy.Evaluation;

/// <summary>How closely a principal element names who asks. What an Allow gives depends on it.</summary>
internal enum PrincipalMatch
{
    None,

    /// <summary>The account: in an Allow, its identity policies decide.</summary>
    Account,

    /// <summary>Everyone.</summary>
    Everyone,

    /// <summary>The role of the session.</summary>
    Role,

    /// <summary>This user, session, root user or service itself.</summary>
    Itself,
}

/// <summary>IAM User Guide, "AWS JSON policy elements: Principal" and "NotPrincipal".</summary>
internal static class PrincipalMatcher
{
    public static PrincipalMatch Match(PrincipalSet set, RequestPrincipal who)
    {
        if (set.IsStar)
        {
            return PrincipalMatch.Everyone;
        }

        PrincipalMatch best = PrincipalMatch.None;
        foreach (PrincipalEntry entry in set.Entries)
        {
            foreach (string value in entry.Values.Values)
            {
                PrincipalMatch match = Match(entry.Kind, value, who);
                best = match > best ? match : best;
            }
        }

        return best;
    }

    /// <summary>
    /// Whether a Deny with NotPrincipal leaves this one out. Every ARN of the principal has to be listed: of a session, the session, its role and the account.
    /// </summary>
    public static bool IsExemptFromDeny(PrincipalSet set, RequestPrincipal who)
    {
        if (set.NamesEveryone)
        {
            return true;
        }

        bool Names(Func<PrincipalMatch, bool> wanted) => set.Entries.Any(entry => entry.Values.Values.Any(value => wanted(Match(entry.Kind, value, who))));
        bool account = who.Type == PrincipalType.Service || Names(match => match == PrincipalMatch.Account || (who.Type == PrincipalType.Root && match == PrincipalMatch.Itself));
        return who.Type switch
        {
            PrincipalType.RoleSession => account && Names(match => match == PrincipalMatch.Itself) && Names(match => match == PrincipalMatch.Role),
            PrincipalType.FederatedUser or PrincipalType.User or PrincipalType.Service => account && Names(match => match == PrincipalMatch.Itself),
            _ => account,
        };
    }

    /// <summary>One value of an element, or a grant's grantee.</summary>
    public static PrincipalMatch Match(string kind, string value, RequestPrincipal who)
    {
        if (kind == "Service")
        {
            return who.Type == PrincipalType.Service && value.Equals(who.Name, StringComparison.OrdinalIgnoreCase) ? PrincipalMatch.Itself : PrincipalMatch.None;
        }

        if (kind != "AWS")
        {
            return PrincipalMatch.None; // federated identities and canonical users do not sign requests to KMS
        }

        if (value == "*")
        {
            return PrincipalMatch.Everyone;
        }

        if (who.Type == PrincipalType.Service)
        {
            return PrincipalMatch.None;
        }

        if (RequestPrincipal.TryParse(value) is not { } named || named.Account != who.Account)
        {
            return PrincipalMatch.None;
        }

        return named.Type switch
        {
            PrincipalType.Root => who.Type == PrincipalType.Root ? PrincipalMatch.Itself : PrincipalMatch.Account,
            // An account has one role of a name, whatever its path; a session's ARN does not show the path.
            PrincipalType.RoleSession when IsRole(value) => who.Type == PrincipalType.RoleSession && SameName(named, who) ? PrincipalMatch.Role : PrincipalMatch.None,
            PrincipalType.RoleSession => who.SessionArn == value ? PrincipalMatch.Itself : PrincipalMatch.None,
            PrincipalType.User => who.Type == PrincipalType.User && SameName(named, who) ? PrincipalMatch.Itself : PrincipalMatch.None,
            _ => who.SessionArn == value ? PrincipalMatch.Itself : PrincipalMatch.None,
        };
    }

    private static bool SameName(RequestPrincipal one, RequestPrincipal other) => one.Name.Equals(other.Name, StringComparison.OrdinalIgnoreCase);

    private static bool IsRole(string arn) => arn.Contains(":role/", StringComparison.Ordinal);
}
