namespace Mantle.Emulator.Kms.Iam;

/// <summary>What kind of principal signs a request; its names are the values of aws:PrincipalType, where it has one.</summary>
public enum IamPrincipalKind
{
    Account,
    User,
    AssumedRole,
    FederatedUser,
    Service,
}

/// <summary>Who signs a request: every ARN by which a policy can name the principal (IAM User Guide, "AWS JSON policy elements: Principal").</summary>
public sealed record IamPrincipal
{
    private IamPrincipal(IamPrincipalKind kind, string account, string arn, string principalArn, string name)
    {
        Kind = kind;
        Account = account;
        Arn = arn;
        PrincipalArn = principalArn;
        Name = name;
    }

    public IamPrincipalKind Kind { get; }

    /// <summary>Twelve digits; empty for a service.</summary>
    public string Account { get; }

    /// <summary>The principal itself: a user, a role's session, the root user; a service's name.</summary>
    public string Arn { get; }

    /// <summary>aws:PrincipalArn: for a session, the role's ARN.</summary>
    public string PrincipalArn { get; }

    /// <summary>Without path.</summary>
    public string Name { get; }

    /// <summary>The ARN by which policies name the whole account.</summary>
    public string AccountArn => $"arn:{Arn.Split(':')[1]}:iam::{Account}:root";

    /// <summary>A role's ARN stands for a session of it, named "session".</summary>
    public static IamPrincipal Of(string text)
    {
        string[] parts = text.Split(':');
        if (parts.Length == 1)
        {
            return text.All(char.IsAsciiDigit)
                ? Of($"arn:aws:iam::{text}:root")
                : new(IamPrincipalKind.Service, "", text, "", text);
        }

        string[] path = parts[5].Split('/');
        string name = path[^1];
        string account = parts[4];
        return path[0] switch
        {
            "root" => new(IamPrincipalKind.Account, account, text, text, "root"),
            "user" => new(IamPrincipalKind.User, account, text, text, name),
            "role" => new(IamPrincipalKind.AssumedRole, account, $"arn:{parts[1]}:sts::{account}:assumed-role/{name}/session", text, name),
            "assumed-role" => new(IamPrincipalKind.AssumedRole, account, text, $"arn:{parts[1]}:iam::{account}:role/{path[1]}", path[1]),
            "federated-user" => new(IamPrincipalKind.FederatedUser, account, text, text, name),
            _ => throw new ArgumentException($"\"{text}\" is no principal", nameof(text)),
        };
    }
}
