using Mantle.Measure.KeyPolicy.Documents;

namespace Mantle.Measure.KeyPolicy.Evaluation;

/// <summary>
/// Decides a request as AWS documents it (IAM User Guide, "Policy evaluation logic" with its pages on one and on several accounts; KMS Developer Guide,
/// "Key policies in AWS KMS", "Troubleshooting AWS KMS permissions", "Grants in AWS KMS").
/// </summary>
public static class KeyPolicySimulator
{
    /// <summary>Decides one request.</summary>
    /// <param name="policies">Everything that has a say.</param>
    /// <param name="request">The request.</param>
    /// <param name="trace">Whether to keep the outcome of each statement.</param>
    public static Decision Evaluate(PolicySet policies, KeyRequest request, bool trace = false) => new Run(policies, request, trace).Decide();

    private sealed class Run(PolicySet policies, KeyRequest request, bool trace)
    {
        private readonly RequestContext _context = request.BuildContext();
        private readonly List<StatementOutcome> _outcomes = [];
        private readonly RequestPrincipal _who = request.Principal;

        private bool SameAccount => _who.Account == request.Key.Account;

        public Decision Decide()
        {
            (string? denied, PolicyStatement? denying) = FindDeny();
            (string? allowed, PolicyStatement? allowing, string? missing) = FindAllow();
            return new() { AllowedBy = allowed, AllowingStatement = allowing, DeniedBy = denied, DenyingStatement = denying, Missing = missing, Trace = _outcomes };
        }

        /// <summary>An explicit deny in any policy ends it.</summary>
        private (string? By, PolicyStatement? Statement) FindDeny()
        {
            foreach (PolicyStatement statement in policies.KeyPolicy.Statements)
            {
                if (!statement.IsAllow && AppliesToPrincipal(statement) && Applies(statement, policies.KeyPolicy, "key policy"))
                {
                    return (Describe("key policy", statement), statement);
                }
            }

            foreach ((PolicyDocument policy, string kind) in Others())
            {
                foreach (PolicyStatement statement in policy.Statements)
                {
                    if (!statement.IsAllow && AppliesToPrincipal(statement) && Applies(statement, policy, kind))
                    {
                        return (Describe($"{kind} {policy.Name}", statement), null);
                    }
                }
            }

            return (null, null);
        }

        private IEnumerable<(PolicyDocument Policy, string Kind)> Others() =>
        [
            .. policies.ResourceControl.Select(policy => (policy, "resource control policy")),
            // Service control policies bind the principals of the organization's accounts, not services.
            .. SameAccount ? policies.ServiceControl.Select(policy => (policy, "service control policy")) : [],
            .. Mine(policies.Identity).Select(policy => (policy, "identity policy")),
            .. Mine(policies.Boundaries).Select(policy => (policy, "permissions boundary")),
            .. Mine(policies.Sessions).Select(policy => (policy, "session policy")),
        ];

        private (string? By, PolicyStatement? Statement, string? Missing) FindAllow()
        {
            if (KmsAction.Find(request.Action) is null)
            {
                return (null, null, $"{request.Action} is no action on a key");
            }

            if (!SameAccount && _who.Type != PrincipalType.Service && KmsAction.Find(request.Action) is { CrossAccount: false })
            {
                return (null, null, $"{request.Action} works within the key's own account only");
            }

            if (SameAccount && !ControlAllows(policies.ServiceControl))
            {
                return (null, null, "no service control policy allows it");
            }

            (string? By, PolicyStatement? Statement, string? Missing) key = KeyPolicyAllows();
            return key.By is not null ? key : GrantAllows() is { } grant ? (grant, null, null) : key;
        }

        private (string? By, PolicyStatement? Statement, string? Missing) KeyPolicyAllows()
        {
            string missing = "no statement of the key policy allows it";
            foreach (PolicyStatement statement in policies.KeyPolicy.Statements)
            {
                if (!statement.IsAllow || MatchAllow(statement) is not (not PrincipalMatch.None and var match))
                {
                    continue;
                }

                if (!Applies(statement, policies.KeyPolicy, "key policy"))
                {
                    continue;
                }

                string label = Describe("key policy", statement);
                if (Concludes(match) is { } obstacle)
                {
                    missing = $"{label} {obstacle}";
                    continue;
                }

                return (match == PrincipalMatch.Account || !SameAccount && _who.Type != PrincipalType.Service ? $"{label} together with {IdentitySource()}" : label, statement, null);
            }

            return (null, null, missing);
        }

        /// <summary>What else an Allow of the key policy needs: null when nothing.</summary>
        private string? Concludes(PrincipalMatch match)
        {
            if (_who.Type == PrincipalType.Service)
            {
                return null;
            }

            // "To let a principal of another account use the key, both sides have to allow it." The root user has no identity policy.
            bool needsIdentity = _who.Type != PrincipalType.Root && (!SameAccount || match == PrincipalMatch.Account);
            if (needsIdentity && !IdentityAllows())
            {
                return SameAccount ? "leaves it to identity policies, and none allows it" : "allows it, but no identity policy in the caller's account does";
            }

            // A resource policy that names the user or the session itself is not limited by what boundary and session policy leave out;
            // one that names the role, the account or everyone is.
            if (match != PrincipalMatch.Itself || needsIdentity)
            {
                if (!AllAllow(policies.Boundaries))
                {
                    return "allows it, but the permissions boundary does not";
                }

                if (!AllAllow(policies.Sessions))
                {
                    return "allows it, but the session policy does not";
                }
            }

            return null;
        }

        private string? GrantAllows()
        {
            foreach (KeyGrant grant in policies.Grants)
            {
                bool isService = _who.Type == PrincipalType.Service;
                PrincipalMatch match = PrincipalMatcher.Match(isService ? "Service" : "AWS", grant.GranteePrincipal, _who);
                bool retires = request.Action == "kms:RetireGrant" && grant.RetiringPrincipal is { } retiring
                    && PrincipalMatcher.Match(isService ? "Service" : "AWS", retiring, _who) is PrincipalMatch.Role or PrincipalMatch.Itself;
                if (retires)
                {
                    return $"grant {grant.GrantId}, whose retiring principal it is";
                }

                if (match == PrincipalMatch.None || !grant.Operations.Any(operation => request.Action.Equals($"kms:{operation}", StringComparison.OrdinalIgnoreCase)))
                {
                    continue;
                }

                // What identity policies decide is limited by boundary and session policy (IAM User Guide, "Evaluating effective permissions with boundaries").
                if (match == PrincipalMatch.Account && !(IdentityAllows() && AllAllow(policies.Boundaries) && AllAllow(policies.Sessions)))
                {
                    continue;
                }

                if (MeetsConstraints(grant))
                {
                    return $"grant {grant.GrantId}" + (grant.Name is null ? "" : $" \"{grant.Name}\"");
                }
            }

            return null;
        }

        private bool MeetsConstraints(KeyGrant grant)
        {
            // Operations without an encryption context are not constrained.
            if (KmsAction.Find(request.Action) is not { HasContext: true })
            {
                return true;
            }

            const string Prefix = "kms:EncryptionContext:";
            bool Has(KeyValuePair<string, string> pair) => _context.Single(Prefix + pair.Key) == pair.Value;
            return grant.ContextSubset.All(Has)
                && (grant.ContextEquals is not { } equal
                    || (equal.All(Has) && _context.Keys.Count(key => key.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)) == equal.Count));
        }

        private bool IdentityAllows()
        {
            IReadOnlyList<PolicyDocument> mine = Mine(policies.Identity);
            return mine.Count == 0 ? policies.AssumesIdentityAllows : mine.Any(policy => Allows(policy, "identity policy"));
        }

        private string IdentitySource()
        {
            IReadOnlyList<PolicyDocument> mine = Mine(policies.Identity);
            return _who.Type == PrincipalType.Root ? "the root user's own rights"
                : mine.Count == 0 ? "an identity policy that is assumed to allow everything"
                : $"identity policy {mine.First(policy => Allows(policy, "identity policy")).Name}";
        }

        private bool AllAllow(IReadOnlyList<IdentityPolicy> limits)
        {
            IReadOnlyList<PolicyDocument> mine = Mine(limits);
            return mine.Count == 0 || mine.Any(policy => Allows(policy, "limit"));
        }

        /// <summary>FullAWSAccess is attached unless somebody took it away, which shows by another document that allows.</summary>
        private bool ControlAllows(IReadOnlyList<PolicyDocument> control) =>
            _who.Type == PrincipalType.Service
            || !control.Any(policy => policy.Statements.Any(statement => statement.IsAllow))
            || control.Any(policy => Allows(policy, "service control policy"));

        private IReadOnlyList<PolicyDocument> Mine(IReadOnlyList<IdentityPolicy> all) =>
            _who.Type == PrincipalType.Root || all.Count == 0 ? [] : [.. all.Where(one => one.BelongsTo(_who)).Select(one => one.Policy)];

        private bool Allows(PolicyDocument policy, string kind)
        {
            foreach (PolicyStatement statement in policy.Statements)
            {
                if (statement.IsAllow && Applies(statement, policy, kind))
                {
                    return true;
                }
            }

            return false;
        }

        private PrincipalMatch MatchAllow(PolicyStatement statement)
        {
            PrincipalMatch match = PrincipalMatcher.Match(statement.Principals!, _who);
            NoteForeign(statement, match == PrincipalMatch.None == statement.IsNotPrincipal);
            return !statement.IsNotPrincipal ? match : match == PrincipalMatch.None ? PrincipalMatch.Everyone : PrincipalMatch.None;
        }

        private bool AppliesToPrincipal(PolicyStatement statement)
        {
            bool applies = statement.Principals is not { } principals
                || (statement.IsNotPrincipal ? !PrincipalMatcher.IsExemptFromDeny(principals, _who) : PrincipalMatcher.Match(principals, _who) != PrincipalMatch.None);
            NoteForeign(statement, applies);
            return applies;
        }

        private void NoteForeign(PolicyStatement statement, bool applies)
        {
            if (trace && !applies)
            {
                _outcomes.Add(new($"key policy {policies.KeyPolicy.Name}", statement, false, $"{(statement.IsNotPrincipal ? "NotPrincipal leaves out" : "Principal does not name")} {_who}"));
            }
        }

        private bool Applies(PolicyStatement statement, PolicyDocument policy, string kind)
        {
            string? mismatch = StatementMatcher.Mismatch(statement, policy, request, _context, trace);
            if (trace)
            {
                _outcomes.Add(new($"{kind} {policy.Name}", statement, mismatch is null, mismatch ?? StatementMatcher.Holding(statement, _context)));
            }

            return mismatch is null;
        }

        private string Describe(string policy, PolicyStatement statement) => trace
            ? $"{policy}, {statement.Label} ({StatementMatcher.Holding(statement, _context)})"
            : $"{policy}, {statement.Label}";
    }
}
