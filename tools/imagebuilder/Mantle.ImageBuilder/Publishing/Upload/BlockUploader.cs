using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Mantle.ImageBuilder.Aws;
using Mantle.ImageBuilder.Publishing.Ebs;

namespace Mantle.ImageBuilder.Publishing.Upload;

/// <summary>Puts the blocks of an image into a pending snapshot, many at a time. Memory: a block for each request under way.</summary>
/// <param name="service">EBS of the region.</param>
/// <param name="retries">Waits.</param>
/// <param name="parallel">Requests at a time.</param>
internal sealed class BlockUploader(IBlockService service, Retries retries, int parallel)
{
    private readonly AdaptiveLimit _limit = new(parallel);
    private int _sent;

    /// <summary>Blocks that were sent.</summary>
    public int Sent => _sent;

    /// <summary>Puts what the journal does not have.</summary>
    /// <exception cref="CloudException">A call failed, and stayed so.</exception>
    [SuppressMessage("Reliability", "CA2025", Justification = "all tasks have ended when the source is disposed of: they are awaited together")]
    public async Task PutAllAsync(BlockPlan plan, UploadJournal journal, string snapshot, IProgress<UploadProgress>? progress, CancellationToken cancellation)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        int workers = Math.Clamp(plan.Count, 1, parallel);
        Task[] tasks = [.. Enumerable.Range(0, workers).Select(_ => Task.Run(() => WorkAsync(plan, journal, snapshot, progress, stop), CancellationToken.None))];
        try
        {
            await Task.WhenAll(tasks).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested && tasks.Select(task => task.Exception?.InnerException).FirstOrDefault(e => e is not null) is { } cause)
        {
            // One has failed and has stopped the others.
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(cause);
        }
    }

    private async Task WorkAsync(BlockPlan plan, UploadJournal journal, string snapshot, IProgress<UploadProgress>? progress, CancellationTokenSource stop)
    {
        byte[]? block = null;
        try
        {
            while (!stop.IsCancellationRequested && plan.Next() is { } index)
            {
                block ??= GC.AllocateUninitializedArray<byte>(IBlockService.BlockSize);
                byte[]? digest = plan.Read(index, block) ? SHA256.HashData(block) : null;
                if (digest is not null && !journal.Has(index, digest))
                {
                    await PutAsync(snapshot, index, block, digest, stop.Token).ConfigureAwait(false);
                    journal.Add(index, digest);
                    Interlocked.Increment(ref _sent);
                }

                plan.Finish(index, digest);
                progress?.Report(new(service.Region, snapshot, plan.Done, plan.Length, (long)Sent * IBlockService.BlockSize, _limit.Current));
            }

            stop.Token.ThrowIfCancellationRequested();
        }
        catch
        {
            await stop.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task PutAsync(string snapshot, int index, byte[] block, byte[] digest, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            int round = await _limit.EnterAsync(cancellation).ConfigureAwait(false);
            bool isThrottled = false;
            try
            {
                await service.PutBlockAsync(snapshot, index, block, digest, cancellation).ConfigureAwait(false);
                return;
            }
            catch (CloudException problem) when (attempt < Retries.Attempts && Retries.IsWorthIt(problem.Failure, waitsForVisibility: true))
            {
                isThrottled = problem.Failure == CloudFailure.Throttled;
            }
            finally
            {
                _limit.Leave(round, isThrottled);
            }

            await retries.DelayAsync(Retries.Wait(attempt, index), cancellation).ConfigureAwait(false);
        }
    }
}
