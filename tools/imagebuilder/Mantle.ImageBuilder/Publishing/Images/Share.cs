using Amazon.EC2;
using Amazon.EC2.Model;

namespace Mantle.ImageBuilder.Publishing.Images;

/// <summary>With whom an image is shared: an account's number, <c>public</c>, or the ARN of an organization.</summary>
internal static class Share
{
    /// <summary>Everybody.</summary>
    public const string Public = "public";

    /// <summary>What a launch permission is called here.</summary>
    public static string Of(LaunchPermission permission) =>
        permission.Group is not null ? Public : permission.UserId ?? permission.OrganizationArn ?? permission.OrganizationalUnitArn ?? "";

    /// <summary>The launch permission of that name.</summary>
    public static LaunchPermission Permission(string name) =>
        name == Public ? new() { Group = PermissionGroup.All }
        : name.Contains(":ou/", StringComparison.Ordinal) ? new() { OrganizationalUnitArn = name }
        : name.StartsWith("arn:", StringComparison.Ordinal) ? new() { OrganizationArn = name }
        : new() { UserId = name };
}
