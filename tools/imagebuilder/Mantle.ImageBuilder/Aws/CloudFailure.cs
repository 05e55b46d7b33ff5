namespace Mantle.ImageBuilder.Aws;

/// <summary>What EC2, EBS, or the way to them, said.</summary>
internal enum CloudFailure
{
    /// <summary>IAM forbids it.</summary>
    Denied,

    /// <summary>Too many requests; it was not done.</summary>
    Throttled,

    /// <summary>No such resource, or not yet.</summary>
    NotFound,

    /// <summary>The name or the token is used already.</summary>
    Conflict,

    /// <summary>A limit of the account.</summary>
    Quota,

    /// <summary>The credentials are not accepted.</summary>
    Credentials,

    /// <summary>Refused for another reason.</summary>
    Refused,

    /// <summary>The service failed or did not answer: it may have been done.</summary>
    Uncertain,
}
