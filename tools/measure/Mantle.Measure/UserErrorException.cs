namespace Mantle.Measure;

/// <summary>Something that the user can put right: one line that says what, where and why, and a hint with the next step.</summary>
/// <param name="message">What is wrong: lower case, no final period, the offender quoted.</param>
/// <param name="hint">What to do next, or null when the message says it.</param>
/// <param name="exitCode">One of <see cref="ExitCode"/>.</param>
/// <param name="cause">The exception behind it.</param>
public sealed class UserErrorException(string message, string? hint = null, int exitCode = ExitCode.Malformed, Exception? cause = null)
    : Exception(message, cause)
{
    /// <summary>What to do next.</summary>
    public string? Hint { get; } = hint;

    /// <summary>The process exit code.</summary>
    public int Code { get; } = exitCode;
}
