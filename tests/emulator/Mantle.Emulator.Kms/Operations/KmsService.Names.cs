using System.Text.Json.Nodes;
using Mantle.Emulator.Kms.Keys;
using Mantle.Emulator.Kms.Operations;

namespace Mantle.Emulator.Kms;

/// <summary>Aliases and tags.</summary>
public sealed partial class KmsService
{
    private JsonObject CreateAlias(KmsRequest request)
    {
        (string name, string arn) = AliasOf(request);
        KmsKey key = Aliased(request, "CreateAlias");
        if (!_aliases.TryAdd(arn, key.Arn))
        {
            throw new KmsErrorException("AlreadyExistsException", $"An alias with the name {arn} already exists");
        }

        return [];
    }

    private JsonObject UpdateAlias(KmsRequest request)
    {
        (string name, string arn) = AliasOf(request);
        KmsKey old = _keys[_aliases.GetValueOrDefault(arn) ?? throw new KmsErrorException("NotFoundException", $"Alias {arn} is not found.")];
        KmsKey key = Aliased(request, "UpdateAlias");
        Authorize(request, old, "UpdateAlias");
        if (old.Material.IsSymmetric != key.Material.IsSymmetric || old.Usage != key.Usage)
        {
            throw KmsErrorException.Validation("The two keys differ in type or usage.");
        }

        _aliases[arn] = key.Arn;
        return [];
    }

    private JsonObject DeleteAlias(KmsRequest request)
    {
        (_, string arn) = AliasOf(request);
        if (!_aliases.TryGetValue(arn, out string? key))
        {
            throw new KmsErrorException("NotFoundException", $"Alias {arn} is not found.");
        }

        Authorize(request, _keys[key], "DeleteAlias");
        _aliases.Remove(arn);
        return [];
    }

    private JsonObject ListAliases(KmsRequest request)
    {
        AuthorizeWithoutKey(request, "ListAliases");
        string? key = request.Input.Text("KeyId") is { } text ? Find(request, text).Arn : null;
        string prefix = $"arn:aws:kms:{request.Region}:{request.Account}:alias/";
        return Page(request, "Aliases", _aliases.Where(alias => alias.Key.StartsWith(prefix, StringComparison.Ordinal) && (key is null || alias.Value == key)).Select(alias => (
            alias.Key,
            new JsonObject { ["AliasArn"] = alias.Key, ["AliasName"] = alias.Key.Split(':')[5], ["TargetKeyId"] = alias.Value[(alias.Value.IndexOf('/', StringComparison.Ordinal) + 1)..] })));
    }

    private static (string Name, string Arn) AliasOf(KmsRequest request)
    {
        string name = request.Input.RequiredText("AliasName");
        if (!name.StartsWith("alias/", StringComparison.Ordinal) || name.Length == 6 || name.StartsWith("alias/aws/", StringComparison.Ordinal)
            || !name[6..].All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '/' or '_' or '-'))
        {
            throw KmsErrorException.Validation("Alias must start with the prefix \"alias/\". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html");
        }

        return (name, $"arn:aws:kms:{request.Region}:{request.Account}:{name}");
    }

    private KmsKey Aliased(KmsRequest request, string operation)
    {
        KmsKey key = Find(request, request.Input.RequiredText("TargetKeyId"));
        Authorize(request, key, operation);
        RequireState(key, isDisabledEnough: true);
        return key;
    }

    private JsonObject TagResource(KmsRequest request)
    {
        foreach (KmsInput tag in request.Input.Objects("Tags"))
        {
            request.Context["aws:RequestTag/" + tag.RequiredText("TagKey")] = [tag.RequiredText("TagValue")];
        }

        request.Context["aws:TagKeys"] = [.. request.Input.Objects("Tags").Select(tag => tag.RequiredText("TagKey"))];
        KmsKey key = Authorized(request, "TagResource");
        RequireState(key, isDisabledEnough: true);
        SetTags(request, key);
        return [];
    }

    private JsonObject UntagResource(KmsRequest request)
    {
        request.Context["aws:TagKeys"] = [.. request.Input.Texts("TagKeys")];
        KmsKey key = Authorized(request, "UntagResource");
        RequireState(key, isDisabledEnough: true);
        foreach (string name in request.Input.Texts("TagKeys"))
        {
            key.Tags.Remove(name);
        }

        return [];
    }

    private JsonObject ListResourceTags(KmsRequest request) => new() { ["Tags"] = Tags(Authorized(request, "ListResourceTags")), ["Truncated"] = false };

    private static void SetTags(KmsRequest request, KmsKey key)
    {
        foreach (KmsInput tag in request.Input.Objects("Tags"))
        {
            key.Tags[tag.RequiredText("TagKey")] = tag.RequiredText("TagValue");
        }
    }

    private static JsonArray Tags(KmsKey key) => [.. key.Tags.Select(tag => new JsonObject { ["TagKey"] = tag.Key, ["TagValue"] = tag.Value })];
}
