using Mantle.Formats.Bytes;

namespace Mantle.Measure.KeyPolicy.Documents;

/// <summary>One grant of a key (KMS API Reference, GrantListEntry).</summary>
public sealed record KeyGrant
{
    /// <summary>The grant's identifier.</summary>
    public required string GrantId { get; init; }

    /// <summary>Who may do it: an ARN or a service's name.</summary>
    public required string GranteePrincipal { get; init; }

    /// <summary>Who may retire it.</summary>
    public string? RetiringPrincipal { get; init; }

    /// <summary>Operations without the service's prefix, for example <c>Decrypt</c>.</summary>
    public required IReadOnlyList<string> Operations { get; init; }

    /// <summary>The encryption context must have these pairs.</summary>
    public IReadOnlyDictionary<string, string> ContextSubset { get; init; } = new Dictionary<string, string>();

    /// <summary>The encryption context must have these pairs and no other; null when there is no such constraint.</summary>
    public IReadOnlyDictionary<string, string>? ContextEquals { get; init; }

    /// <summary>The grant's name.</summary>
    public string? Name { get; init; }
}

/// <summary>What <c>aws kms list-grants</c> prints.</summary>
public static class GrantListReader
{
    private const string Format = "grants";

    /// <summary>A key has at most 50,000 grants of well under a kilobyte each.</summary>
    private const int MaximumSize = 64 << 20;

    /// <summary>Reads the whole list.</summary>
    /// <exception cref="MalformedInputException">Not such a list, or one that was cut off (<c>Truncated</c>).</exception>
    public static IReadOnlyList<KeyGrant> Read(ReadOnlyMemory<byte> bytes)
    {
        JsonTree root = JsonTree.Parse(Format, bytes, MaximumSize);
        if (root.Kind != JsonTreeKind.Object)
        {
            throw root.Refuse("the answer of ListGrants is an object with the member Grants");
        }

        JsonTree? grants = null;
        foreach ((string name, _, JsonTree value) in root.Members)
        {
            if (name == "Grants")
            {
                grants = value.Kind == JsonTreeKind.Array ? value : throw value.Refuse("Grants must be an array");
            }
            else if (name == "Truncated" && value.Value != "false")
            {
                throw value.Refuse("the list is cut off; ask ListGrants again with its NextMarker, or use the CLI without --no-paginate");
            }
        }

        return grants is null ? throw root.Refuse("the member Grants is missing") : [.. grants.Items.Select(Grant)];
    }

    private static KeyGrant Grant(JsonTree node)
    {
        if (node.Kind != JsonTreeKind.Object)
        {
            throw node.Refuse("a grant must be an object");
        }

        string id = "", name = "", grantee = "", retiring = "";
        List<string> operations = [];
        Dictionary<string, string> subset = new(StringComparer.Ordinal);
        Dictionary<string, string>? equal = null;
        foreach ((string key, long offset, JsonTree value) in node.Members)
        {
            switch (key)
            {
                case "GrantId":
                    id = Text(value, key);
                    break;
                case "Name":
                    name = Text(value, key);
                    break;
                case "GranteePrincipal" or "GranteeServicePrincipal":
                    grantee = Text(value, key);
                    break;
                case "RetiringPrincipal" or "RetiringServicePrincipal":
                    retiring = Text(value, key);
                    break;
                case "Operations":
                    operations = value.Kind == JsonTreeKind.Array ? [.. value.Items.Select(item => Text(item, key))] : throw value.Refuse("Operations must be an array");
                    break;
                case "Constraints":
                    foreach ((string constraint, long at, JsonTree pairs) in value.Members)
                    {
                        switch (constraint)
                        {
                            case "EncryptionContextSubset":
                                subset = Pairs(pairs, constraint);
                                break;
                            case "EncryptionContextEquals":
                                equal = Pairs(pairs, constraint);
                                break;
                            case "SourceArn":
                                // Narrows a grant to a service; leaving it out of account can only make the grant look wider.
                                break;
                            default:
                                throw value.RefuseAt(at, $"unknown constraint \"{constraint}\"");
                        }
                    }

                    break;
                case "KeyId" or "CreationDate" or "IssuingAccount":
                    break;
                default:
                    throw node.RefuseAt(offset, $"unknown member \"{key}\" of a grant");
            }
        }

        return grantee.Length == 0 ? throw node.Refuse("a grant needs GranteePrincipal") : new()
        {
            GrantId = id,
            GranteePrincipal = grantee,
            RetiringPrincipal = retiring.Length == 0 ? null : retiring,
            Operations = operations,
            ContextSubset = subset,
            ContextEquals = equal,
            Name = name.Length == 0 ? null : name,
        };
    }

    private static Dictionary<string, string> Pairs(JsonTree node, string what) => node.Kind == JsonTreeKind.Object
        ? node.Members.ToDictionary(member => member.Name, member => Text(member.Value, member.Name), StringComparer.Ordinal)
        : throw node.Refuse($"{what} must be an object");

    private static string Text(JsonTree node, string what) => node.Kind == JsonTreeKind.Text ? node.Value : throw node.Refuse($"{what} must be a text");
}
