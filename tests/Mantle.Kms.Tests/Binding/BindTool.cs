using Mantle.Cli.Tests;

namespace Mantle.Kms.Tests.Binding;

/// <summary>The executable as the key's custodian runs it, with nothing but the environment to find KMS by.</summary>
internal static class BindTool
{
    public static ToolResult Run(TestCloud cloud, string folder, params IEnumerable<string> arguments) => Tool.End(Tool.StartWith(
        new Dictionary<string, string>
        {
            ["AWS_ACCESS_KEY_ID"] = TestCloud.CustodianCaller.AccessKeyId,
            ["AWS_SECRET_ACCESS_KEY"] = TestCloud.CustodianCaller.SecretKey,
            ["AWS_ENDPOINT_URL_KMS"] = cloud.Endpoint.Url,
        },
        folder,
        "imagebuilder",
        arguments));
}
