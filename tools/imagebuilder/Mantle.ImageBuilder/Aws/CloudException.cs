using Mantle.Measure;

namespace Mantle.ImageBuilder.Aws;

/// <summary>A call that did not succeed.</summary>
/// <param name="failure">What kind of failure.</param>
/// <param name="message">Which call, and what it said.</param>
/// <param name="hint">What to do next.</param>
/// <param name="cause">What was thrown.</param>
internal sealed class CloudException(CloudFailure failure, string message, string hint, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>What kind of failure.</summary>
    public CloudFailure Failure { get; } = failure;

    /// <summary>What to do next.</summary>
    public string Hint { get; } = hint;

    /// <summary>The service's own name of the error, or an empty text.</summary>
    public string Code { get; init; } = "";

    /// <summary>As the user reads it.</summary>
    public UserErrorException ToUserError() => new(Message, Hint, ExitCode.Remote, this);
}
