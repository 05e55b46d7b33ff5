using System.Text.RegularExpressions;

namespace Mantle.ImageBuilder.Launching;

/// <summary>Which instance types can run an appliance: x86-64, on Nitro, virtualized and with NitroTPM (EC2 User Guide, "Requirements for using NitroTPM").</summary>
public static class InstanceTypes
{
    /// <summary>The families, without those of Graviton, for which nothing is built here.</summary>
    private static readonly string[] s_families =
    [
        "c5", "c5a", "c5ad", "c5d", "c5n", "c6a", "c6i", "c6id", "c6in", "c7a", "c7i", "c7i-flex", "c8i", "c8i-flex",
        "g4dn", "g5", "g6", "g6e", "gr6", "m5", "m5a", "m5ad", "m5d", "m5dn", "m5n", "m5zn", "m6a", "m6i", "m6id", "m6idn", "m6in", "m7a", "m7i", "m7i-flex",
        "m8i", "m8i-flex", "r5", "r5a", "r5ad", "r5b", "r5d", "r5dn", "r5n", "r6a", "r6i", "r6id", "r6idn", "r6in", "r7a", "r7i", "r7iz", "r8i", "r8i-flex", "t3", "t3a",
    ];

    /// <summary>A regular expression that matches the types and nothing else; it means the same to CloudFormation, to Terraform and here. Metal has no NitroTPM.</summary>
    public static string Pattern { get; } = $"^({string.Join('|', s_families)})\\.(nano|micro|small|medium|large|[0-9]{{0,2}}xlarge)$";

    /// <summary>Whether a type is one of them.</summary>
    public static bool CanRun(string type) => Regex.IsMatch(type, Pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
}
