using Mantle.Formats.Bytes;

namespace Mantle.Measure.Connection;

/// <summary>
/// An appliance whose document holds. Only <see cref="ApplianceConnector"/> makes one, so no prompt can be sent to anything else; it goes over the connection that was
/// verified, or over another one that ends at the same key.
/// </summary>
public sealed class VerifiedAppliance : IAsyncDisposable
{
    private const string ResponsesResource = "/v1/responses";
    private const string ModelsResource = "/v1/models";
    private const string Json = "application/json";
    private const string Events = "text/event-stream";
    private const int MaximumList = 256 * 1024;
    private const int MaximumAnswer = 4 << 20;

    private readonly ServerAddress _address;
    private readonly byte[] _key;
    private PinnedConnection _connection;
    private bool _isClosed;

    internal VerifiedAppliance(ServerAddress address, PinnedConnection connection, bool isClosed) =>
        (_address, _connection, _isClosed, _key) = (address, connection, isClosed, connection.KeyDigest);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    /// <summary>Sends a prompt and returns the whole answer.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="onText">Given each piece of a streamed answer when it comes.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="UserErrorException">The appliance refuses, or a new connection to it ends at another key: then nothing was sent.</exception>
    /// <exception cref="MalformedInputException">The answer is not one of the API.</exception>
    public Task<string> AskAsync(Prompt prompt, Action<string> onText, CancellationToken cancellation) =>
        Patience.LimitAsync(prompt.Patience, _address, token => AskWithinAsync(prompt, onText, token), cancellation);

    private async Task<string> AskWithinAsync(Prompt prompt, Action<string> onText, CancellationToken cancellation)
    {
        string model = prompt.Model ?? await FindModelAsync(cancellation).ConfigureAwait(false);
        HttpHead head = await RequestAsync("POST", ResponsesResource, prompt.IsStream ? Events : Json, prompt.ToJson(model), cancellation).ConfigureAwait(false);
        if (head.Status != 200)
        {
            byte[] refusal = head.MediaType == Json ? await _connection.Reader.ReadWholeBodyAsync(MaximumList, cancellation).ConfigureAwait(false) : [];
            throw new UserErrorException($"{_address.Authority} refuses the prompt (status {head.Status}{AnswerReader.ReadError(refusal)})", exitCode: ExitCode.Remote);
        }

        if (head.MediaType != (prompt.IsStream ? Events : Json))
        {
            throw new UserErrorException($"{_address.Authority} answers the prompt with something that is not {(prompt.IsStream ? Events : Json)}");
        }

        return prompt.IsStream
            ? await new EventReader(_connection.Reader, MaximumAnswer).ReadAsync(onText, cancellation).ConfigureAwait(false)
            : AnswerReader.ReadResponse(await _connection.Reader.ReadWholeBodyAsync(MaximumAnswer, cancellation).ConfigureAwait(false));
    }

    private async Task<string> FindModelAsync(CancellationToken cancellation)
    {
        HttpHead head = await RequestAsync("GET", ModelsResource, Json, default, cancellation).ConfigureAwait(false);
        ServerRefusal.Check(_address, head, "list of models");
        byte[] list = await _connection.Reader.ReadWholeBodyAsync(MaximumList, cancellation).ConfigureAwait(false);
        return AnswerReader.ReadFirstModel(list)
            ?? throw new UserErrorException($"{_address.Authority} has no model", "its weights are not there; the prompt was not sent", ExitCode.Remote);
    }

    private async Task<HttpHead> RequestAsync(string method, string target, string accept, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        if (_isClosed)
        {
            await _connection.DisposeAsync().ConfigureAwait(false);
            _connection = await PinnedConnection.OpenAsync(_address, _key, cancellation).ConfigureAwait(false);
        }

        await _connection.SendAsync(method, target, accept, body, cancellation).ConfigureAwait(false);
        HttpHead head = await _connection.Reader.ReadHeadAsync(cancellation).ConfigureAwait(false);
        _isClosed = head.IsLast;
        return head;
    }
}
