namespace Mantle.Measure.KeyPolicy.Evaluation;

/// <summary>What kind of principal makes a request.</summary>
public enum PrincipalType
{
    /// <summary>The account's root user.</summary>
    Root,

    /// <summary>An IAM user.</summary>
    User,

    /// <summary>A session of an IAM role.</summary>
    RoleSession,

    /// <summary>A federated user session.</summary>
    FederatedUser,

    /// <summary>An AWS service.</summary>
    Service,
}

/// <summary>Who makes a request (IAM User Guide, "AWS JSON policy elements: Principal").</summary>
public sealed record RequestPrincipal
{
    private RequestPrincipal()
    {
    }

    /// <summary>The kind.</summary>
    public required PrincipalType Type { get; init; }

    /// <summary>For example <c>aws</c>.</summary>
    public string Partition { get; init; } = "aws";

    /// <summary>Twelve digits; empty for a service.</summary>
    public required string Account { get; init; }

    /// <summary>Of a user or role, without its path; a service's domain name.</summary>
    public required string Name { get; init; }

    /// <summary>What aws:PrincipalArn is: for a role session, the role's ARN; empty for a service.</summary>
    public required string Arn { get; init; }

    /// <summary>The ARN of the session itself, or null when it is none.</summary>
    public string? SessionArn { get; init; }

    /// <summary>Parses an ARN, an account (its root user) or a service's domain name. A role's ARN stands for a session of the role.</summary>
    /// <exception cref="UserErrorException">None of these.</exception>
    public static RequestPrincipal Parse(string text) => TryParse(text)
        ?? throw new UserErrorException(
            $"\"{text}\" is no principal that can make a request",
            "give the ARN of a role, an assumed-role session, a user or an account's root, or a service such as ec2.amazonaws.com",
            ExitCode.Usage);

    /// <summary>The same, or null.</summary>
    public static RequestPrincipal? TryParse(string text)
    {
        if (IsAccount(text))
        {
            return new() { Type = PrincipalType.Root, Account = text, Name = "root", Arn = $"arn:aws:iam::{text}:root" };
        }

        if (!text.Contains(':', StringComparison.Ordinal))
        {
            return text.EndsWith(".amazonaws.com", StringComparison.Ordinal) || text.EndsWith(".amazonaws.com.cn", StringComparison.Ordinal)
                ? new() { Type = PrincipalType.Service, Account = "", Name = text, Arn = "" }
                : null;
        }

        string[] parts = text.Split(':');
        if (parts.Length != 6 || parts[0] != "arn" || parts[1].Length == 0 || parts[3].Length > 0 || !IsAccount(parts[4]))
        {
            return null;
        }

        (string partition, string account, string[] path) = (parts[1], parts[4], parts[5].Split('/'));
        RequestPrincipal Make(PrincipalType type, string name, string arn, string? session = null) =>
            new() { Type = type, Partition = partition, Account = account, Name = name, Arn = arn, SessionArn = session };
        if (path.Any(part => part.Length == 0))
        {
            return null;
        }

        return (parts[2], path) switch
        {
            ("iam", ["root"]) => Make(PrincipalType.Root, "root", text),
            ("iam", ["user", .., string name]) when path.Length > 1 => Make(PrincipalType.User, name, text),
            ("iam", ["role", .., string name]) when path.Length > 1 =>
                Make(PrincipalType.RoleSession, name, text, $"arn:{partition}:sts::{account}:assumed-role/{name}/session"),
            ("sts", ["assumed-role", string name, _]) => Make(PrincipalType.RoleSession, name, $"arn:{partition}:iam::{account}:role/{name}", text),
            ("sts", ["federated-user", string name]) => Make(PrincipalType.FederatedUser, name, text, text),
            _ => null,
        };
    }

    /// <summary>Whether a text is an account's number.</summary>
    public static bool IsAccount(string text) => text.Length == 12 && text.All(char.IsAsciiDigit);

    /// <inheritdoc/>
    public override string ToString() => Type == PrincipalType.Service ? Name : Arn;
}
