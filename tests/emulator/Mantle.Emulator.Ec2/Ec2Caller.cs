using Mantle.Emulator.Aws;

namespace Mantle.Emulator.Ec2;

/// <summary>Somebody with credentials.</summary>
/// <param name="account">Twelve digits.</param>
/// <param name="name">Tells callers of an account apart.</param>
public sealed class Ec2Caller(string account, string name = "publisher") : IAwsCaller
{
    public string Account { get; } = account;

    public string AccessKeyId { get; } = "AKIA" + account + name.ToUpperInvariant();

    public string SecretKey { get; } = $"test-secret-of-{account}-{name}";

    public string? SessionToken { get; init; }

    public DateTimeOffset Expires { get; set; } = DateTimeOffset.MaxValue;

    /// <summary>Operations that IAM does not allow, for example <c>RegisterImage</c>.</summary>
    public HashSet<string> Denied { get; } = new(StringComparer.Ordinal);
}
