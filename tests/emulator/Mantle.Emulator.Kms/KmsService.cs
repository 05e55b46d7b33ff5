using System.Text.Json;
using System.Text.Json.Nodes;
using Mantle.Emulator.Kms.Iam;
using Mantle.Emulator.Kms.Keys;
using Mantle.Emulator.Kms.Operations;
using Mantle.Emulator.Kms.Recipient;

namespace Mantle.Emulator.Kms;

/// <summary>KMS of all regions and accounts: keys, aliases, and what each operation does with them (KMS API Reference).</summary>
public sealed partial class KmsService
{
    private const int MaximumDocument = 262_144;

    private readonly Lock _lock = new();
    private readonly KmsOptions _options;
    private readonly SortedDictionary<string, KmsKey> _keys = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> _aliases = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Func<KmsRequest, JsonObject>> _operations;

    internal KmsService(KmsOptions options)
    {
        _options = options;
        _operations = new(StringComparer.Ordinal)
        {
            ["CreateKey"] = CreateKey,
            ["DescribeKey"] = DescribeKey,
            ["ListKeys"] = ListKeys,
            ["EnableKey"] = request => SetState(request, "EnableKey", KeyState.Enabled),
            ["DisableKey"] = request => SetState(request, "DisableKey", KeyState.Disabled),
            ["ScheduleKeyDeletion"] = ScheduleKeyDeletion,
            ["CancelKeyDeletion"] = CancelKeyDeletion,
            ["ReplicateKey"] = ReplicateKey,
            ["EnableKeyRotation"] = EnableKeyRotation,
            ["DisableKeyRotation"] = DisableKeyRotation,
            ["GetKeyRotationStatus"] = GetKeyRotationStatus,
            ["TagResource"] = TagResource,
            ["UntagResource"] = UntagResource,
            ["ListResourceTags"] = ListResourceTags,
            ["GetKeyPolicy"] = GetKeyPolicy,
            ["PutKeyPolicy"] = PutKeyPolicy,
            ["ListKeyPolicies"] = ListKeyPolicies,
            ["CreateGrant"] = CreateGrant,
            ["ListGrants"] = ListGrants,
            ["RevokeGrant"] = RevokeGrant,
            ["CreateAlias"] = CreateAlias,
            ["UpdateAlias"] = UpdateAlias,
            ["DeleteAlias"] = DeleteAlias,
            ["ListAliases"] = ListAliases,
            ["Encrypt"] = Encrypt,
            ["Decrypt"] = Decrypt,
            ["ReEncrypt"] = ReEncrypt,
            ["GenerateDataKey"] = GenerateDataKey,
            ["GenerateDataKeyWithoutPlaintext"] = GenerateDataKeyWithoutPlaintext,
            ["GenerateDataKeyPair"] = GenerateDataKeyPair,
            ["GenerateDataKeyPairWithoutPlaintext"] = GenerateDataKeyPairWithoutPlaintext,
            ["DeriveSharedSecret"] = DeriveSharedSecret,
            ["GenerateRandom"] = GenerateRandom,
            ["Sign"] = Sign,
            ["Verify"] = Verify,
            ["GetPublicKey"] = GetPublicKey,
        };
    }

    /// <summary>Every key, of all regions.</summary>
    public IReadOnlyList<KmsKey> Keys
    {
        get
        {
            lock (_lock)
            {
                return [.. _keys.Values];
            }
        }
    }

    /// <summary>Alias ARN to key ARN.</summary>
    public IReadOnlyDictionary<string, string> Aliases
    {
        get
        {
            lock (_lock)
            {
                return new Dictionary<string, string>(_aliases);
            }
        }
    }

    /// <summary>Which IAM principals exist: a policy that names another one is refused. Null when all do.</summary>
    public Func<string, bool>? PrincipalExists { get; set; }

    /// <summary>How many reads of a policy still see the one before it was put.</summary>
    public int StalePolicyReads { get; set; }

    /// <summary>Most members of a page of a list; the caller may ask for fewer.</summary>
    public int PageSize { get; set; } = 100;

    /// <summary>A key that a test has made: material of its own, no call.</summary>
    public KmsKey Import(KeyMaterial material, string account, string region, string policy, string usage = "SIGN_VERIFY")
    {
        lock (_lock)
        {
            KmsKey key = new() { Id = Guid.NewGuid().ToString(), Account = account, Region = region, Material = material, Usage = usage, Created = _options.Time.GetUtcNow() };
            key.SetPolicy(policy);
            _keys.Add(key.Arn, key);
            return key;
        }
    }

    /// <summary>Does one operation.</summary>
    /// <param name="operation">For example <c>Decrypt</c>.</param>
    /// <param name="body">The request.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="region">The region of the endpoint that is asked.</param>
    /// <returns>The answer, and whether the request was attested.</returns>
    /// <exception cref="KmsErrorException">Every error of the operation.</exception>
    public (JsonObject Answer, bool IsAttested) Execute(string operation, JsonElement body, KmsCaller caller, string region)
    {
        Func<KmsRequest, JsonObject> run = _operations.GetValueOrDefault(operation) ?? throw new KmsErrorException("UnknownOperationException", "");
        lock (_lock)
        {
            KmsInput input = new(body);
            DateTimeOffset now = _options.Time.GetUtcNow();
            KmsRequest request = new() { Input = input, Caller = caller, Region = region, Now = now, Recipient = RecipientOf(operation, input, now) };
            return (run(request), request.Recipient is not null);
        }
    }

    private RecipientDocument? RecipientOf(string operation, KmsInput input, DateTimeOffset now)
    {
        if (operation is not ("Decrypt" or "GenerateDataKey" or "GenerateDataKeyPair" or "DeriveSharedSecret" or "GenerateRandom") || input.Object("Recipient") is not { } recipient)
        {
            return null;
        }

        return recipient.RequiredText("KeyEncryptionAlgorithm") == "RSAES_OAEP_SHA_256"
            ? RecipientDocument.Verify(recipient.RequiredBytes("AttestationDocument", MaximumDocument), _options.AttestationRoots, now)
            : throw KmsErrorException.Validation("1 validation error detected: Value at 'recipient.keyEncryptionAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [RSAES_OAEP_SHA_256]");
    }

    /// <summary>The key that a request names by identifier, ARN, alias or alias ARN.</summary>
    private KmsKey Find(KmsRequest request, string text)
    {
        string region = request.Region, account = request.Account, name = text;
        if (text.Split(':') is { Length: 6 } parts && text.StartsWith("arn:", StringComparison.Ordinal))
        {
            (region, account, name) = (parts[3], parts[4], parts[5].StartsWith("key/", StringComparison.Ordinal) ? parts[5][4..] : parts[5]);
        }

        string arn = $"arn:aws:kms:{region}:{account}:key/{name}";
        if (name.StartsWith("alias/", StringComparison.Ordinal))
        {
            string alias = $"arn:aws:kms:{region}:{account}:{name}";
            request.Alias = name;
            arn = _aliases.GetValueOrDefault(alias) ?? throw new KmsErrorException("NotFoundException", $"Alias {alias} is not found.");
        }

        return region == request.Region && _keys.TryGetValue(arn, out KmsKey? key) ? key
            : throw new KmsErrorException("NotFoundException", name.StartsWith("alias/", StringComparison.Ordinal) ? $"Alias {text} is not found." : $"Key '{arn}' does not exist");
    }

    private KmsKey Find(KmsRequest request) => Find(request, request.Input.RequiredText("KeyId"));

    /// <summary>The key of a request whose caller may do it.</summary>
    private KmsKey Authorized(KmsRequest request, string operation)
    {
        KmsKey key = Find(request);
        Authorize(request, key, operation);
        return key;
    }

    private void Authorize(KmsRequest request, KmsKey key, string operation)
    {
        IamVerdict verdict = Decide(request, key, operation, key.Policy);
        if (!verdict.IsAllowed)
        {
            throw Denied(request, operation, key.Arn, verdict);
        }
    }

    private IamVerdict Decide(KmsRequest request, KmsKey key, string operation, IamPolicy policy)
    {
        IEnumerable<string> aliases = _aliases.Where(alias => alias.Value == key.Arn).Select(alias => alias.Key.Split(':')[5]);
        IamRequest question = new(request.Caller.Principal, "kms:" + operation, key.Arn, request.ContextFor(key, aliases));
        return KeyAuthorization.Decide(policy, key.Account, [.. key.Grants], request.Caller.Attachments, question);
    }

    private static void AuthorizeWithoutKey(KmsRequest request, string operation)
    {
        IamRequest question = new(request.Caller.Principal, "kms:" + operation, "*", request.ContextFor(null, []));
        IamVerdict verdict = KeyAuthorization.DecideWithoutKey(request.Caller.Attachments, question);
        if (!verdict.IsAllowed)
        {
            throw Denied(request, operation, "*", verdict);
        }
    }

    private static KmsErrorException Denied(KmsRequest request, string operation, string resource, IamVerdict verdict) => new(
        "AccessDeniedException", $"User: {request.Caller.Principal.Arn} is not authorized to perform: kms:{operation} on resource: {resource} {verdict.Reason}");

    /// <summary>Key states of AWS KMS keys: what an operation needs.</summary>
    private static void RequireState(KmsKey key, bool isDisabledEnough = false)
    {
        switch (key.State)
        {
            case KeyState.PendingDeletion:
                throw new KmsErrorException("KMSInvalidStateException", $"{key.Arn} is pending deletion.");
            case KeyState.PendingImport:
                throw new KmsErrorException("KMSInvalidStateException", $"{key.Arn} is pending import.");
            case KeyState.Disabled when !isDisabledEnough:
                throw new KmsErrorException("DisabledException", $"{key.Arn} is disabled.");
            default:
                break;
        }
    }

    /// <summary>A page of a list, and the marker of the next one.</summary>
    private JsonObject Page(KmsRequest request, string name, IEnumerable<(string Marker, JsonObject Item)> all)
    {
        int limit = Math.Min(request.Input.Number("Limit", 1, 1000, PageSize), PageSize);
        string after = request.Input.Text("Marker") ?? "";
        (string Marker, JsonObject Item)[] rest = [.. all.Where(item => string.CompareOrdinal(item.Marker, after) > 0).Take(limit + 1)];
        JsonObject page = new()
        {
            [name] = new JsonArray([.. rest.Take(limit).Select(item => item.Item)]),
            ["Truncated"] = rest.Length > limit,
        };
        if (rest.Length > limit)
        {
            page["NextMarker"] = rest[limit - 1].Marker;
        }

        return page;
    }
}
