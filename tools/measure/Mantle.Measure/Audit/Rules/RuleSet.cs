using System.Security.Cryptography;
using System.Text;
using Mantle.Measure.Audit.Facts;

namespace Mantle.Measure.Audit.Rules;

/// <summary>Seal rules, read and ready to be applied.</summary>
public sealed class RuleSet
{
    private const string ResourceName = "seal.yaml";

    private static readonly Lazy<RuleSet> s_builtIn = new(() => Parse("policies/seal.yaml", BuiltInText()));

    internal RuleSet(IReadOnlyList<SealRule> rules, IReadOnlyList<string> patterns, string digest)
    {
        Rules = rules;
        Patterns = new BytePatterns(patterns);
        Digest = digest;
    }

    /// <summary>The rules that this program carries: <c>policies/seal.yaml</c> of its source.</summary>
    public static RuleSet BuiltIn => s_builtIn.Value;

    /// <summary>The rules in the order of the file.</summary>
    public IReadOnlyList<SealRule> Rules { get; }

    /// <summary>SHA-256 of the file in lower-case hex: which rules a verdict stands on.</summary>
    public string Digest { get; }

    internal BytePatterns Patterns { get; }

    /// <summary>Reads rules from a file.</summary>
    /// <exception cref="UserErrorException">It is not right; the message says where and what would be.</exception>
    public static RuleSet Read(string path) => RuleReader.Read(path);

    /// <summary>Reads rules from text; <paramref name="path"/> is for messages.</summary>
    /// <exception cref="UserErrorException">It is not right; the message says where and what would be.</exception>
    public static RuleSet Parse(string path, string text) => RuleReader.Parse(path, text);

    internal static string DigestOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string BuiltInText()
    {
        using Stream stream = typeof(RuleSet).Assembly.GetManifestResourceStream(ResourceName)!;
        using StreamReader reader = new(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
