using System.Buffers;
using Mantle.Formats.Bytes;

namespace Mantle.Measure.KeyPolicy.Documents;

/// <summary>Reads policies: the grammar of the IAM User Guide, nothing beyond it.</summary>
public static class PolicyReader
{
    internal const string Format = "policy";

    /// <summary>More than any policy that a service takes (KMS: 32 KiB), with room for white space.</summary>
    public const int MaximumSize = 1 << 20;

    private static readonly SearchValues<string> s_versions = SearchValues.Create([PolicyDocument.CurrentVersion, "2008-10-17"], StringComparison.Ordinal);

    /// <summary>Reads one policy.</summary>
    /// <param name="bytes">UTF-8 JSON.</param>
    /// <param name="kind">What it is attached to, which decides about the principal element.</param>
    /// <param name="name">What messages call it.</param>
    /// <exception cref="MalformedInputException">No such policy; line and column are named.</exception>
    public static PolicyDocument Read(ReadOnlyMemory<byte> bytes, PolicyKind kind, string name = "policy")
    {
        JsonTree root = JsonTree.Parse(Format, bytes, MaximumSize);
        return Read(root, kind, name);
    }

    internal static PolicyDocument Read(JsonTree root, PolicyKind kind, string name)
    {
        string? version = null, id = null;
        JsonTree? statement = null;
        foreach ((string key, long offset, JsonTree value) in ObjectOf(root, "a policy"))
        {
            switch (key)
            {
                case "Version":
                    version = TextOf(value, key);
                    if (!s_versions.Contains(version))
                    {
                        throw value.Refuse($"Version is \"{version}\"; it must be 2012-10-17 or 2008-10-17");
                    }

                    break;
                case "Id":
                    id = TextOf(value, key);
                    break;
                case "Statement":
                    statement = value;
                    break;
                default:
                    throw root.RefuseAt(offset, $"\"{key}\" is no element of a policy; there are Version, Id and Statement");
            }
        }

        if (statement is null)
        {
            throw root.Refuse("a policy needs the element Statement");
        }

        bool single = statement.Kind == JsonTreeKind.Object;
        List<JsonTree> nodes = single ? [statement] : statement.Kind == JsonTreeKind.Array ? statement.Items
            : throw statement.Refuse("Statement must be an object or an array of objects");
        return new(kind, version, id, [.. nodes.Select((node, index) => Statement(node, index, kind))]) { Name = name, IsSingleStatement = single };
    }

    private static PolicyStatement Statement(JsonTree node, int index, PolicyKind kind)
    {
        string? sid = null, effect = null;
        JsonTree? principal = null, notPrincipal = null, action = null, notAction = null, resource = null, notResource = null, condition = null;
        foreach ((string key, long offset, JsonTree value) in ObjectOf(node, "a statement"))
        {
            switch (key)
            {
                case "Sid":
                    sid = TextOf(value, key);
                    break;
                case "Effect":
                    effect = TextOf(value, key);
                    if (effect is not ("Allow" or "Deny"))
                    {
                        throw value.Refuse($"Effect is \"{effect}\"; it must be Allow or Deny");
                    }

                    break;
                case "Principal":
                    principal = value;
                    break;
                case "NotPrincipal":
                    notPrincipal = value;
                    break;
                case "Action":
                    action = value;
                    break;
                case "NotAction":
                    notAction = value;
                    break;
                case "Resource":
                    resource = value;
                    break;
                case "NotResource":
                    notResource = value;
                    break;
                case "Condition":
                    condition = value;
                    break;
                default:
                    throw node.RefuseAt(offset, $"\"{key}\" is no element of a statement");
            }
        }

        if (effect is null)
        {
            throw node.Refuse("a statement needs the element Effect");
        }

        JsonTree actions = OneOf(node, action, notAction, "Action", "NotAction") ?? throw node.Refuse("a statement needs Action or NotAction");
        JsonTree? resources = OneOf(node, resource, notResource, "Resource", "NotResource");
        JsonTree? principals = OneOf(node, principal, notPrincipal, "Principal", "NotPrincipal");
        bool wantsPrincipal = kind is PolicyKind.Key or PolicyKind.ResourceControl;
        if (wantsPrincipal != principals is not null)
        {
            throw (principals ?? node).Refuse(wantsPrincipal
                ? "a statement of a resource policy needs Principal or NotPrincipal"
                : "a statement of this kind of policy has no Principal: it applies to whom it is attached to");
        }

        if (resources is null && kind != PolicyKind.Key)
        {
            throw node.Refuse("a statement needs Resource or NotResource");
        }

        return new()
        {
            Index = index,
            Sid = sid,
            IsAllow = effect == "Allow",
            Principals = principals is null ? null : Principal(principals),
            IsNotPrincipal = notPrincipal is not null,
            Actions = Actions(actions),
            IsNotAction = notAction is not null,
            Resources = resources is null ? null : Texts(resources, "Resource"),
            IsNotResource = notResource is not null,
            Conditions = condition is null ? [] : Conditions(condition),
            Position = node.Position,
        };
    }

    private static TextSet Actions(JsonTree node)
    {
        TextSet actions = Texts(node, "Action");
        foreach (string action in actions.Values)
        {
            if (action != "*" && action.IndexOf(':', StringComparison.Ordinal) <= 0)
            {
                throw node.Refuse($"the action \"{action}\" names no service; it must be such as \"kms:Decrypt\"");
            }
        }

        return actions;
    }

    private static PrincipalSet Principal(JsonTree node)
    {
        if (node.Kind == JsonTreeKind.Text)
        {
            return node.Value == "*" ? PrincipalSet.Everyone : throw node.Refuse($"Principal is \"{node.Value}\"; as a text it can only be \"*\"");
        }

        List<PrincipalEntry> entries = [];
        foreach ((string key, long offset, JsonTree value) in ObjectOf(node, "Principal"))
        {
            if (key is not ("AWS" or "Service" or "Federated" or "CanonicalUser"))
            {
                throw node.RefuseAt(offset, $"\"{key}\" is no kind of principal; there are AWS, Service, Federated and CanonicalUser");
            }

            entries.Add(new(key, Texts(value, key)));
        }

        return entries.Count > 0 ? new(false, entries) : throw node.Refuse("Principal names nobody");
    }

    private static List<ConditionClause> Conditions(JsonTree node)
    {
        List<ConditionClause> clauses = [];
        foreach ((string name, long offset, JsonTree keys) in ObjectOf(node, "Condition"))
        {
            ConditionOperator @operator = ConditionOperator.TryParse(name) ?? throw node.RefuseAt(offset, UnknownOperator(name));
            HashSet<string> seen = new(StringComparer.OrdinalIgnoreCase);
            foreach ((string key, long keyOffset, JsonTree value) in ObjectOf(keys, name))
            {
                if (!seen.Add(key))
                {
                    throw keys.RefuseAt(keyOffset, $"the context key \"{key}\" stands twice below {name}; the case of its letters does not count");
                }

                clauses.Add(new(@operator, key, Texts(value, key, scalars: true)));
            }
        }

        return clauses;
    }

    private static string UnknownOperator(string name)
    {
        string bare = name[(name.IndexOf(':', StringComparison.Ordinal) + 1)..];
        bare = bare.EndsWith("IfExists", StringComparison.OrdinalIgnoreCase) ? bare[..^"IfExists".Length] : bare;
        string? near = ConditionOperator.Names.FirstOrDefault(known => known.Equals(bare, StringComparison.OrdinalIgnoreCase));
        return $"\"{name}\" is no condition operator" + (near is null ? "" : $"; did you mean {near}?");
    }

    private static JsonTree? OneOf(JsonTree statement, JsonTree? positive, JsonTree? negative, string name, string negativeName) =>
        positive is not null && negative is not null ? throw statement.Refuse($"a statement has {name} or {negativeName}, not both") : positive ?? negative;

    private static IEnumerable<(string Name, long Offset, JsonTree Value)> ObjectOf(JsonTree node, string what) =>
        node.Kind == JsonTreeKind.Object ? node.Members : throw node.Refuse($"{what} must be an object");

    private static string TextOf(JsonTree node, string what) => node.Kind == JsonTreeKind.Text ? node.Value : throw node.Refuse($"{what} must be a text");

    private static TextSet Texts(JsonTree node, string what, bool scalars = false)
    {
        string One(JsonTree item) => item.Kind == JsonTreeKind.Text || (scalars && item.Kind is JsonTreeKind.Number or JsonTreeKind.Boolean)
            ? item.Value
            : throw item.Refuse($"{what} must be a text or an array of texts");
        if (node.Kind != JsonTreeKind.Array)
        {
            return new([One(node)], IsArray: false);
        }

        return node.Items.Count > 0 ? new([.. node.Items.Select(One)], IsArray: true) : throw node.Refuse($"{what} is an empty array");
    }
}
