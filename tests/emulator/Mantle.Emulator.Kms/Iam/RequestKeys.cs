using System.Globalization;

namespace Mantle.Emulator.Kms.Iam;

/// <summary>The context keys that every request has (IAM User Guide, "AWS global condition context keys").</summary>
public static class RequestKeys
{
    public static Dictionary<string, string[]> Of(IamPrincipal who, string region, string? resourceAccount, DateTimeOffset now)
    {
        bool isService = who.Kind == IamPrincipalKind.Service;
        Dictionary<string, string[]> keys = new(StringComparer.OrdinalIgnoreCase)
        {
            ["aws:PrincipalIsAWSService"] = [isService ? "true" : "false"],
            ["aws:ViaAWSService"] = ["false"],
            // The endpoint stands for KMS's, which there is over TLS only.
            ["aws:SecureTransport"] = ["true"],
            ["aws:RequestedRegion"] = [region],
            ["aws:CurrentTime"] = [now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)],
            ["aws:EpochTime"] = [now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)],
        };
        if (resourceAccount is not null)
        {
            keys["aws:ResourceAccount"] = [resourceAccount];
        }

        if (isService)
        {
            keys["aws:PrincipalServiceName"] = [who.Name];
            keys["aws:PrincipalServiceNamesList"] = [who.Name];
            return keys;
        }

        keys["aws:PrincipalArn"] = [who.PrincipalArn];
        keys["aws:PrincipalAccount"] = [who.Account];
        keys["aws:PrincipalType"] = [who.Kind.ToString()];
        keys["kms:CallerAccount"] = [who.Account];
        if (who.Kind == IamPrincipalKind.User)
        {
            keys["aws:username"] = [who.Name];
        }

        return keys;
    }
}
