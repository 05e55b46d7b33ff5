using System.Globalization;
using System.Text.Json.Nodes;
using Mantle.Emulator.Kms.Keys;
using Mantle.Emulator.Kms.Operations;

namespace Mantle.Emulator.Kms;

/// <summary>A key's life.</summary>
public sealed partial class KmsService
{
    private JsonObject CreateKey(KmsRequest request)
    {
        KmsInput input = request.Input;
        string spec = input.Text("KeySpec") ?? input.Text("CustomerMasterKeySpec") ?? "SYMMETRIC_DEFAULT";
        string usage = input.Text("KeyUsage") ?? "ENCRYPT_DECRYPT", origin = input.Text("Origin") ?? "AWS_KMS";
        bool isMultiRegion = input.Flag("MultiRegion");
        request.Context["kms:KeySpec"] = [spec];
        request.Context["kms:KeyUsage"] = [usage];
        request.Context["kms:KeyOrigin"] = [origin];
        request.Context["kms:MultiRegion"] = [isMultiRegion ? "true" : "false"];
        request.Context["kms:BypassPolicyLockoutSafetyCheck"] = [input.Flag("BypassPolicyLockoutSafetyCheck") ? "true" : "false"];
        AuthorizeWithoutKey(request, "CreateKey");
        bool isCurve = spec.StartsWith("ECC", StringComparison.Ordinal);
        bool fits = usage switch
        {
            "ENCRYPT_DECRYPT" => !isCurve,
            "SIGN_VERIFY" => spec != "SYMMETRIC_DEFAULT",
            "KEY_AGREEMENT" => isCurve && spec != "ECC_NIST_EDWARDS25519",
            _ => false,
        };
        if (!fits)
        {
            throw KmsErrorException.Validation($"KeyUsage {usage} is not compatible with KeySpec {spec}");
        }

        string id = Guid.NewGuid().ToString();
        KmsKey key = new()
        {
            Id = isMultiRegion ? "mrk-" + id.Replace("-", "", StringComparison.Ordinal) : id,
            Account = request.Account,
            Region = request.Region,
            Material = KeyMaterial.Create(spec),
            Created = request.Now,
            Description = input.Text("Description") ?? "",
            Usage = usage,
            Origin = origin,
            IsMultiRegion = isMultiRegion,
            State = origin == "EXTERNAL" ? KeyState.PendingImport : KeyState.Enabled,
        };
        SetTags(request, key);
        string policy = input.Text("Policy") ?? DefaultPolicy(request.Account);
        CheckPolicy(request, key, policy);
        key.SetPolicy(policy);
        _keys.Add(key.Arn, key);
        return new() { ["KeyMetadata"] = Metadata(key) };
    }

    private static string DefaultPolicy(string account) =>
        $$"""{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::{{account}}:root"},"Action":"kms:*","Resource":"*"}]}""";

    private JsonObject DescribeKey(KmsRequest request) => new() { ["KeyMetadata"] = Metadata(Authorized(request, "DescribeKey")) };

    private JsonObject ListKeys(KmsRequest request)
    {
        AuthorizeWithoutKey(request, "ListKeys");
        return Page(request, "Keys", _keys.Values.Where(key => key.Account == request.Account && key.Region == request.Region)
            .Select(key => (key.Arn, new JsonObject { ["KeyId"] = key.Id, ["KeyArn"] = key.Arn })));
    }

    private JsonObject SetState(KmsRequest request, string operation, KeyState state)
    {
        KmsKey key = Authorized(request, operation);
        RequireState(key, isDisabledEnough: true);
        key.State = state;
        return [];
    }

    private JsonObject ScheduleKeyDeletion(KmsRequest request)
    {
        int days = request.Input.Number("PendingWindowInDays", 7, 30, 30);
        request.Context["kms:ScheduleKeyDeletionPendingWindowInDays"] = [days.ToString(CultureInfo.InvariantCulture)];
        KmsKey key = Authorized(request, "ScheduleKeyDeletion");
        if (key.State == KeyState.PendingDeletion)
        {
            RequireState(key);
        }

        key.State = KeyState.PendingDeletion;
        key.PendingWindowInDays = days;
        key.DeletionDate = request.Now.AddDays(days);
        return new() { ["KeyId"] = key.Arn, ["DeletionDate"] = Seconds(key.DeletionDate.Value), ["KeyState"] = "PendingDeletion", ["PendingWindowInDays"] = days };
    }

    private JsonObject CancelKeyDeletion(KmsRequest request)
    {
        KmsKey key = Authorized(request, "CancelKeyDeletion");
        if (key.State != KeyState.PendingDeletion)
        {
            throw new KmsErrorException("KMSInvalidStateException", $"{key.Arn} is not pending deletion.");
        }

        // The key is disabled afterwards (KMS API Reference, CancelKeyDeletion).
        key.State = KeyState.Disabled;
        key.DeletionDate = null;
        return new() { ["KeyId"] = key.Arn };
    }

    private JsonObject ReplicateKey(KmsRequest request)
    {
        KmsInput input = request.Input;
        string region = input.RequiredText("ReplicaRegion");
        request.Context["kms:ReplicaRegion"] = [region];
        KmsKey primary = Authorized(request, "ReplicateKey");
        RequireState(primary);
        if (!primary.IsMultiRegion || primary.PrimaryArn is not null)
        {
            throw new KmsErrorException("UnsupportedOperationException", $"{primary.Arn} is not a multi-Region primary key.");
        }

        KmsKey replica = new()
        {
            Id = primary.Id,
            Account = primary.Account,
            Region = region,
            Material = primary.Material,
            Created = request.Now,
            Description = input.Text("Description") ?? "",
            Usage = primary.Usage,
            Origin = primary.Origin,
            IsMultiRegion = true,
            PrimaryArn = primary.Arn,
        };
        SetTags(request, replica);
        string policy = input.Text("Policy") ?? DefaultPolicy(request.Account);
        CheckPolicy(request, replica, policy);
        replica.SetPolicy(policy);
        if (!_keys.TryAdd(replica.Arn, replica))
        {
            throw new KmsErrorException("AlreadyExistsException", $"{replica.Arn} already exists.");
        }

        return new() { ["ReplicaKeyMetadata"] = Metadata(replica), ["ReplicaPolicy"] = replica.PolicyText, ["ReplicaTags"] = Tags(replica) };
    }

    private JsonObject EnableKeyRotation(KmsRequest request)
    {
        int days = request.Input.Number("RotationPeriodInDays", 90, 2560, 365);
        if (request.Input.Number("RotationPeriodInDays") is not null)
        {
            request.Context["kms:RotationPeriodInDays"] = [days.ToString(CultureInfo.InvariantCulture)];
        }

        KmsKey key = Authorized(request, "EnableKeyRotation");
        RequireRotatable(key);
        RequireState(key);
        key.IsRotated = true;
        key.RotationPeriodInDays = days;
        return [];
    }

    private JsonObject DisableKeyRotation(KmsRequest request)
    {
        KmsKey key = Authorized(request, "DisableKeyRotation");
        RequireRotatable(key);
        RequireState(key);
        key.IsRotated = false;
        return [];
    }

    private JsonObject GetKeyRotationStatus(KmsRequest request)
    {
        KmsKey key = Authorized(request, "GetKeyRotationStatus");
        RequireRotatable(key);
        bool isRotated = key.IsRotated && key.State != KeyState.PendingDeletion;
        JsonObject answer = new() { ["KeyId"] = key.Arn, ["KeyRotationEnabled"] = isRotated };
        if (isRotated)
        {
            answer["RotationPeriodInDays"] = key.RotationPeriodInDays;
            answer["NextRotationDate"] = Seconds(key.Created.AddDays(key.RotationPeriodInDays));
        }

        return answer;
    }

    private static void RequireRotatable(KmsKey key)
    {
        if (!key.Material.IsSymmetric || key.Origin != "AWS_KMS")
        {
            throw new KmsErrorException("UnsupportedOperationException", "");
        }
    }

    private JsonObject Metadata(KmsKey key)
    {
        JsonObject metadata = new()
        {
            ["AWSAccountId"] = key.Account,
            ["Arn"] = key.Arn,
            ["CreationDate"] = Seconds(key.Created),
            ["CustomerMasterKeySpec"] = key.Material.Spec,
            ["Description"] = key.Description,
            ["Enabled"] = key.State == KeyState.Enabled,
            ["KeyId"] = key.Id,
            ["KeyManager"] = "CUSTOMER",
            ["KeySpec"] = key.Material.Spec,
            ["KeyState"] = key.State.ToString(),
            ["KeyUsage"] = key.Usage,
            ["MultiRegion"] = key.IsMultiRegion,
            ["Origin"] = key.Origin,
            [key.Usage == "SIGN_VERIFY" ? "SigningAlgorithms" : "EncryptionAlgorithms"] =
                Array(key.Usage == "SIGN_VERIFY" ? key.Material.SigningAlgorithms : key.Material.EncryptionAlgorithms),
        };
        if (key.DeletionDate is { } date)
        {
            metadata["DeletionDate"] = Seconds(date);
        }

        if (key.IsMultiRegion)
        {
            string primary = key.PrimaryArn ?? key.Arn;
            metadata["MultiRegionConfiguration"] = new JsonObject
            {
                ["MultiRegionKeyType"] = key.PrimaryArn is null ? "PRIMARY" : "REPLICA",
                ["PrimaryKey"] = Place(primary),
                ["ReplicaKeys"] = new JsonArray([.. _keys.Values.Where(other => other.PrimaryArn == primary).Select(other => Place(other.Arn))]),
            };
        }

        return metadata;
    }

    private static JsonObject Place(string arn) => new() { ["Arn"] = arn, ["Region"] = arn.Split(':')[3] };

    private static JsonArray Array(IEnumerable<string> texts) => [.. texts.Select(text => (JsonNode?)text)];

    /// <summary>A time as the protocol has it.</summary>
    private static double Seconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;
}
