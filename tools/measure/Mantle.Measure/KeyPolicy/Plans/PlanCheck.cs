using Mantle.Measure.KeyPolicy.Evaluation;

namespace Mantle.Measure.KeyPolicy.Plans;

/// <summary>What has to hold between the parts of a plan.</summary>
internal static class PlanCheck
{
    public static void Check(string file, BindingPlan plan)
    {
        UserErrorException Refuse(string problem, string? hint = null) => new($"{file}: {problem}", hint);
        foreach (IGrouping<string, string> name in plan.Generations.Select(one => one.Name).Concat(plan.Denied.Select(one => one.Name)).GroupBy(name => name, StringComparer.Ordinal))
        {
            if (name.Count() > 1)
            {
                throw Refuse($"the name \"{name.Key}\" is used {name.Count()} times");
            }
        }

        for (int i = 0; i < plan.Generations.Count; i++)
        {
            PlanGeneration one = plan.Generations[i];
            CheckPcrs(one.Pcrs, Refuse);
            foreach (PlanGeneration other in plan.Generations.Skip(i + 1))
            {
                if (one.Pcrs.Equals4(other.Pcrs))
                {
                    throw Refuse($"the generations \"{one.Name}\" and \"{other.Name}\" have the same measurements, so no policy can tell them apart", "keep one of them");
                }
            }

            foreach (AttestedPcrs never in plan.Denied)
            {
                if (one.IsBound && never[4] == one.Pcrs[4])
                {
                    throw Refuse($"generation \"{one.Name}\" has the PCR 4 of \"{never.Name}\", which must never get the key", "build the release anew without its debug parts");
                }
            }

            if (one.IsBound && plan.Generations.FirstOrDefault(other => !other.IsBound && other.Pcrs[4] == one.Pcrs[4]) is { } revoked)
            {
                throw Refuse($"generation \"{one.Name}\" has the PCR 4 of the revoked \"{revoked.Name}\"");
            }
        }

        HashSet<string> administrators = new(StringComparer.Ordinal);
        foreach (PlanAdministrator administrator in plan.Administrators)
        {
            if (!administrators.Add(administrator.Principal))
            {
                throw Refuse($"the administrator \"{administrator.Principal}\" stands twice");
            }

            if (plan.Principals.Concat(plan.Generations.SelectMany(one => one.Principals)).Any(role => SameRole(role, administrator.Principal)))
            {
                throw Refuse($"\"{administrator.Principal}\" is an administrator and an instance role", "give the instances a role of their own: whoever holds it must have to be attested for everything");
            }

            if (RequestPrincipal.Parse(administrator.Principal).Account != plan.Key.Account
                && administrator.May.SelectMany(right => AdministratorRight.Find(right)!.Actions).FirstOrDefault(action => KmsAction.Find(action) is { CrossAccount: false }) is { } local)
            {
                throw Refuse($"the administrator \"{administrator.Principal}\" is of another account, from which {local} cannot be called");
            }
        }

        foreach (PlanGeneration generation in plan.Generations)
        {
            if (generation.Principals.FirstOrDefault(role => !plan.Principals.Contains(role)) is { } stranger)
            {
                throw Refuse($"generation \"{generation.Name}\" names the role \"{stranger}\", which is none of the instances' principals");
            }
        }

        if (plan.Phase != PlanPhase.Sealed && plan.Holders(AdministratorRight.ReplacePolicy).Count == 0)
        {
            throw Refuse(
                $"in phase {plan.Phase.ToString().ToLowerInvariant()} somebody has to be able to replace the policy, and no administrator may \"replace-policy\"",
                "KMS refuses such a policy as a lockout; phase \"sealed\" means it");
        }

        if (plan.Phase != PlanPhase.Bootstrap && !plan.Generations.Any(generation => generation.IsBound))
        {
            throw Refuse("no generation is canary, current or retiring, so nothing could use the key", "phase \"bootstrap\" is for a key without an image");
        }
    }

    /// <summary>A zero register means that the firmware measured nothing there, which no sealed boot shows.</summary>
    private static void CheckPcrs(AttestedPcrs pcrs, Func<string, string?, UserErrorException> refuse)
    {
        foreach (int pcr in new[] { 4, 7 })
        {
            if (pcrs[pcr] == AttestedPcrs.Zero)
            {
                throw refuse($"PCR {pcr} of \"{pcrs.Name}\" is zero: such a boot was not measured", null);
            }
        }

        foreach (int pcr in new[] { 12, 13 })
        {
            if (pcrs[pcr] != AttestedPcrs.Zero)
            {
                throw refuse($"PCR {pcr} of \"{pcrs.Name}\" is not zero: {(pcr == 12 ? "something was added to the command line" : "a system extension was loaded")} from a place that nothing seals", "take the measurements of the sealed image alone");
            }
        }
    }

    private static bool SameRole(string one, string other) => PrincipalMatcher.Match("AWS", one, RequestPrincipal.Parse(other)) is PrincipalMatch.Role or PrincipalMatch.Itself;
}
