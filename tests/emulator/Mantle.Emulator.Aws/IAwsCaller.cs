namespace Mantle.Emulator.Aws;

/// <summary>Somebody whose signature an endpoint knows.</summary>
public interface IAwsCaller
{
    string AccessKeyId { get; }

    string SecretKey { get; }

    /// <summary>What the request must carry as X-Amz-Security-Token; null for long-term credentials.</summary>
    string? SessionToken { get; }

    /// <summary>From then on ExpiredTokenException.</summary>
    DateTimeOffset Expires { get; }
}
