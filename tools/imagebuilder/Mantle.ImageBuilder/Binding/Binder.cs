using System.Diagnostics.CodeAnalysis;
using Mantle.ImageBuilder.Aws;
using Mantle.Measure;
using Mantle.Measure.Checking;
using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Plans;
using Mantle.Measure.KeyPolicy.Rolling;

namespace Mantle.ImageBuilder.Binding;

/// <summary>
/// Puts a plan's key policy in place: generate, prove and lint, show who gains and who loses, ask, put, read back, and check all that the key lives by.
/// Run again it changes nothing, or goes on where it stopped.
/// </summary>
public sealed partial class Binder : IDisposable
{
    private readonly KeyService _service;
    private readonly BindRequest _request;
    private readonly IDialogue _dialogue;
    private readonly BindJournal _journal = new();
    private BindingPlan _plan;

    internal Binder(BindRequest request, IDialogue dialogue, KeyService service) => (_request, _dialogue, _service, _plan) = (request, dialogue, service, request.Plan);

    /// <summary>A binder that talks to KMS of the plan's region.</summary>
    /// <exception cref="UserErrorException">There are no credentials; exit code 5.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "the binder owns it")]
    public static Binder Connect(BindRequest request, IDialogue dialogue)
    {
        KeyService service = KeyService.Connect(request.Plan.Key);
        return new(request, dialogue, service);
    }

    /// <summary>Holds the live key against the plan and changes nothing.</summary>
    /// <exception cref="UserErrorException">There is no such key, or no answer; exit code 5.</exception>
    public async Task<BindResult> StatusAsync(CancellationToken cancellation)
    {
        try
        {
            string arn = await FindKeyAsync(cancellation).ConfigureAwait(false) ?? throw NoKey("name it as key.id, or create it with \"imagebuilder bind PLAN --create\"");
            BindPolicy policy = BindPolicy.Make(_plan, _request.Time.GetUtcNow());
            LiveKey live = await LiveKeyReader.ReadAsync(_service, _plan, arn, cancellation).ConfigureAwait(false);
            return new(arn, [], IsDone: false, BindCheck.Check(live, _plan, policy));
        }
        catch (KeyServiceException e)
        {
            throw e.ToUserError();
        }
    }

    /// <summary>Puts the plan in place.</summary>
    /// <exception cref="UserErrorException">It is not in place; the message says what is, and how to go on.</exception>
    public async Task<BindResult> RunAsync(CancellationToken cancellation)
    {
        DateTimeOffset now = _request.Time.GetUtcNow();
        BindPolicy policy = BindPolicy.Make(_plan, now);
        if (_plan.Phase == PlanPhase.Sealed && !_request.Seals)
        {
            throw new UserErrorException("phase \"sealed\" cannot be undone: nobody can replace the policy again, and no new release can get the key", "say --seal when that is meant", ExitCode.Usage);
        }

        try
        {
            string? arn = await FindKeyAsync(cancellation).ConfigureAwait(false);
            if (arn is null)
            {
                if (!_request.Creates)
                {
                    throw NoKey("name it as key.id, or say --create to make it");
                }

                policy.RequireReleases(_request.Releases, null);
                if (_request.IsDryRun || !_dialogue.Confirm($"create a key in {_plan.Key.Region} of account {_plan.Key.Account}?"))
                {
                    return new(null, ["create the key, with the bootstrap policy", .. _plan.Phase == PlanPhase.Bootstrap ? [] : (string[])["replace the policy"]], IsDone: false, null);
                }

                arn = await CreateKeyAsync(now, cancellation).ConfigureAwait(false);
            }

            return await ChangeAsync(policy, arn, cancellation).ConfigureAwait(false);
        }
        catch (KeyServiceException e)
        {
            throw _journal.Fail(e, e.Failure == KeyServiceFailure.Uncertain);
        }
        catch (UserErrorException e) when (_journal.Done.Count > 0 && !e.Message.Contains("in place: ", StringComparison.Ordinal))
        {
            throw _journal.Fail(e, isUncertain: false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _service.Dispose();

    private static UserErrorException NoKey(string hint) => new("the plan names no key, and there is none for it", hint, ExitCode.Mismatch);

    private async Task<BindResult> ChangeAsync(BindPolicy policy, string arn, CancellationToken cancellation)
    {
        LiveKey live = await LiveKeyReader.ReadAsync(_service, _plan, arn, cancellation).ConfigureAwait(false);
        RequireBindable(live);
        PolicyDocument before = live.Policy ?? throw new UserErrorException(
            $"kms: {live.PolicyProblem}", "the administrator who binds needs \"read\" in the plan and in the live policy", ExitCode.Remote);
        policy.RequireReleases(_request.Releases, before);
        bool putsPolicy = policy.Drift(before).Count > 0;
        if (putsPolicy)
        {
            _journal.Plan($"the {PhaseWord} policy of {arn}");
            Show(policy.ChangesFrom(before));
        }

        bool setsRotation = _plan.RotationPeriod is { } period && live.RotationPeriod != period;
        if (setsRotation)
        {
            _journal.Plan($"rotation every {_plan.RotationPeriod} days");
        }

        bool setsAlias = _plan.Alias is not null && live.AliasTarget != arn;
        if (setsAlias)
        {
            _journal.Plan(live.AliasTarget is null ? $"{_plan.Alias}" : $"{_plan.Alias}, which points to {live.AliasTarget} now");
        }

        string[] changes = [.. _journal.Done, .. _journal.Planned];
        if (_journal.Planned.Count == 0)
        {
            _dialogue.Say($"{arn} is as the plan says");
            return Finish(arn, changes, await CheckAsync(policy, arn, cancellation).ConfigureAwait(false));
        }

        foreach (string step in _journal.Planned)
        {
            _dialogue.Say($"to do: {step}");
        }

        if (_request.IsDryRun || !_dialogue.Confirm("put this in place?"))
        {
            return new(arn, changes, IsDone: false, null);
        }

        if (putsPolicy)
        {
            await PutPolicyAsync(policy, arn, before, cancellation).ConfigureAwait(false);
            _journal.Complete();
        }

        if (setsRotation)
        {
            await SetRotationAsync(arn, cancellation).ConfigureAwait(false);
            _journal.Complete();
        }

        if (setsAlias)
        {
            await SetAliasAsync(arn, live.AliasTarget is not null, cancellation).ConfigureAwait(false);
            _journal.Complete();
        }

        return Finish(arn, changes, await CheckAsync(policy, arn, cancellation).ConfigureAwait(false));
    }

    private string PhaseWord => _plan.Phase.ToString().ToLowerInvariant();

    private static BindResult Finish(string arn, IReadOnlyList<string> changes, CheckReport report) => new(arn, changes, IsDone: true, report);

    private async Task<CheckReport> CheckAsync(BindPolicy policy, string arn, CancellationToken cancellation) =>
        BindCheck.Check(await LiveKeyReader.ReadAsync(_service, _plan, arn, cancellation).ConfigureAwait(false), _plan, policy);

    private void Show(IReadOnlyList<PolicyChange> changes)
    {
        foreach (PolicyChange change in changes)
        {
            _dialogue.Say(change.ToString());
        }

        if (changes.Count == 0)
        {
            _dialogue.Say("nobody gains or loses; denials are added or taken away");
        }
    }

    /// <summary>A policy that nobody can use, or that does not cover all there is, is not put.</summary>
    private void RequireBindable(LiveKey live)
    {
        UserErrorException Refuse(string problem, string hint) => new($"{live.Arn} {problem}", hint, ExitCode.Mismatch);
        if (live.Arn != _plan.Key.Arn)
        {
            throw Refuse($"is not the plan's key {_plan.Key.Arn}", "check account, region and key.id of the plan");
        }

        if (live.State != "Enabled")
        {
            throw Refuse($"is {live.State}, not Enabled", live.State == "PendingDeletion" ? "cancel its deletion and enable it, or plan another key" : "enable it, or plan another key");
        }

        if ((live.Spec, live.Usage) != ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"))
        {
            throw Refuse($"is a key {live.Spec} for {live.Usage}", "plan a symmetric key for ENCRYPT_DECRYPT");
        }

        if (live.Origin != "AWS_KMS" && live.Origin.Length > 0)
        {
            throw Refuse($"has key material from outside of KMS ({live.Origin}): whoever made it can decrypt", "plan a key whose material KMS makes");
        }

        if (live.Relatives.Count > 0)
        {
            throw Refuse($"shares its key material with {string.Join(", ", live.Relatives)}, where another policy decides", "plan a key that is in one Region only");
        }
    }
}
