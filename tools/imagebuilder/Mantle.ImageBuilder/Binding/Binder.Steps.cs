using Amazon.KeyManagementService.Model;
using Mantle.ImageBuilder.Aws;
using Mantle.Measure;
using Mantle.Measure.KeyPolicy.Documents;
using Mantle.Measure.KeyPolicy.Evaluation;
using Mantle.Measure.KeyPolicy.Plans;
using Mantle.Measure.KeyPolicy.Rolling;

namespace Mantle.ImageBuilder.Binding;

/// <summary>The calls that change something, each with what can become of it.</summary>
public sealed partial class Binder
{
    /// <summary>IAM tells KMS of a new role within seconds, sometimes half a minute.</summary>
    private const int PrincipalAttempts = 20;

    /// <summary>KMS is eventually consistent: a policy may be read as it was for seconds, rarely minutes (KMS Developer Guide, "Eventual consistency").</summary>
    private const int ReadBackAttempts = 30;

    private const int PutAttempts = 4;

    private static readonly TimeSpan s_wait = TimeSpan.FromSeconds(2);

    /// <summary>The plan's key, or the one that an earlier run made for it.</summary>
    private async Task<string?> FindKeyAsync(CancellationToken cancellation)
    {
        string? arn = _plan.Key.Id != KeyIdentity.UnknownId ? _plan.Key.Arn
            : (_plan.Alias is null ? null : await LiveKeyReader.ReadAliasTargetAsync(_service, _plan.Alias, cancellation).ConfigureAwait(false))
                ?? await FindByPurposeAsync(cancellation).ConfigureAwait(false);
        if (arn is not null && _plan.Key.Id == KeyIdentity.UnknownId)
        {
            TakeKey(arn);
            _dialogue.Say($"the key is {arn}; write its identifier into the plan as key.id");
        }

        return arn;
    }

    private void TakeKey(string arn) => _plan = _plan with { Key = _plan.Key with { Id = arn[(arn.LastIndexOf('/') + 1)..] } };

    private async Task<string?> FindByPurposeAsync(CancellationToken cancellation)
    {
        List<KeyListEntry> keys;
        try
        {
            keys = await _service.ListAsync(
                "ListKeys",
                async (client, marker) =>
                {
                    ListKeysResponse page = await client.ListKeysAsync(new ListKeysRequest { Marker = marker }, cancellation).ConfigureAwait(false);
                    return (page.Keys, page.Truncated == true ? page.NextMarker : null);
                },
                cancellation).ConfigureAwait(false);
        }
        catch (KeyServiceException e) when (e.Failure == KeyServiceFailure.Denied)
        {
            _dialogue.Say("keys may not be listed, so a key that an earlier run made would not be found");
            return null;
        }

        List<string> found = [];
        foreach (KeyListEntry key in keys)
        {
            try
            {
                KeyMetadata metadata = await _service.DescribeAsync(key.KeyArn, cancellation).ConfigureAwait(false);
                if (metadata.Description == _request.Purpose && metadata.KeyState != Amazon.KeyManagementService.KeyState.PendingDeletion)
                {
                    found.Add(metadata.Arn);
                }
            }
            catch (KeyServiceException e) when (e.Failure is KeyServiceFailure.Denied or KeyServiceFailure.NotFound)
            {
                // Another's key.
            }
        }

        return found.Count <= 1 ? found.FirstOrDefault() : throw new UserErrorException(
            $"{found.Count} keys are described as \"{_request.Purpose}\": {string.Join(", ", found)}", "write key.id of the right one into the plan", ExitCode.Mismatch);
    }

    /// <summary>Makes the key with the policy under which nobody gets plaintext.</summary>
    private async Task<string> CreateKeyAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        BindPolicy bootstrap = BindPolicy.Make(_plan with { Phase = PlanPhase.Bootstrap }, now);
        _journal.Plan("a key with the bootstrap policy");
        CreateKeyRequest request = new() { Policy = bootstrap.Text, Description = _request.Purpose };
        string? arn = null;
        for (int attempt = 1; arn is null; attempt++)
        {
            try
            {
                CreateKeyResponse answer = await _service.OnceAsync("CreateKey", client => client.CreateKeyAsync(request, cancellation), cancellation).ConfigureAwait(false);
                arn = answer.KeyMetadata.Arn;
            }
            catch (KeyServiceException e) when (e.Failure == KeyServiceFailure.Uncertain)
            {
                // It may be there: a second one would never be used, and cost.
                arn = await FindByPurposeAsync(cancellation).ConfigureAwait(false);
                if (arn is null && attempt == PutAttempts)
                {
                    throw;
                }
            }
            catch (KeyServiceException e) when (e.Failure == KeyServiceFailure.UnknownPrincipal && attempt < PrincipalAttempts)
            {
                await WaitForPrincipalAsync(attempt, cancellation).ConfigureAwait(false);
            }
        }

        TakeKey(arn);
        _journal.Complete();
        _dialogue.Say($"created {arn}; write its identifier into the plan as key.id");
        return arn;
    }

    /// <summary>Puts the policy and reads it back.</summary>
    private async Task PutPolicyAsync(BindPolicy policy, string arn, PolicyDocument before, CancellationToken cancellation)
    {
        (PolicyDocument? current, _) = await LiveKeyReader.ReadPolicyAsync(_service, arn, cancellation).ConfigureAwait(false);
        if (current is null || !PolicyMeaning.IsSame(current, before))
        {
            throw _journal.Fail(new UserErrorException($"somebody else changed the policy of {arn} just now", "look who it was", ExitCode.Mismatch), isUncertain: false);
        }

        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await _service.PutPolicyAsync(arn, policy.Text, _plan.Phase == PlanPhase.Sealed, cancellation).ConfigureAwait(false);
                break;
            }
            catch (KeyServiceException e) when (e.Failure == KeyServiceFailure.Uncertain)
            {
                (PolicyDocument? now, _) = await LiveKeyReader.ReadPolicyAsync(_service, arn, cancellation).ConfigureAwait(false);
                if (now is not null && policy.IsSame(now))
                {
                    return;
                }

                if (attempt == PutAttempts || now is null || !PolicyMeaning.IsSame(now, before))
                {
                    throw;
                }

                await _service.DelayAsync(s_wait, cancellation).ConfigureAwait(false);
            }
            catch (KeyServiceException e) when (e.Failure == KeyServiceFailure.UnknownPrincipal && attempt < PrincipalAttempts)
            {
                await WaitForPrincipalAsync(attempt, cancellation).ConfigureAwait(false);
            }
        }

        await ReadBackAsync(policy, arn, before, cancellation).ConfigureAwait(false);
    }

    private async Task ReadBackAsync(BindPolicy policy, string arn, PolicyDocument before, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            (PolicyDocument? now, string? problem) = await LiveKeyReader.ReadPolicyAsync(_service, arn, cancellation).ConfigureAwait(false);
            if (now is null)
            {
                throw _journal.Fail(
                    new UserErrorException($"the policy was put and cannot be read back: {problem}", "give whoever binds \"read\" in the plan", ExitCode.Unverified), isUncertain: true);
            }

            if (policy.IsSame(now) || policy.Drift(now).Count == 0)
            {
                return;
            }

            if (!PolicyMeaning.IsSame(now, before))
            {
                throw _journal.Fail(
                    new UserErrorException($"the policy was put, and what is read back is neither it nor the one before: {policy.Drift(now)[0]}", "look who changed it at the same time", ExitCode.Mismatch), isUncertain: true);
            }

            if (attempt == ReadBackAttempts)
            {
                throw _journal.Fail(new UserErrorException($"the policy was put, and KMS still shows the one before", "look at it in a minute: imagebuilder bind status", ExitCode.Remote), isUncertain: true);
            }

            await _service.DelayAsync(s_wait, cancellation).ConfigureAwait(false);
        }
    }

    private async Task SetRotationAsync(string arn, CancellationToken cancellation) => await _service.RepeatAsync(
        "EnableKeyRotation",
        client => client.EnableKeyRotationAsync(new EnableKeyRotationRequest { KeyId = arn, RotationPeriodInDays = _plan.RotationPeriod }, cancellation),
        cancellation).ConfigureAwait(false);

    private async Task SetAliasAsync(string arn, bool exists, CancellationToken cancellation)
    {
        if (exists)
        {
            await _service.RepeatAsync(
                "UpdateAlias", client => client.UpdateAliasAsync(new UpdateAliasRequest { AliasName = _plan.Alias, TargetKeyId = arn }, cancellation), cancellation).ConfigureAwait(false);
            return;
        }

        try
        {
            await _service.RepeatAsync(
                "CreateAlias", client => client.CreateAliasAsync(new CreateAliasRequest { AliasName = _plan.Alias, TargetKeyId = arn }, cancellation), cancellation).ConfigureAwait(false);
        }
        catch (KeyServiceException e) when (e.Failure == KeyServiceFailure.Exists)
        {
            // Our own, after an answer that was lost; or somebody else's.
            if (await LiveKeyReader.ReadAliasTargetAsync(_service, _plan.Alias!, cancellation).ConfigureAwait(false) != arn)
            {
                throw;
            }
        }
    }

    private async Task WaitForPrincipalAsync(int attempt, CancellationToken cancellation)
    {
        if (attempt == 1)
        {
            _dialogue.Say("KMS does not know a principal of the policy yet; waiting for IAM to tell it");
        }

        await _service.DelayAsync(s_wait, cancellation).ConfigureAwait(false);
    }
}
