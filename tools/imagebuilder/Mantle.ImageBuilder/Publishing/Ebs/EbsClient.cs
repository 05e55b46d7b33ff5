using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Amazon.Runtime;
using Amazon.Runtime.Credentials;
using Mantle.ImageBuilder.Aws;

namespace Mantle.ImageBuilder.Publishing.Ebs;

/// <summary>The EBS direct APIs over HTTP/1.1, one attempt a call.</summary>
internal sealed class EbsClient : IBlockService
{
    /// <summary>Requests at a time, each with a connection.</summary>
    public const int Connections = 64;

    /// <summary>Minutes without a block after which EBS gives a pending snapshot up: a day, so that an upload can be taken up again.</summary>
    private const int TimeoutMinutes = 24 * 60;

    private const int LargestAnswer = 16 << 20;
    private const string ChecksumHeader = "x-amz-Checksum";
    private const string AlgorithmHeader = "x-amz-Checksum-Algorithm";
    private const string Sha256 = "SHA256";

    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(60);

    private readonly Uri _endpoint;
    private readonly RequestSigner _signer;
    private readonly HttpClient _http;

    /// <param name="region">The region.</param>
    /// <param name="endpoint">Where its EBS direct APIs are.</param>
    /// <param name="credentials">Who asks.</param>
    /// <param name="time">The clock of signatures.</param>
    /// <param name="handler">Answers instead of the network; null: the network.</param>
    [SuppressMessage("Reliability", "CA2000", Justification = "the client disposes of its handler")]
    public EbsClient(string region, Uri endpoint, AWSCredentials credentials, TimeProvider time, HttpMessageHandler? handler = null)
    {
        Region = region;
        _endpoint = endpoint;
        _signer = new(credentials, region, time);
        _http = new(handler ?? new SocketsHttpHandler
        {
            MaxConnectionsPerServer = Connections,
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(15),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(15),
            SslOptions = new SslClientAuthenticationOptions { ApplicationProtocols = [SslApplicationProtocol.Http11] },
        })
        {
            Timeout = s_timeout,
        };
    }

    /// <inheritdoc/>
    public string Region { get; }

    /// <summary>The EBS direct APIs of a region, with the credentials and the endpoint that the SDK finds.</summary>
    /// <exception cref="CloudException">There are no credentials.</exception>
    public static EbsClient Connect(string region, TimeProvider time)
    {
        try
        {
            return new(region, EbsConfiguration.Find(region), DefaultAWSCredentialsIdentityResolver.GetCredentials(), time);
        }
        catch (AmazonClientException problem)
        {
            throw CloudErrors.Of($"{region}: sign-in", problem);
        }
    }

    /// <inheritdoc/>
    public async Task<StartedSnapshot> StartSnapshotAsync(SnapshotDraft draft, CancellationToken cancellation)
    {
        StartSnapshotBody body = new(draft.VolumeSize, draft.Description, draft.ClientToken, TimeoutMinutes, [.. draft.Tags.Select(tag => new TagBody(tag.Key, tag.Value))]);
        SnapshotBody answer = await SendJsonAsync(
            "StartSnapshot", HttpMethod.Post, "/snapshots", JsonSerializer.SerializeToUtf8Bytes(body, EbsJsonContext.Default.StartSnapshotBody), [], EbsJsonContext.Default.SnapshotBody, cancellation).ConfigureAwait(false);
        return answer.SnapshotId is { Length: > 0 } id && answer.BlockSize is null or IBlockService.BlockSize ? new(id, answer.Status ?? "pending")
            : throw Strange("StartSnapshot", $"a snapshot \"{answer.SnapshotId}\" with blocks of {answer.BlockSize} bytes");
    }

    /// <inheritdoc/>
    public async Task PutBlockAsync(string snapshot, int index, ReadOnlyMemory<byte> block, ReadOnlyMemory<byte> digest, CancellationToken cancellation)
    {
        const string Call = "PutSnapshotBlock";
        string checksum = Convert.ToBase64String(digest.Span);
        using HttpRequestMessage request = new(HttpMethod.Put, At($"/snapshots/{snapshot}/blocks/{Number(index)}"));
        request.Headers.Add("x-amz-Data-Length", Number(block.Length));
        request.Headers.Add(ChecksumHeader, checksum);
        request.Headers.Add(AlgorithmHeader, Sha256);
        request.Content = new ReadOnlyMemoryContent(block) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };
        using HttpResponseMessage answer = await SendAsync(Call, request, RequestSigner.UnsignedPayload, cancellation).ConfigureAwait(false);
        if (Header(answer, ChecksumHeader) is { } stored && stored != checksum)
        {
            throw new CloudException(CloudFailure.Uncertain, $"{Region}: {Call} {snapshot}/{index}: EBS has stored the checksum {stored}, not {checksum}", "run it again");
        }
    }

    /// <inheritdoc/>
    public async Task<string> CompleteSnapshotAsync(string snapshot, int blocks, ReadOnlyMemory<byte> checksum, CancellationToken cancellation)
    {
        SnapshotBody answer = await SendJsonAsync(
            "CompleteSnapshot",
            HttpMethod.Post,
            $"/snapshots/completion/{snapshot}",
            [],
            [("x-amz-ChangedBlocksCount", Number(blocks)), (ChecksumHeader, Convert.ToBase64String(checksum.Span)), (AlgorithmHeader, Sha256), ("x-amz-Checksum-Aggregation-Method", "LINEAR")],
            EbsJsonContext.Default.SnapshotBody,
            cancellation).ConfigureAwait(false);
        return answer.Status ?? "pending";
    }

    /// <inheritdoc/>
    public async Task<BlockPage> ListBlocksAsync(string snapshot, string? pageToken, CancellationToken cancellation)
    {
        const string Call = "ListSnapshotBlocks";
        string query = "?maxResults=10000" + (pageToken is null ? "" : $"&pageToken={Uri.EscapeDataString(pageToken)}");
        ListBlocksBody answer = await SendJsonAsync(Call, HttpMethod.Get, $"/snapshots/{snapshot}/blocks{query}", [], [], EbsJsonContext.Default.ListBlocksBody, cancellation).ConfigureAwait(false);
        if (answer.BlockSize != IBlockService.BlockSize || answer.VolumeSize is < 1 or > 65_536)
        {
            throw Strange(Call, $"blocks of {answer.BlockSize} bytes in a volume of {answer.VolumeSize} GiB");
        }

        List<ListedBlock> blocks = [];
        long before = -1;
        foreach (BlockBody block in answer.Blocks ?? [])
        {
            if (block.BlockIndex <= before || block.BlockIndex >= answer.VolumeSize * 2048 || block.BlockToken is not { Length: > 0 } token)
            {
                throw Strange(Call, $"block {block.BlockIndex} after block {before} in a volume of {answer.VolumeSize} GiB");
            }

            before = block.BlockIndex;
            blocks.Add(new(block.BlockIndex, token));
        }

        return new(answer.VolumeSize, blocks, answer.NextToken is { Length: > 0 } next ? next : null);
    }

    /// <inheritdoc/>
    public async Task GetBlockAsync(string snapshot, ListedBlock block, Memory<byte> destination, CancellationToken cancellation)
    {
        const string Call = "GetSnapshotBlock";
        using HttpRequestMessage request = new(HttpMethod.Get, At($"/snapshots/{snapshot}/blocks/{Number(block.Index)}?blockToken={Uri.EscapeDataString(block.Token)}"));
        using HttpResponseMessage answer = await SendAsync(Call, request, RequestSigner.Hash([]), cancellation).ConfigureAwait(false);
        try
        {
            using Stream content = await answer.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
            await content.ReadExactlyAsync(destination[..IBlockService.BlockSize], cancellation).ConfigureAwait(false);
        }
        catch (Exception problem) when (CallErrors.IsOfCall(problem, cancellation))
        {
            throw CloudErrors.Of($"{Region}: {Call} {snapshot}/{block.Index}", problem);
        }

        string actual = Convert.ToBase64String(SHA256.HashData(destination.Span[..IBlockService.BlockSize]));
        if (Header(answer, ChecksumHeader) != actual || Header(answer, AlgorithmHeader) != Sha256)
        {
            // Bits that were lost on the way; what is stored has the other checksum.
            throw new CloudException(CloudFailure.Uncertain, $"{Region}: {Call} {snapshot}/{block.Index}: the bytes have the checksum {actual}, not {Header(answer, ChecksumHeader)}", "run it again");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string? Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : null;

    private Uri At(string pathAndQuery) => new(_endpoint.AbsoluteUri.TrimEnd('/') + pathAndQuery);

    private CloudException Strange(string call, string what) => new(CloudFailure.Refused, $"{Region}: {call} answered with {what}", "check the endpoint");

    private async Task<T> SendJsonAsync<T>(
        string call, HttpMethod method, string path, byte[] body, (string Name, string Value)[] headers, JsonTypeInfo<T> type, CancellationToken cancellation)
        where T : class
    {
        using HttpRequestMessage request = new(method, At(path));
        foreach ((string name, string value) in headers)
        {
            request.Headers.Add(name, value);
        }

        if (method != HttpMethod.Get)
        {
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        }

        using HttpResponseMessage answer = await SendAsync(call, request, RequestSigner.Hash(body), cancellation).ConfigureAwait(false);
        try
        {
            await answer.Content.LoadIntoBufferAsync(LargestAnswer, cancellation).ConfigureAwait(false);
            using Stream content = await answer.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
            return await JsonSerializer.DeserializeAsync(content, type, cancellation).ConfigureAwait(false) ?? throw Strange(call, "null");
        }
        catch (JsonException)
        {
            throw Strange(call, "something that is no JSON of this call");
        }
        catch (Exception problem) when (CallErrors.IsOfCall(problem, cancellation))
        {
            throw CloudErrors.Of($"{Region}: {call}", problem);
        }
    }

    /// <summary>Signs, sends, and makes exceptions of errors.</summary>
    private async Task<HttpResponseMessage> SendAsync(string call, HttpRequestMessage request, string contentSha256, CancellationToken cancellation)
    {
        string named = $"{Region}: {call}";
        try
        {
            await _signer.SignAsync(request, contentSha256).ConfigureAwait(false);
            HttpResponseMessage answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
            if (answer.IsSuccessStatusCode)
            {
                return answer;
            }

            using (answer)
            {
                throw await ErrorAsync(named, answer, cancellation).ConfigureAwait(false);
            }
        }
        catch (Exception problem) when (CallErrors.IsOfCall(problem, cancellation))
        {
            throw CloudErrors.Of(named, problem);
        }
    }

    private static async Task<CloudException> ErrorAsync(string call, HttpResponseMessage answer, CancellationToken cancellation)
    {
        ErrorBody? body = null;
        try
        {
            await answer.Content.LoadIntoBufferAsync(1 << 16, cancellation).ConfigureAwait(false);
            using Stream content = await answer.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
            body = await JsonSerializer.DeserializeAsync(content, EbsJsonContext.Default.ErrorBody, cancellation).ConfigureAwait(false);
        }
        catch (JsonException)
        {
            // A proxy's page: the status says enough.
        }

        string name = (Header(answer, "x-amzn-ErrorType") ?? body?.Type ?? "").Split(':')[0].Split('#')[^1];
        string text = body?.Message ?? body?.LowerMessage ?? "";
        return CloudErrors.Of(call, name, body?.Reason is { } reason ? $"{text} ({reason})" : text, (int)answer.StatusCode);
    }
}
