using Mantle.Measure;

namespace Mantle.ImageBuilder.Aws;

/// <summary>What KMS, or the way to it, said.</summary>
internal enum KeyServiceFailure
{
    /// <summary>A policy forbids it.</summary>
    Denied,

    /// <summary>Too many requests; it was not done.</summary>
    Throttled,

    /// <summary>No such key or alias.</summary>
    NotFound,

    /// <summary>The alias is there already.</summary>
    Exists,

    /// <summary>The policy would lock its author out.</summary>
    Lockout,

    /// <summary>The policy names a principal that IAM does not know, or not yet.</summary>
    UnknownPrincipal,

    /// <summary>The policy is refused for another reason.</summary>
    Refused,

    /// <summary>The key's state does not permit it.</summary>
    State,

    /// <summary>The credentials are not accepted.</summary>
    Credentials,

    /// <summary>The key has no such property, for example rotation.</summary>
    Unsupported,

    /// <summary>KMS failed or did not answer: it may have been done.</summary>
    Uncertain,
}

/// <summary>A call that did not succeed.</summary>
internal sealed class KeyServiceException(KeyServiceFailure failure, string message, string hint, Exception? cause) : Exception(message, cause)
{
    /// <summary>What kind of failure.</summary>
    public KeyServiceFailure Failure { get; } = failure;

    /// <summary>What to do next.</summary>
    public string Hint { get; } = hint;

    /// <summary>As the user reads it, with another hint where the caller knows better.</summary>
    public UserErrorException ToUserError(string? hint = null) => new($"kms: {Message}", hint ?? Hint, ExitCode.Remote, this);
}
