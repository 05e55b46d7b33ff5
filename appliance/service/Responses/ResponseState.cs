using System.Security.Cryptography;

namespace Mantle.Service.Responses;

/// <summary>A response as the API shows it, at one moment.</summary>
/// <param name="request">What was asked.</param>
/// <param name="createdAt">When, in seconds since 1970.</param>
internal sealed class ResponseState(ResponseRequest request, long createdAt)
{
    private const int IdentifierBytes = 24;

    public ResponseRequest Request { get; } = request;

    public long CreatedAt { get; } = createdAt;

    public string Id { get; } = "resp_" + RandomNumberGenerator.GetHexString(2 * IdentifierBytes, lowercase: true);

    public string MessageId { get; } = "msg_" + RandomNumberGenerator.GetHexString(2 * IdentifierBytes, lowercase: true);

    /// <summary><c>in_progress</c>, <c>completed</c>, or <c>incomplete</c> for one that its limit ended.</summary>
    public string Status { get; private set; } = "in_progress";

    /// <summary>The answer, once it is whole.</summary>
    public string? Text { get; private set; }

    public int InputTokens { get; private set; }

    public int OutputTokens { get; private set; }

    /// <summary>Ends it.</summary>
    public void Finish(Completion completion, string text)
    {
        Status = completion.IsComplete ? "completed" : "incomplete";
        (Text, InputTokens, OutputTokens) = (text, completion.InputTokens, completion.OutputTokens);
    }
}
