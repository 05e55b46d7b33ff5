using System.Buffers;
using System.Net;
using System.Net.Http.Headers;

namespace Mantle.ImageBuilder.Packages;

public sealed partial class PackageFetcher
{
    private const int BufferLength = 1 << 17;

    /// <summary>One attempt to get the rest of a file. Null: as many bytes as locked have arrived.</summary>
    private async Task<Failure?> TransferAsync(
        LockedPackage package, Uri location, PartialFile partial, IProgress<FetchProgress>? progress, CancellationToken cancellation)
    {
        using CancellationTokenSource stall = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            if (location.Scheme is not ("http" or "https" or "file"))
            {
                return new Failure(FailureKind.Permanent, $"{Show(location)} is not an http, https or file address");
            }

            stall.CancelAfter(StallLimit);
            return location.IsFile
                ? await CopyFileAsync(package, location, partial, progress, stall).ConfigureAwait(false)
                : await DownloadAsync(package, location, partial, progress, stall).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new Failure(FailureKind.Transient, $"{Show(location)} sent nothing for {StallLimit.TotalSeconds} s");
        }
        catch (HttpRequestException problem)
        {
            return new Failure(FailureKind.Transient, $"{Show(location)} cannot be reached: {problem.Message.TrimEnd('.')}");
        }
    }

    private async Task<Failure?> CopyFileAsync(
        LockedPackage package, Uri location, PartialFile partial, IProgress<FetchProgress>? progress, CancellationTokenSource stall)
    {
        try
        {
            using FileStream file = new(location.LocalPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            if (file.Length != package.Size)
            {
                return WrongSize(package, location, file.Length);
            }

            file.Position = partial.Length;
            return await ReceiveAsync(package, location, file, partial, progress, stall).ConfigureAwait(false);
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            return new Failure(FailureKind.Missing, $"{Show(location)} does not exist");
        }
        catch (UnauthorizedAccessException problem)
        {
            return new Failure(FailureKind.Permanent, $"{Show(location)} cannot be read: {problem.Message.TrimEnd('.')}");
        }
    }

    private async Task<Failure?> DownloadAsync(
        LockedPackage package, Uri location, PartialFile partial, IProgress<FetchProgress>? progress, CancellationTokenSource stall)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, location);
        if (partial.Length > 0)
        {
            request.Headers.Range = new RangeHeaderValue(partial.Length, null);
        }

        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stall.Token).ConfigureAwait(false);
        if (Judge(response, location) is { } failure)
        {
            if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                partial.Reset();
            }

            return failure;
        }

        // RFC 9110, 14.2: a server may ignore Range, and then answers 200 with the whole; 15.3.7: a 206 says what it holds.
        if (response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From != partial.Length)
        {
            partial.Reset();
            return new Failure(FailureKind.Transient, $"{Show(location)} answers with another range than was asked for");
        }

        if (response.StatusCode == HttpStatusCode.OK && partial.Length > 0)
        {
            partial.Reset();
        }

        if (response.Content.Headers.ContentLength is { } length && length != package.Size - partial.Length)
        {
            return WrongSize(package, location, partial.Length + length);
        }

        Stream body = await response.Content.ReadAsStreamAsync(stall.Token).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            return await ReceiveAsync(package, location, body, partial, progress, stall).ConfigureAwait(false);
        }
    }

    private static Failure? Judge(HttpResponseMessage response, Uri location)
    {
        FailureKind kind;
        switch (response.StatusCode)
        {
            case HttpStatusCode.OK or HttpStatusCode.PartialContent:
                return null;
            case HttpStatusCode.NotFound or HttpStatusCode.Gone:
                kind = FailureKind.Missing;
                break;
            case HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.RequestedRangeNotSatisfiable
                or >= HttpStatusCode.InternalServerError:
                kind = FailureKind.Transient;
                break;
            default:
                kind = FailureKind.Permanent;
                break;
        }

        return new Failure(kind, $"{Show(location)} answers {(int)response.StatusCode} ({response.StatusCode})");
    }

    private async Task<Failure?> ReceiveAsync(
        LockedPackage package, Uri location, Stream body, PartialFile partial, IProgress<FetchProgress>? progress, CancellationTokenSource stall)
    {
        partial.BeginPiece();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            while (partial.Length < package.Size)
            {
                stall.CancelAfter(StallLimit);
                int wanted = (int)Math.Min(buffer.Length, package.Size - partial.Length);
                int count;
                try
                {
                    count = await body.ReadAsync(buffer.AsMemory(0, wanted), stall.Token).ConfigureAwait(false);
                }
                catch (IOException problem)
                {
                    return new Failure(
                        FailureKind.Transient,
                        $"{Show(location)} broke off after {partial.Length} of {package.Size} bytes: {problem.Message.TrimEnd('.')}");
                }

                if (count == 0)
                {
                    return new Failure(FailureKind.Transient, $"{Show(location)} ended after {partial.Length} of {package.Size} bytes");
                }

                partial.Append(buffer.AsSpan(0, count));
                progress?.Report(new FetchProgress(package, partial.Length, package.Size, FetchState.Downloading));
            }

            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static Failure WrongSize(LockedPackage package, Uri location, long length) =>
        new(FailureKind.Wrong, $"{Show(location)} has {length} bytes where the lock says {package.Size}");
}
