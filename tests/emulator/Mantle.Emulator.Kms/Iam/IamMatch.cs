namespace Mantle.Emulator.Kms.Iam;

/// <summary>How a statement names a principal.</summary>
internal enum IamNaming
{
    /// <summary>It does not.</summary>
    No,

    /// <summary>By its account: in an Allow this lets the account's identity policies decide.</summary>
    Account,

    /// <summary>By the role, of which it is a session, or everybody by <c>*</c>.</summary>
    Role,

    /// <summary>The very principal that signs.</summary>
    Itself,
}

/// <summary>Whether a statement is about a request.</summary>
internal static class IamMatch
{
    /// <summary>Action, resource and conditions; the principal is another question.</summary>
    public static bool Applies(IamStatement statement, IamPolicy policy, IamRequest request) =>
        statement.Actions.Except != statement.Actions.Values.Any(action => IamPattern.Covers(IamPattern.Fill(action, false, request.Context)!, request.Action, ignoreCase: true))
        && statement.Resources.Except != statement.Resources.Values.Any(resource =>
            IamPattern.Fill(resource, policy.HasVariables, request.Context) is { } filled && IamPattern.Covers(filled, request.Resource))
        && statement.Conditions.All(condition => IamConditions.Hold(condition, request.Context, policy.HasVariables));

    /// <summary>How the statement's Principal names the requester.</summary>
    public static IamNaming Names(IamStatement statement, IamPrincipal who)
    {
        IamNaming best = IamNaming.No;
        foreach ((string kind, string value) in statement.Principals!)
        {
            IamNaming naming = (kind, value) switch
            {
                ("AWS", "*") => IamNaming.Role,
                ("Service", _) when who.Kind == IamPrincipalKind.Service && who.Arn == value => IamNaming.Itself,
                ("AWS", _) when who.Kind == IamPrincipalKind.Service => IamNaming.No,
                ("AWS", _) when who.Kind != IamPrincipalKind.Account && value == who.Arn => IamNaming.Itself,
                ("AWS", _) when who.Kind != IamPrincipalKind.Account && value == who.PrincipalArn => IamNaming.Role,
                ("AWS", _) when value == who.Account || value == who.AccountArn => IamNaming.Account,
                _ => IamNaming.No,
            };
            best = naming > best ? naming : best;
        }

        return best;
    }

    /// <summary>Whether a Deny is about the requester.</summary>
    public static bool DenyNames(IamStatement statement, IamPrincipal who)
    {
        if (!statement.ExceptPrincipals)
        {
            return Names(statement, who) != IamNaming.No;
        }

        // Who is to be left out of a Deny by NotPrincipal has to be named at each level: account, role or user, session.
        // (IAM User Guide, "NotPrincipal": otherwise the Deny reaches the account, and with it the principal.)
        string[] values = [.. statement.Principals!.Where(principal => principal.Kind is "AWS" or "Service").Select(principal => principal.Value)];
        if (values.Contains("*"))
        {
            return false;
        }

        if (who.Kind == IamPrincipalKind.Service)
        {
            return !statement.Principals!.Contains(("Service", who.Arn));
        }

        bool account = values.Contains(who.Account) || values.Contains(who.AccountArn);
        return !(account && (who.Kind == IamPrincipalKind.Account || (values.Contains(who.Arn) && values.Contains(who.PrincipalArn))));
    }

    /// <summary>How an Allow names the requester.</summary>
    public static IamNaming AllowNames(IamStatement statement, IamPrincipal who) =>
        !statement.ExceptPrincipals ? Names(statement, who) : Names(statement, who) == IamNaming.No ? IamNaming.Role : IamNaming.No;
}
