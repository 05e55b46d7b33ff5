using System.Text.Json;

namespace Mantle.Emulator.Kms.Iam;

/// <summary>A policy, parsed as strictly as KMS does when it is put (IAM User Guide, "Grammar of the IAM JSON policy language").</summary>
/// <param name="HasVariables">Whether the version knows policy variables.</param>
/// <param name="Statements">In their order.</param>
public sealed record IamPolicy(bool HasVariables, IamStatement[] Statements)
{
    private static readonly string[] s_operators =
    [
        "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
        "NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals",
        "DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals",
        "Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "Null",
    ];

    /// <summary>Whoever has it may do everything.</summary>
    public static string FullAccess => """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}""";

    /// <summary>Parses a policy.</summary>
    /// <param name="text">JSON.</param>
    /// <param name="hasPrincipals">Whether it is a resource's policy.</param>
    /// <exception cref="KmsErrorException">MalformedPolicyDocumentException.</exception>
    public static IamPolicy Parse(string text, bool hasPrincipals = false)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, new() { AllowDuplicateProperties = false });
            return Policy(document.RootElement, hasPrincipals);
        }
        catch (JsonException e)
        {
            throw KmsErrorException.MalformedPolicy($"Syntax errors in policy. ({e.Message})");
        }
    }

    private static IamPolicy Policy(JsonElement root, bool hasPrincipals)
    {
        Require(root.ValueKind == JsonValueKind.Object, "The policy is no object.");
        string version = "2008-10-17";
        IamStatement[]? statements = null;
        foreach (JsonProperty member in root.EnumerateObject())
        {
            switch (member.Name)
            {
                case "Version":
                    version = Text(member.Value);
                    Require(version is "2012-10-17" or "2008-10-17", "The policy's version is unknown.");
                    break;
                case "Id":
                    Text(member.Value);
                    break;
                case "Statement":
                    statements = member.Value.ValueKind == JsonValueKind.Array
                        ? [.. member.Value.EnumerateArray().Select(item => Statement(item, hasPrincipals))]
                        : [Statement(member.Value, hasPrincipals)];
                    break;
                default:
                    throw KmsErrorException.MalformedPolicy($"Unknown element {member.Name}.");
            }
        }

        return new(version == "2012-10-17", statements ?? throw KmsErrorException.MalformedPolicy("The policy has no statement."));
    }

    private static IamStatement Statement(JsonElement element, bool hasPrincipals)
    {
        Require(element.ValueKind == JsonValueKind.Object, "A statement is no object.");
        Dictionary<string, JsonElement> members = element.EnumerateObject().ToDictionary(member => member.Name, member => member.Value, StringComparer.Ordinal);
        string[] known = ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];
        Require(members.Keys.All(known.Contains), "A statement has an unknown element.");
        string effect = members.TryGetValue("Effect", out JsonElement value) ? Text(value) : "";
        Require(effect is "Allow" or "Deny", "A statement's effect is neither Allow nor Deny.");
        Require(!(members.ContainsKey("Principal") && members.ContainsKey("NotPrincipal")), "A statement has Principal and NotPrincipal.");
        bool except = members.ContainsKey("NotPrincipal");
        bool has = members.TryGetValue(except ? "NotPrincipal" : "Principal", out JsonElement principals);
        Require(has == hasPrincipals, hasPrincipals ? "A statement has no principal." : "A statement has a principal.");
        IamList actions = List(members, "Action") ?? throw KmsErrorException.MalformedPolicy("A statement has no action.");
        Require(actions.Values.All(action => action == "*" || action.IndexOf(':', StringComparison.Ordinal) > 0), "An action has no vendor prefix.");
        return new()
        {
            Sid = members.TryGetValue("Sid", out JsonElement sid) ? Text(sid) : "",
            Allow = effect == "Allow",
            Principals = has ? Principals(principals) : null,
            ExceptPrincipals = except,
            Actions = actions,
            // A key policy's statement may leave it out: it is about this key (KMS Developer Guide, "Key policy elements").
            Resources = List(members, "Resource") ?? (hasPrincipals ? new(["*"], false) : throw KmsErrorException.MalformedPolicy("A statement has no resource.")),
            Conditions = members.TryGetValue("Condition", out JsonElement conditions) ? [.. Conditions(conditions)] : [],
        };
    }

    private static (string Kind, string Value)[] Principals(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.String)
        {
            Require(element.GetString() == "*", "The principal is no object.");
            return [("AWS", "*")];
        }

        Require(element.ValueKind == JsonValueKind.Object, "The principal is no object.");
        List<(string Kind, string Value)> all = [];
        foreach (JsonProperty member in element.EnumerateObject())
        {
            Require(member.Name is "AWS" or "Service" or "Federated" or "CanonicalUser", "Unknown kind of principal.");
            all.AddRange(Texts(member.Value).Select(value => (member.Name, value)));
        }

        Require(all.Count > 0, "The principal is empty.");
        return [.. all];
    }

    private static IEnumerable<IamCondition> Conditions(JsonElement element)
    {
        Require(element.ValueKind == JsonValueKind.Object, "The condition is no object.");
        foreach (JsonProperty member in element.EnumerateObject())
        {
            string name = member.Name, quantifier = "";
            if (name.IndexOf(':', StringComparison.Ordinal) is int colon and >= 0)
            {
                (quantifier, name) = (name[..colon], name[(colon + 1)..]);
                Require(quantifier is "ForAllValues" or "ForAnyValue", "Unknown set operator.");
            }

            bool ifExists = name.EndsWith("IfExists", StringComparison.Ordinal);
            name = ifExists ? name[..^8] : name;
            Require(s_operators.Contains(name) && !(ifExists && name == "Null"), $"Unknown condition operator {member.Name}.");
            Require(member.Value.ValueKind == JsonValueKind.Object, "A condition operator is no object.");
            foreach (JsonProperty key in member.Value.EnumerateObject())
            {
                yield return new(quantifier, name, ifExists, key.Name, Texts(key.Value, scalars: true));
            }
        }
    }

    private static IamList? List(Dictionary<string, JsonElement> members, string name)
    {
        bool has = members.TryGetValue(name, out JsonElement value), hasNot = members.TryGetValue("Not" + name, out JsonElement not);
        Require(!(has && hasNot), $"A statement has {name} and Not{name}.");
        return has ? new(Texts(value), false) : hasNot ? new(Texts(not), true) : null;
    }

    private static string[] Texts(JsonElement element, bool scalars = false)
    {
        string[] all = element.ValueKind == JsonValueKind.Array ? [.. element.EnumerateArray().Select(item => Text(item, scalars))] : [Text(element, scalars)];
        Require(all.Length > 0, "An array is empty.");
        return all;
    }

    private static string Text(JsonElement element, bool scalars = false) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString()!,
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False when scalars => element.GetRawText(),
        _ => throw KmsErrorException.MalformedPolicy("Something else than a text stands where a text belongs."),
    };

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw KmsErrorException.MalformedPolicy(message);
        }
    }
}
